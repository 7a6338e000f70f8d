"""The review in a browser: by keyboard, with an input method, over a reload, and without leaving the machine."""

from __future__ import annotations

import random
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_storage import after_reload

from minent.corpus.sources import Corpus
from minent.decisions import load_decisions
from minent.lexicon import Lexicon
from minent.review import Contexts, DecisionFile, Review, make_app

pytest.importorskip("jinja2")
pytest.importorskip("starlette")
uvicorn = pytest.importorskip("uvicorn")
sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("needs Chromium", allow_module_level=True)

TOKEN = "a-token-of-the-test"
LARGE = 100_000
HOSTILE = (
    "</script><script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "<!--<script>",
    "javascript:document.title='broken'",
    "{{ 7 * 7 }}",
)
COUNTS = {"的主要": 90, "苹果": 80, "主要": 70, "共和国": 60, "原因": 50, "的": 40, "字节跳": 30}
TEXT = "苹果的主要原因是什么呢？\n共和国的苹果，字节跳动。\n"


TEXTS_ARE = (
    "([place, texts]) => [...document.querySelectorAll(place)].map((e) => e.textContent).join() === texts.join()"
)
PRESS = "(init) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'y', bubbles: true, ...init}))"
ATTEMPTS = """async (address) => {
  const json = {'Content-Type': 'application/json', 'X-Minent-Review': '1'}, text = {'Content-Type': 'text/plain'};
  const tried = [];
  for (const options of [{}, {method: 'POST', headers: text}, {method: 'POST', headers: json}]) {
    if (options.method) options.body = '{"id": 0, "decision": "drop"}';
    try { tried.push((await fetch(address + 'api/decide', options)).status); } catch (error) { tried.push(error.name); }
  }
  const frame = document.createElement('iframe');
  frame.src = address;
  document.body.append(frame);
  await new Promise((done) => setTimeout(done, 300));
  return tried;
}"""


class Served:
    """A review that is served, with a page that is watched."""

    def __init__(self, browser: Any, review: Review, **options: Any) -> None:
        self.review = review
        listener = socket.create_server(("127.0.0.1", 0))
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        about = {
            "title": HOSTILE[0],
            "lexicon": HOSTILE[1],
            "decisions": "decisions.tsv",
            "by": HOSTILE[1],
            "text": HOSTILE[0],
        }
        config = uvicorn.Config(make_app(review, TOKEN, (host,), about), log_config=None, lifespan="off", ws="none")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, daemon=True)
        self.thread.start()
        self.address = f"http://{host}/{TOKEN}/"
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(self.address)
        self.page.wait_for_selector("#rows tr[aria-selected=true]")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def word(self) -> str:
        return str(self.page.locator("#word").inner_text())

    def words(self) -> list[str]:
        return list(self.page.locator("#rows td.text").all_text_contents())

    def until(self, condition: str, value: Any = None) -> None:
        self.page.wait_for_function(condition, arg=value, polling=10, timeout=10_000)

    def until_word(self, word: str) -> None:
        self.until("(word) => document.querySelector('#word').textContent === word", word)

    def until_words(self, *words: str) -> None:
        self.until(TEXTS_ARE, ["#rows td.text", list(words)])

    def until_cut(self, *words: str) -> None:
        self.until(TEXTS_ARE, ["#cuts div:first-child span", list(words)])

    def until_progress(self, text: str) -> None:
        self.until("(text) => document.querySelector('#progress').value.startsWith(text)", text)

    def until_replacement(self, text: str) -> None:
        self.until(
            "(text) => [document.activeElement.id, document.activeElement.value].join() === 'replacement,' + text", text
        )

    def close(self) -> None:
        self.context.close()
        self.server.should_exit = True
        self.thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def review_of(folder: Path, counts: dict[str, int], text: str = TEXT) -> Review:
    file = DecisionFile(str(folder / "decisions.tsv"))
    return Review(Lexicon.from_counts(counts), file, by="Ann", contexts=Contexts(Corpus.from_texts([text])))


@pytest.fixture
def served(browser: Any, tmp_path: Path) -> Iterator[Served]:
    found = Served(browser, review_of(tmp_path, COUNTS))
    yield found
    found.close()
    assert found.complaints == []
    assert all(address.startswith(found.address) for address in found.requests)


