"""How fast does the page of `minent review` answer with a lexicon of 100,000 words and a text of 58 MB?

The 100,000 most frequent words of jieba's dictionary and the statutes, in headless Chromium: an action is timed from
the event to the end of the frame that shows its outcome, with the request to the server, the saving of a decision and
the 50 ms that the page waits for more typing in it. Needs the extra `web`, playwright and Chromium.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import MINENT, median, report, table
from playwright.sync_api import Page, sync_playwright

import data
from minent.lexicon import load_lexicon

WORDS = 100_000
RUNS = 5
SENTENCE = "国务院有关主管部门应当依照本法规定履行职责，并接受社会监督。"

TIMED = """async ([act, argument, watched]) => {
  const key = () => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: argument, bubbles: true}));
  const set = (kind) => {
    const field = document.querySelector(argument[0]);
    field.value = argument[1];
    field.dispatchEvent(new Event(kind));
  };
  const acts = {key, input: () => set('input'), change: () => set('change'),
    click: () => document.querySelector(argument).click()};
  const found = () => { const shown = document.querySelector(watched); return shown?.value ?? shown?.textContent; };
  const before = found(), start = performance.now();
  acts[act]();
  while (found() === before || !found()) await new Promise((done) => setTimeout(done, 1));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""
WORD, PLACE, FIRST, CUT = "#word", "#place", "#rows tr", "#cuts"
ACTIONS = {  # in this order; each finds the page as the one before has left it: what, with what, where it shows
    "next word (j)": ("key", "j", WORD),
    "its contexts": ("key", "j", "#contexts"),
    "keep (y)": ("key", "y", WORD),
    "drop (n)": ("key", "n", WORD),
    "undo (u)": ("key", "u", WORD),
    "undo again (u)": ("key", "u", WORD),
    "search 中": ("input", ["#search", "中"], PLACE),
    "search *中?": ("input", ["#search", "*中?"], PLACE),
    "empty search": ("input", ["#search", ""], PLACE),
    "sort by word": ("click", "[data-sort=word] button", FIRST),
    "sort by count": ("click", "[data-sort=count] button", FIRST),
    "the other way": ("click", "[data-sort=count] button", FIRST),
    "only two characters": ("change", ["#length", "2"], PLACE),
    "any length": ("change", ["#length", ""], PLACE),
    "a sentence of 30 characters": ("input", ["#sentence", SENTENCE], CUT),
    "a text of 400 characters": ("input", ["#sentence", (SENTENCE * 14)[:400]], CUT),
}


def times_of(page: Page, address: str) -> dict[str, float]:
    """Milliseconds of each action on a page that was just opened, and until it shows its first word."""
    page.goto(address)
    page.wait_for_selector("#rows tr[aria-selected=true]")
    opened = page.evaluate("performance.now()")
    page.wait_for_timeout(500)
    found = {"open": opened}
    for name, (act, argument, watched) in ACTIONS.items():
        found[name] = page.evaluate(TIMED, [act, argument, watched])
        page.wait_for_timeout(300)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lexicon = load_lexicon(data.text("jieba_dict.txt"))
        lexicon.filter([k < WORDS for k in range(len(lexicon))]).save(folder / "lexicon.tsv")
        text = data.text("laws.txt")
        began = time.perf_counter()
        command = [*MINENT, "review", "lexicon.tsv", str(text), "--no-browser", "-q"]
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        seconds = time.perf_counter() - began
        try:
            with sync_playwright() as playwright:
                arguments = ["--headless", "--no-sandbox"]
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
                found = [times_of(browser.new_page(), address) for _ in range(RUNS)]
                version = browser.version
                browser.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()
    times = {action: [one[action] for one in found] for action in found[0]}
    rows = [[action, f"{median(ms):.0f}", f"{max(ms):.0f}"] for action, ms in times.items()]
    print(rows, file=sys.stderr)
    body = f"{WORDS:,} words, {text.name} (58 MB); the server answers after {seconds:.1f} s. In Chromium {version}, "
    body += f"{RUNS} times, milliseconds until the next frame:\n\n"
    report("review", "The review", body + table(["action", "median", "most"], rows), {"start": seconds, "times": times})


if __name__ == "__main__":
    main()
