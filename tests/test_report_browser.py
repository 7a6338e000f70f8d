"""The report in a browser: it searches, sorts and turns pages, needs no network, and runs no script but its own."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_storage import after_reload

from minent.corpus.sources import Corpus
from minent.lexicon import Lexicon
from minent.report import collect, render
from minent.report.words import WordTable
from minent.templates import Filler, MinedTemplate, Template, TemplateSet

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("needs Chromium", allow_module_level=True)

WORDS = 100_000
HOSTILE = (
    "</script><script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "<!--<script>",
    "a\u2028b\u2029c",
    "javascript:document.title='broken'",
    "{{ 7 * 7 }}{% raw %}",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


class Watched:
    """A page, with what it asked for and what it complained of."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#words tbody tr")

    def words(self, table: str = "words") -> list[str]:
        return list(self.page.locator(f"[data-table={table}] tbody th").all_text_contents())

    def place(self, table: str = "words") -> str:
        return str(self.page.locator(f"[data-table={table}] output").text_content())


def report(**changes: Any) -> str:
    counts = {"苹果": 8, "颜色": 4, "的": 16, "味道": 8, "葡萄": 4, "今天": 4, "天气": 4, "真好": 8}
    text = "苹果的颜色是什么呢？\n葡萄的味道真好，苹果的味道也好。\n今天的天气真好，我们去公园。\n" * 4
    words = {**counts, **dict.fromkeys(HOSTILE, 3)}
    templates = [MinedTemplate(Template((None, "的", word)), 9, ((Filler((word,), 2),),)) for word in HOSTILE]
    templates.append(
        MinedTemplate(Template.parse("从 [X] 到 [X]"), 20, ((Filler(("北京",), 7),), (Filler(("上海",), 5),)))
    )
    head = dict(zip(HOSTILE, HOSTILE, strict=True))
    return render(
        collect(
            Corpus.from_texts([text + "".join(HOSTILE)]),
            Lexicon.from_counts(words, head),
            templates=TemplateSet(templates, head),
            versus=Corpus.from_texts(["国家的经济" * 60, *HOSTILE]),
            known={HOSTILE[0]: {"苹果"}},
            **changes,
        )
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "small.html"
    path.write_text(report(), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Any, small: Path) -> Iterator[Watched]:
    watched = Watched(browser, small)
    yield watched
    watched.page.close()


def test_nothing_in_a_text_runs_and_nothing_leaves_the_machine(page: Watched, small: Path) -> None:
    assert page.page.title() != "broken"
    assert page.requests == [small.as_uri()]
    assert page.complaints == []
    assert page.page.locator("script").count() == 2 and page.page.locator("img").count() == 0
    shown = page.page.locator("[data-table=words]").inner_text()
    assert all(text.split("\u2028")[0] in shown for text in HOSTILE)
    assert "{{ 7 * 7 }}" in page.page.locator("#run").inner_text()


def test_the_policy_stops_what_an_injected_element_would_do(page: Watched, small: Path) -> None:
    page.page.evaluate(
        """() => {
          document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:9/x.png">');
          const script = document.createElement('script');
          script.textContent = "document.title = 'broken'";
          document.body.append(script);
          fetch('http://127.0.0.1:9/').catch(() => {});
        }"""
    )
    page.page.wait_for_timeout(200)
    assert page.page.title() != "broken"
    assert len([text for text in page.complaints if "Content Security Policy" in text]) >= 3


def test_search_filters_and_wildcards(page: Watched) -> None:
    search = page.page.locator("[data-table=words] input")
    search.fill("果")
    assert page.words() == ["苹果"]
    search.fill("*天*")
    assert sorted(page.words()) == ["今天", "天气"]
    search.fill("?天")
    assert page.words() == ["今天"]
    search.fill("没有")
    assert page.words() == [] and page.place() == "Nothing found"
    search.fill("")
    page.page.locator("[data-table=words] select").nth(0).select_option(label="1 character")
    assert "的" in page.words() and "苹果" not in page.words()
    page.page.locator("[data-table=words] select").nth(2).select_option(label="new")
    assert "的" not in page.words()


def test_columns_sort_both_ways_and_say_so(page: Watched) -> None:
    heads = page.page.locator("[data-table=words] thead th")
    count = heads.nth(1)
    count.locator("button").click()
    assert count.get_attribute("aria-sort") == "descending"
    assert page.words()[0] == "的"
    count.locator("button").press("Enter")  # by keyboard
    assert count.get_attribute("aria-sort") == "ascending"
    numbers = page.page.locator("[data-table=words] tbody td:nth-child(2)").all_text_contents()
    assert [int(number) for number in numbers] == sorted(int(number) for number in numbers)
    heads.nth(0).locator("button").click()
    assert page.words() == sorted(page.words()) and count.get_attribute("aria-sort") is None


def test_templates_are_searched_with_their_fillers(page: Watched) -> None:
    page.page.locator("[data-table=templates] input").fill("上海")
    row = page.page.locator("[data-table=templates] tbody tr")
    assert row.count() == 1
    assert row.locator("th").inner_text() == "从 ① 到 ②"
    assert row.locator("td.fillers").inner_text() == "①北京 7\n②上海 5"


def test_rows_are_saved_as_a_table(page: Watched) -> None:
    page.page.locator("[data-table=words] input").fill("苹果")
    with page.page.expect_download() as found:
        page.page.locator("[data-table=words] button", has_text="Save rows").click()
    lines = Path(found.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].split("\t")[:2] == ["Word", "Count"] and len(lines) == 2
    assert lines[1].split("\t")[:2] == ["苹果", "8"] and lines[1].split("\t")[3] == "苹 · 果"


def test_colours_follow_the_system_and_the_switch(browser: Any, small: Path) -> None:
    backgrounds = {}
    for scheme in ("light", "dark"):
        watched = Watched(browser, small, color_scheme=scheme)
        background = "getComputedStyle(document.body).backgroundColor"
        backgrounds[scheme] = watched.page.evaluate(background)
        watched.page.locator("#theme").select_option("dark" if scheme == "light" else "light")
        switched = backgrounds[f"{scheme} switched"] = watched.page.evaluate(background)
        assert after_reload(watched.page, background, switched) == switched  # it remembers
        watched.page.emulate_media(media="print")
        assert watched.page.evaluate(background) == "rgb(255, 255, 255)"
        watched.page.close()
    assert backgrounds["light"] == backgrounds["dark switched"] != backgrounds["dark"] == backgrounds["light switched"]


def test_every_control_is_reached_by_tab_and_has_a_name(page: Watched) -> None:
    reached = set()
    for _ in range(200):
        page.page.keyboard.press("Tab")
        reached.add(page.page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    controls = page.page.locator("button:enabled, input, select")
    missing = [
        text
        for text in controls.evaluate_all("(all) => all.map((e) => e.outerHTML.slice(0, 200))")
        if text not in reached
    ]
    assert missing == []
    names = controls.evaluate_all("(all) => all.map((e) => e.ariaLabel || e.labels?.[0]?.textContent || e.textContent)")
    assert all(names)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_narrow_page_does_not_scroll_sideways(browser: Any, small: Path, width: int) -> None:
    watched = Watched(browser, small, viewport={"width": width, "height": 800})
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    watched.page.close()


@dataclass(frozen=True)
class Large:
    """A report with a lexicon of 100,000 words, and what is in it."""

    path: Path
    words: WordTable


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Large:
    draw = random.Random(0)
    han = [chr(point) for point in range(0x4E00, 0x5600)]
    found: set[str] = set()
    while len(found) < WORDS:
        found.add("".join(draw.choices(han, k=draw.randint(2, 4))))
    words = sorted(found, key=lambda word: hashlib.sha256(word.encode()).digest())
    numbers = np.random.default_rng(0)
    saved = numbers.normal(100, 500, WORDS).round(1)
    saved[numbers.integers(0, WORDS, 99)] = np.nan
    table = WordTable(
        words,
        np.array([len(word) for word in words], dtype=np.int64),
        numbers.zipf(1.5, WORDS).clip(0, 10**6).astype(np.int64),
        saved,
        [(word[:1], word[1:]) for word in words],
        *(numbers.gamma(2, 2, (3, WORDS))),
        numbers.integers(0, 2, WORDS).astype(np.bool_),
    )
    corpus = Corpus.from_texts(["苹果的颜色是什么呢？\n" * 9])
    data = collect(corpus, Lexicon.from_counts({"苹果": 9}), known={"list": {"苹果"}})
    path = tmp_path_factory.mktemp("report") / "large.html"
    path.write_text(render(replace(data, words=table, entries=WORDS)), encoding="utf-8")
    return Large(path, table)


def test_a_table_of_100000_words_is_searched_sorted_and_paged_as_python_does(browser: Any, large: Large) -> None:
    watched, words = Watched(browser, large.path), large.words
    root = watched.page.locator("[data-table=words]")
    assert watched.place() == "1–25 of 100,000" and watched.words() == words.words[:25]

    def shown(rows: list[int]) -> tuple[list[str], str]:
        return [words.words[row] for row in rows[:25]], f"1–{min(len(rows), 25):,} of {len(rows):,}"

    everything = list(range(WORDS))
    for column, values in ((1, words.counts.astype(float)), (2, words.saved_bits)):
        for sign in (-1, 1):
            root.locator("th button").nth(column).click()
            ranks = np.where(np.isnan(values), np.inf, sign * values)
            assert (watched.words(), watched.place()) == shown(sorted(everything, key=lambda row: ranks[row]))
    root.locator("input").fill("中*")
    rising = sorted(everything, key=lambda row: ranks[row])
    matching = [row for row in rising if words.words[row].startswith("中")]
    assert (watched.words(), watched.place()) == shown(matching)
    root.locator("input").fill("")
    root.locator("th button").first.click()
    alphabetic = sorted(everything, key=lambda row: words.words[row])
    assert watched.words() == shown(alphabetic)[0]
    root.locator(".pages select").select_option("100")
    for _ in range(2):
        root.locator(".pages button", has_text="Next").click()
    assert watched.words() == [words.words[row] for row in alphabetic[200:300]]
    assert watched.place() == "201–300 of 100,000"
    root.locator(".pages button", has_text="Previous").click()
    assert watched.place() == "101–200 of 100,000"
    new = np.flatnonzero(words.is_new).tolist() if words.is_new is not None else []
    assert (watched.words("new"), watched.place("new")) == shown(new)
    assert watched.complaints == []
    watched.page.close()