def test_words_are_judged_by_keyboard_and_each_decision_is_saved(served: Served, tmp_path: Path) -> None:
    assert served.words() == ["的主要", "苹果", "主要", "共和国", "原因", "字节跳", "的"]
    served.press("j")
    served.until_word("苹果")
    served.press("y")
    served.until_word("主要")
    served.press("ArrowDown", "n")
    served.until_word("原因")
    served.press("k", "k", "k", "ArrowUp")
    served.until_word("的主要")
    served.press("f")
    served.until_replacement("的 主要")
    served.press("Enter")
    served.until_word("苹果")
    saved = load_decisions(tmp_path / "decisions.tsv")
    assert {word: (one.kind, one.replacement) for word, one in saved.items()} == {
        "苹果": ("keep", ()),
        "共和国": ("drop", ()),
        "的主要": ("fix", ("的", "主要")),
    }
    served.press("u")
    served.until_word("的主要")
    served.until_progress("2 of 7")
    assert "的主要" not in load_decisions(tmp_path / "decisions.tsv")
    served.press("j", "c")
    served.until_progress("1 of 7")
    assert set(load_decisions(tmp_path / "decisions.tsv")) == {"共和国"}


def test_keys_pressed_faster_than_the_server_answers_are_obeyed_in_order(served: Served, tmp_path: Path) -> None:
    served.press(*"ynynuy")
    served.until_progress("4 of 7 decided: 3 kept, 1 dropped")
    saved = load_decisions(tmp_path / "decisions.tsv")
    kinds = {"的主要": "keep", "苹果": "drop", "主要": "keep", "共和国": "keep"}
    assert {word: one.kind for word, one in saved.items()} == kinds
    served.until_word("原因")


def test_a_page_loaded_again_in_the_middle_goes_on_where_it_was(served: Served, tmp_path: Path) -> None:
    served.page.locator("#status").select_option("all")
    served.page.locator("#sort").select_option("word")
    served.until_words(*sorted(COUNTS))
    served.press("/")
    served.page.keyboard.type("的")
    served.until_words("的", "的主要")
    served.press("Enter", "n")
    served.until_word("的主要")
    served.page.reload()
    served.until_word("的主要")
    assert served.words() == ["的", "的主要"] and served.page.locator("#search").input_value() == "的"
    assert served.page.locator("#rows tr").first.inner_text().split() == ["的", "40", "dropped"]
    served.until_progress("1 of 7 decided: 1 dropped")
    served.press("y")
    served.until_progress("2 of 7 decided: 1 kept, 1 dropped")
    assert len(load_decisions(tmp_path / "decisions.tsv")) == 2


def test_a_sentence_is_cut_as_the_lexicon_changes(served: Served) -> None:
    served.until_cut("苹果", "的主要", "原因", "是", "什", "么", "呢", "？")  # a context of the word
    served.press("t")
    served.page.keyboard.insert_text("苹果的主要原因")
    served.until_cut("苹果", "的主要", "原因")
    served.press("Escape", "n")
    served.until_cut("苹果", "的", "主要", "原因")
    before = served.page.locator("#cuts dd").nth(1).locator("span").all_text_contents()
    assert before == ["苹果", "的主要", "原因"]
    served.press("u")
    served.until_cut("苹果", "的主要", "原因")
    assert served.page.locator("#cuts dt").count() == 1


def test_a_longer_word_can_be_put_in_the_place_of_a_piece(served: Served, tmp_path: Path) -> None:
    served.press("/")
    served.page.keyboard.insert_text("字节跳动")
    served.until_words("字节跳动")  # it is no word yet, and is offered
    assert "not in the lexicon" in served.page.locator("#rows").inner_text()
    served.page.locator("#search").fill("字节")
    served.until_words("字节", "字节跳")
    served.press("Enter")
    served.until_word("字节跳")
    served.press("f")
    served.until("() => document.activeElement.id === 'replacement'")
    served.page.locator("#replacement").fill("字节跳动")
    served.press("Enter")
    served.until("() => document.querySelector('#progress').value.includes('1 fixed')")
    assert load_decisions(tmp_path / "decisions.tsv").kept() == {"字节跳动"}
    served.page.locator("#sentence").fill("字节跳动")
    served.until_cut("字节跳动")


