"""How long does `minent report` take, and how fast does its page answer with a lexicon of 100,000 words?

The page is that of the statutes with the 100,000 most frequent words of jieba's dictionary, in headless Chromium: an
action is timed from the event to the end of the frame that shows its outcome. Needs the extra `report`, playwright and
Chromium.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from measure import MINENT, median, report, run_process, table
from playwright.sync_api import Page, sync_playwright

import data
from minent.lexicon import load_lexicon

WORDS = 100_000
RUNS = 5

TIMED = """async (action) => {
  const start = performance.now();
  new Function(action)();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""
ROOT = "const root = document.querySelector('[data-table=words]'); "
TYPE = ROOT + "const box = root.querySelector('input'); box.value = '%s'; box.dispatchEvent(new Event('input'))"
SORT = ROOT + "root.querySelectorAll('th button')[%d].click()"
CHOOSE = ROOT + "const s = root.querySelector('%s'); s.value = '%s'; s.dispatchEvent(new Event('change'))"
THEME = "const s = document.querySelector('#theme'); s.value = '%s'; s.dispatchEvent(new Event('change'))"
ACTIONS = {  # in this order; each finds the table as the one before has left it
    "search 中": TYPE % "中",
    "search *中?": TYPE % "*中?",
    "empty search": TYPE % "",
    "sort by count": SORT % 1,
    "sort by saving": SORT % 2,
    "sort by PMI": SORT % 3,
    "sort by word": SORT % 0,
    "again, the other way": SORT % 0,
    "filter by length": CHOOSE % (".tools select", "1"),
    "no filter": CHOOSE % (".tools select", ""),
    "100 rows": CHOOSE % (".pages select", "100"),
    "next page": ROOT + "root.querySelectorAll('.pages button')[1].click()",
    "25 rows": CHOOSE % (".pages select", "25"),
    "dark": THEME % "dark",
    "light": THEME % "light",
}


def times_of(page: Page, path: Path) -> dict[str, float]:
    """Milliseconds of each action on a page that was just opened, and until it shows its first rows."""
    page.goto(path.as_uri())
    page.wait_for_selector("#words tbody tr")
    opened = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    return {"open": opened, **{name: page.evaluate(TIMED, action) for name, action in ACTIONS.items()}}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, words = data.text("laws.txt"), data.text("jieba_dict.txt")
        lexicon = load_lexicon(words)
        lexicon.filter([k < WORDS for k in range(len(lexicon))]).save(folder / "lexicon.tsv")
        path = folder / "report.html"
        command = [*MINENT, "report", str(text), "-l", str(folder / "lexicon.tsv"), "-o", str(path), "-q"]
        run_process(command)
        run = run_process(command)
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox"])
            found = [times_of(browser.new_page(), path) for _ in range(RUNS)]
            version = browser.version
            browser.close()
        size = path.stat().st_size / 1e6
    times = {action: [one[action] for one in found] for action in found[0]}
    rows = [[action, f"{median(ms):.0f}", f"{max(ms):.0f}"] for action, ms in times.items()]
    print(rows, file=sys.stderr)
    body = (
        f"`minent report` on {text.name} (58 MB), {WORDS:,} words: {run.seconds:.1f} s, {run.cpu:.1f} s of processor, "
    )
    body += f"{run.peak_mb:.0f} MB of memory; the page has {size:.1f} MB.\n\n"
    body += f"In Chromium {version}, {RUNS} times, milliseconds until the next frame:\n\n"
    body += table(["action", "median", "most"], rows)
    figures = {"seconds": run.seconds, "cpu": run.cpu, "peak_mb": run.peak_mb, "page_mb": size, "times": times}
    report("report", "The report", body, figures)


if __name__ == "__main__":
    main()
