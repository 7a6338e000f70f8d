"""What a notebook shows: tables and pictures in which no text of a corpus is obeyed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent import Lexicon, TemplateSet
from minent.notebook import ROWS, html_table
from minent.parsing.tree import build_tree
from minent.templates import MinedTemplate, Template
from minent.templates.template_set import Filler

HOSTILE = [
    "<script>alert(1)</script>",
    "</table><img/src=x/onerror=alert(1)>",
    "&lt;b&gt;",
    '"onmouseover="x',
    "'",
    "\x1b[2J",
]


class Page(HTMLParser):
    """The elements of a page, and the texts in its cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[tuple[str, str | None]] = set()
        self.cells: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes.update(attrs)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells and self.elements[-1] in ("td", "th") and data != "\n":
            self.cells[-1] += data


def test_a_lexicon_shows_its_most_frequent_words_with_all_columns() -> None:
    words = [chr(0x4E00 + k) for k in range(ROWS + 5)]
    lexicon = Lexicon(words, range(5000, 5000 - len(words), -1), columns={"new": ["1"] * len(words)})
    page = Page(lexicon._repr_html_())
    assert page.cells[:8] == ["word", "count", "prob", "new", "一", "5,000", "0.0400962", "1"]
    assert page.elements.count("tr") == 1 + ROWS + 1 and page.cells[-1] == "… 5 more"
    assert "Lexicon: 25 words, total 124,700" in lexicon._repr_html_()


def test_an_empty_lexicon_shows_its_header() -> None:
    assert Page(Lexicon([], [])._repr_html_()).cells == ["word", "count", "prob"]


def test_nothing_in_a_lexicon_is_obeyed() -> None:
    lexicon = Lexicon(HOSTILE, range(len(HOSTILE), 0, -1), columns={"<i>": HOSTILE})
    page = Page(lexicon._repr_html_())
    assert set(page.elements) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert {name for name, _ in page.attributes} == {"style"}
    assert page.cells[4::4] == HOSTILE and page.cells[7::4] == HOSTILE and page.cells[3] == "<i>"


@given(st.lists(st.tuples(st.text(), st.text()), max_size=ROWS))
def test_any_text_is_a_cell_and_nothing_else(rows: list[tuple[str, str]]) -> None:
    page = html_table("caption", ["a", "b"], rows, len(rows))
    page.encode()
    assert page.count("<td") == 2 * len(rows) == page.count("</td>")
    assert not re.search(r"<(?!/?(table|caption|thead|tbody|tr|th|td)\b)", page)


def test_templates_show_with_some_fillers() -> None:
    fillers = tuple(Filler((word,), 9 - k) for k, word in enumerate(["<script>", "苹果", "葡萄", "雪梨", "梨", "桃"]))
    templates = TemplateSet([MinedTemplate(Template.parse("[X] 吗"), 3000, (fillers,))])
    page = Page(templates._repr_html_())
    assert page.cells[4:] == ["[X] 吗", "3,000", "\\<script>:9, 苹果:8, 葡萄:7, 雪梨:6, 梨:5", "skipgram"]
    assert "script" not in page.elements


@pytest.mark.parametrize("word", [*HOSTILE, "\ud800", "\0"])
def test_a_tree_shows_as_a_picture_whatever_its_words_are(word: str) -> None:
    tree = build_tree([word, "的", "颜色", "呢"], [(0, 3)], literals={"的", "呢"})
    picture = ElementTree.fromstring(tree._repr_svg_().encode("utf-8", "strict"))
    names = {element.tag.rpartition("}")[2] for element in picture.iter()}
    assert names == {"svg", "style", "rect", "text", "path", "circle", "title"}
    assert not any(name.startswith("on") for element in picture.iter() for name in element.attrib)
    words = [element.text for element in picture.iter() if element.tag.endswith("}text")]
    assert words[1:] == ["的", "颜色", "呢"]


def test_the_style_of_a_picture_holds_for_pictures_only() -> None:
    """A notebook puts the picture into its page, whose own texts and paths must stay as they are."""
    picture = ElementTree.fromstring(build_tree(["甲", "乙"], [])._repr_svg_())
    style = next(element.text for element in picture.iter() if element.tag.endswith("}style"))
    selectors = [rule.partition("{")[0] for rule in (style or "").split("}") if rule]
    assert selectors and all(selector.startswith(f".{picture.attrib['class']} ") for selector in selectors)