def test_an_input_method_at_work_is_left_alone(served: Served, tmp_path: Path) -> None:
    session = served.context.new_cdp_session(served.page)
    served.press("/")
    session.send("Input.imeSetComposition", {"text": "y", "selectionStart": 1, "selectionEnd": 1})
    session.send("Input.imeSetComposition", {"text": "yuanyin", "selectionStart": 7, "selectionEnd": 7})
    served.page.wait_for_timeout(200)
    assert len(served.words()) == 7  # letters of a syllable search for nothing
    session.send("Input.insertText", {"text": "原因"})
    served.until_words("原因")
    for options in ({"isComposing": True}, {"keyCode": 229}, {"ctrlKey": True}, {"metaKey": True}):
        served.page.evaluate(PRESS, options)
    served.page.wait_for_timeout(200)
    assert not (tmp_path / "decisions.tsv").exists()
    served.press("Escape")
    served.page.evaluate(PRESS, {"key": "？"})  # as a Chinese keyboard has it
    assert served.page.locator("#keys").is_visible()
    served.press("y")
    served.press("Escape")
    assert not served.page.locator("#keys").is_visible() and not (tmp_path / "decisions.tsv").exists()


def test_search_filters_and_orders(served: Served) -> None:
    served.page.locator("[data-sort=count] button").click()
    served.until_words("的主要", "苹果", "主要", "共和国", "原因", "的", "字节跳")
    assert served.page.locator("[data-sort=count]").get_attribute("aria-sort") == "descending"
    served.page.locator("[data-sort=count] button").click()
    served.until_words("字节跳", "的", "原因", "共和国", "主要", "苹果", "的主要")
    assert served.page.locator("[data-sort=count]").get_attribute("aria-sort") == "ascending"
    served.page.locator("#length").select_option("3")
    served.until_words("字节跳", "共和国", "的主要")
    served.page.locator("#search").fill("*国")
    served.until_words("共和国")
    served.page.locator("#search").fill("没*有")
    served.until("() => document.querySelector('#place').value === 'Nothing found'")
    assert served.page.locator("#nothing").is_visible()


def test_what_was_not_saved_is_told_and_not_shown_as_decided(browser: Any, tmp_path: Path) -> None:
    served = Served(browser, review_of(tmp_path, COUNTS))
    (tmp_path / "decisions.tsv").write_text("somebody's notes\n", encoding="utf-8")
    served.press("y")
    served.page.wait_for_selector("#problem:visible")
    assert "decisions.tsv:1: no decisions" in served.page.locator("#problem").inner_text()
    assert served.word() == "的主要" and served.page.locator("#rows .badge").count() == 0
    (tmp_path / "decisions.tsv").unlink()
    served.press("y")
    served.until_word("苹果")
    assert not served.page.locator("#problem").is_visible()
    served.server.should_exit = True
    served.thread.join(10)
    served.press("y")
    served.page.wait_for_selector("#problem:visible")
    assert "does not answer" in served.page.locator("#problem").inner_text()
    assert set(load_decisions(tmp_path / "decisions.tsv")) == {"的主要"}
    served.close()


def test_nothing_in_a_text_runs(browser: Any, tmp_path: Path) -> None:
    counts = {**COUNTS, **dict.fromkeys(HOSTILE, 200)}
    served = Served(browser, review_of(tmp_path, counts, "".join(f"苹果{text}的主要\n" for text in HOSTILE)))
    for _ in HOSTILE:
        word = served.word()
        served.until("(word) => document.querySelector('#contexts').textContent.includes(word.slice(0, 9))", word)
        served.until("() => document.querySelectorAll('#cuts span').length > 1")
        served.press("f")
        served.until("() => document.activeElement.id === 'replacement'")
        served.page.locator("#replacement").fill("a " + HOSTILE[1].replace(" ", "/"))
        served.press("Enter")
        served.until("(word) => document.querySelector('#word').textContent !== word", word)
    assert served.page.title() != "broken" and served.complaints == []
    assert served.page.locator("script").count() == 1 and served.page.locator("img").count() == 0
    assert all(address.startswith(served.address) for address in served.requests)
    served.page.evaluate(
        """() => {
          for (const made of ['script', 'img']) {
            const element = document.createElement(made);
            try { element.src = 'http://127.0.0.1:9/x'; } catch { }
            document.body.append(element);
          }
          try { document.body.insertAdjacentHTML('beforeend', '<b id="injected"></b>'); } catch { }
          fetch('http://127.0.0.1:9/').catch(() => {});
        }"""
    )
    served.page.wait_for_timeout(200)
    assert len([text for text in served.complaints if "Content Security Policy" in text or "TrustedHTML" in text]) >= 3
    assert served.page.locator("#injected").count() == 0
    served.close()


def test_another_page_can_neither_read_nor_decide(browser: Any, tmp_path: Path) -> None:
    served = Served(browser, review_of(tmp_path, COUNTS))
    page = served.context.new_page()
    page.route("http://evil.example/", lambda route: route.fulfill(body="<p>hi</p>", content_type="text/html"))
    page.goto("http://evil.example/")
    outcome = page.evaluate(ATTEMPTS, served.address)
    assert outcome == ["TypeError"] * 3
    assert all(frame.locator("#word").count() == 0 for frame in page.frames)
    assert served.review.state()["totals"]["drop"] == 0 and not (tmp_path / "decisions.tsv").exists()
    served.close()


def test_every_control_has_a_name_and_is_reached_by_tab(served: Served) -> None:
    served.until("() => document.querySelectorAll('#contexts button').length > 0")
    reached = set()
    for _ in range(60):
        served.press("Tab")
        reached.add(served.page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    controls = served.page.locator("button:enabled:visible, input:visible, select:visible, textarea:visible")
    markup = "(all) => all.filter((e) => e.tabIndex >= 0).map((e) => e.outerHTML.slice(0, 120))"
    assert [text for text in controls.evaluate_all(markup) if text not in reached] == []
    names = controls.evaluate_all("(all) => all.map((e) => e.ariaLabel || e.labels?.[0]?.textContent || e.textContent)")
    assert all(name.strip() for name in names)


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_a_narrow_page_does_not_scroll_sideways(browser: Any, tmp_path: Path, width: int) -> None:
    counts = {**COUNTS, "很长" * 60: 300}
    served = Served(browser, review_of(tmp_path, counts, TEXT + "很长" * 60), viewport={"width": width, "height": 800})
    served.until("() => document.querySelectorAll('#contexts button').length > 0")
    assert served.page.evaluate("document.documentElement.scrollWidth") <= width
    served.press("f")
    served.page.wait_for_timeout(100)
    assert served.page.evaluate("document.documentElement.scrollWidth") <= width
    served.close()


def test_colours_follow_the_system_and_the_switch(browser: Any, tmp_path: Path) -> None:
    shown = {}
    for scheme in ("light", "dark"):
        served = Served(browser, review_of(tmp_path, COUNTS), color_scheme=scheme)
        background = "getComputedStyle(document.body).backgroundColor"
        shown[scheme] = served.page.evaluate(background)
        served.page.locator("#theme").select_option("dark" if scheme == "light" else "light")
        switched = shown[f"{scheme} switched"] = served.page.evaluate(background)
        assert after_reload(served.page, background, switched) == switched  # it remembers
        served.close()
    assert shown["light"] == shown["dark switched"] != shown["dark"] == shown["light switched"]


def test_a_list_of_100000_words_is_walked_to_where_python_has_them(browser: Any, tmp_path: Path) -> None:
    draw = random.Random(0)
    han = [chr(point) for point in range(0x4E00, 0x5600)]
    found: set[str] = set()
    while len(found) < LARGE:
        found.add("".join(draw.choices(han, k=draw.randint(2, 4))))
    counts = {word: draw.randint(1, 10**6) for word in sorted(found)}
    served = Served(browser, review_of(tmp_path, counts, "".join(list(counts)[:5000])))
    served.page.locator("#sort").select_option("count")
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    served.until_word(ordered[0])
    served.press(*["PageDown"] * 15)
    served.until_word(ordered[150])
    assert served.words()[:150] == ordered[:150]
    served.press("y")
    served.until_word(ordered[151])
    served.page.locator("#search").fill("中*")
    matching = [word for word in ordered if word.startswith("中")]
    served.until_word(matching[0])
    assert served.page.locator("#place").inner_text() == f"1 of {len(matching):,}"
    served.page.locator("#sort").select_option("word")
    served.until_word(min(matching))
    assert served.complaints == []
    served.close()
