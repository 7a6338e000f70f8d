"""The report: what it computes, and that nothing in a text becomes a part of the page."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.cli import main
from minent.corpus.alphabet import UnitCounts
from minent.corpus.sources import Corpus
from minent.counting import count_corpus_units
from minent.entropy import measure_corpus
from minent.errors import CorpusError
from minent.lexicon import Lexicon
from minent.report import collect
from minent.report.inline import inline_svg
from minent.report.keyness import LEAST, compare_counts, log_likelihood
from minent.report.plots import thinned
from minent.report.sentences import example_sentences
from minent.report.tables import as_json, keyword_table, template_table, word_tables
from minent.report.words import entry_counts, savings, unit_lengths
from minent.templates import Filler, MinedTemplate, Template, TemplateSet

TEXT = "苹果的颜色是什么呢？\n葡萄的味道真好，苹果的味道也好。\n今天的天气真好，我们去公园。\n" * 4
COUNTS = "的 16, 味道 8, 真好 8, 苹果 8, 公园 4, 今天 4, 天气 4, 我们 4, 葡萄 4, 颜色 4, 果的 0"
WORDS = {word: int(count) for word, count in (pair.split() for pair in COUNTS.split(", "))}
HOSTILE = "<script>alert(1)</script><!--\u2028\u2029]]>'\"&amp;"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.from_texts([TEXT])


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.from_counts(WORDS)


def units_of(*texts: str) -> UnitCounts:
    return count_corpus_units(Corpus.from_texts(texts))[0]


# what words save


def naive_best_cutting(word: str, counts: dict[str, int]) -> float:
    """Largest Σ ln p of a cutting into two words or more; a character that is no word counts 1."""
    total = sum(counts.values())

    def log_prob(part: str) -> float:
        if part in counts:
            return math.log(max(counts[part], 1) / total)
        return math.log(1 / total) if len(part) == 1 else -math.inf

    def best(text: str, least_parts: int) -> float:
        whole = log_prob(text) if least_parts <= 1 else -math.inf
        return max([whole, *(log_prob(text[:k]) + best(text[k:], least_parts - 1) for k in range(1, len(text)))])

    return best(word, 2)


counted_words = st.dictionaries(st.text("甲乙丙", min_size=1, max_size=4), st.integers(1, 30), min_size=1, max_size=8)


@given(counted_words)
def test_savings_are_those_against_the_best_of_all_cuttings(counts: dict[str, int]) -> None:
    words = sorted(counts)
    saved, cuttings = savings(words, counts)
    total = sum(counts.values())
    for word, bits, cutting in zip(words, saved.tolist(), cuttings, strict=True):
        if len(word) == 1:
            assert math.isnan(bits) and cutting == ()
            continue
        pmi = math.log(counts[word] / total) - naive_best_cutting(word, counts)
        assert bits == pytest.approx(counts[word] * (pmi - 1) / math.log(2))
        assert "".join(cutting) == word and len(cutting) > 1


def test_a_word_that_does_not_occur_saves_nothing_that_is_known_and_cuts_no_other() -> None:
    saved, cuttings = savings(["甲乙", "甲乙丙"], {"甲乙": 0, "甲乙丙": 3, "甲": 2, "乙": 2, "丙": 2})
    assert math.isnan(saved[0]) and cuttings == [(), ("甲", "乙", "丙")]


def test_classes_come_back_in_the_cutting() -> None:
    counts = {"<N>年": 5, "<N>": 3, "年": 2, "<L>股": 4, "<L>": 2, "股": 1}
    assert savings(["<N>年", "<L>股", "<N>"], counts)[1] == [("<N>", "年"), ("<L>", "股"), ()]


@pytest.mark.parametrize(
    ("tokens", "entries", "expected"),
    [
        ({"1998年": 2, "２００１年": 3, "年": 1}, {"<N>年"}, {"<N>年": 5, "年": 1}),
        ({"3.14％": 2, "7": 1}, set(), {"<N>": 3}),
        ({"1998年": 2, "1999年": 1}, {"1998年", "<N>年"}, {"1998年": 2, "<N>年": 1}),
        ({"A股": 2, "B股": 1}, {"A股", "<L>股"}, {"A股": 2, "<L>股": 1}),
        ({"iPhone": 2}, set(), {"iPhone": 2}),
        ({"MP3": 2, "X4": 1}, {"MP<N>", "<L><N>"}, {"MP<N>": 2, "<L><N>": 1}),
        ({"C++": 2}, {"C++"}, {"C++": 2}),
        ({}, {"中"}, {}),
    ],
)
def test_tokens_are_counted_by_their_entries(
    tokens: dict[str, int], entries: set[str], expected: dict[str, int]
) -> None:
    assert entry_counts(tokens, entries, units_of(*tokens)) == expected


def test_without_runs_there_are_no_classes() -> None:
    units = count_corpus_units(Corpus.from_texts(["1年"]), whole_runs=False)[0]
    assert entry_counts({"1": 2, "年": 1}, {"<N>"}, units) == {"1": 2, "年": 1}


def test_lengths_are_in_units() -> None:
    words = ["中", "中国", "<N>年", "1998年", "iPhone手机", "𠮷野家", "C++", "++"]
    assert unit_lengths(words, units_of("中")).tolist() == [1, 2, 2, 2, 3, 3, 1, 1]


# words that two texts do not share


def test_log_likelihood_is_that_of_rayson_and_garside() -> None:
    # E = 30 · 10,000/30,000 = 10 and 20;  2 (20 ln 2 + 10 ln ½) = 20 ln 2
    found = log_likelihood(np.array([[20, 10], [10, 20], [0, 0]]), (10_000, 20_000))
    assert found.tolist() == pytest.approx([20 * math.log(2), 0.0, 0.0])


count_maps = st.dictionaries(st.sampled_from("甲乙丙丁"), st.integers(0, 500))


@given(count_maps, count_maps)
def test_two_texts_are_compared_both_ways_alike(here: dict[str, int], there: dict[str, int]) -> None:
    one, other = compare_counts(here, there, UnitCounts()), compare_counts(there, here, UnitCounts())
    assert one.words == other.words
    assert one.log_likelihood.tolist() == pytest.approx(other.log_likelihood.tolist())
    assert one.log_ratio.tolist() == pytest.approx((-other.log_ratio).tolist())
    assert sorted(one.top(9, here=True)) == sorted(other.top(9, here=False))
    assert (one.log_likelihood >= LEAST).all()


def test_what_is_left_out_of_the_comparison_is_told() -> None:
    found = compare_counts({"甲": 900, "乙": 100}, {"甲": 100, "乙": 900}, UnitCounts(), most=1)
    assert (found.words, found.left_out) == (["乙"], 1)
    assert found.lengths.tolist() == [1] and found.top(5, here=False) == ["乙"]


# examples, curves, pictures


def test_examples_are_whole_sentences_from_all_over_the_text() -> None:
    numerals = "一二三四五六七八九十"
    lines = [f"第{a}回的故事里{b}个人都在这里说话。" for a in numerals for b in numerals]
    found = example_sentences(Corpus.from_texts(["\n".join(lines)]), 5)
    assert len(set(found)) == 5 and set(found) <= set(lines)
    assert found[0] == lines[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("太短。\n", []),
        ("这句话里有<b>标记</b>所以它不是例子。\n", []),
        ("苹果的颜色到底是什么呢\n", ["苹果的颜色到底是什么呢"]),
        ("第一行是一句没有标点的话\r\n", ["第一行是一句没有标点的话"]),
        ("前，这一行被折断了所以不能算\n数，后面是一句完整的话。所以只取这一个句子！\n", ["所以只取这一个句子！"]),
    ],
)
def test_a_sentence_ends_with_a_mark_or_is_a_line(text: str, expected: list[str]) -> None:
    assert example_sentences(Corpus.from_texts([text]), 1) == expected


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(2, 20))
def test_a_thinned_curve_has_points_of_the_whole_one_and_both_its_ends(counts: list[int], points: int) -> None:
    ranks, values = thinned(counts, points)
    whole = sorted((count for count in counts if count), reverse=True)
    assert [whole[rank - 1] for rank in ranks.tolist()] == values.tolist()
    assert len(ranks) <= points
    assert ranks.tolist()[:1] == [1][: len(whole)] and ranks.tolist()[-1:] == [len(whole)][: len(whole)]


def test_an_inlined_picture_has_no_style_of_its_own_and_ids_of_its_own() -> None:
    document = (
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        '<style>text{fill:red}</style><metadata>m</metadata><rect width="100%" height="100%" fill="#fff"/>'
        '<defs><path id="a"/></defs><use xlink:href="#a"/><g clip-path="url(#a)"><text>&lt;b&gt;</text></g></svg>'
    )
    found = inline_svg(document, "p-")
    assert "style" not in found and "metadata" not in found and "<rect" not in found
    assert 'id="p-a"' in found and 'xlink:href="#p-a"' in found and "url(#p-a)" in found
    assert "&lt;b&gt;" in found


# everything together


def test_the_report_has_the_figures_of_the_modules(corpus: Corpus, lexicon: Lexicon) -> None:
    data = collect(corpus, lexicon)
    assert data.ladder == measure_corpus(corpus, lexicon)[0]
    assert data.text.tokens == data.ladder[1].tokens
    assert data.text.units == count_corpus_units(corpus)[0].total
    rows = dict(zip(data.words.words, data.words.counts.tolist(), strict=True))
    assert rows == WORDS | {"真好": 8}
    assert data.covered == sum(WORDS.values()) and data.used == len(WORDS) - 1
    saved = data.words.saved_bits
    known = saved[~np.isnan(saved)]
    assert (np.diff(known) <= 0).all() and np.isnan(saved[len(known) :]).all()
    assert data.keywords is None and data.words.is_new is None and data.trees == []


def test_new_words_are_those_that_a_list_could_have_and_has_not(corpus: Corpus, lexicon: Lexicon) -> None:
    data = collect(corpus, lexicon, known={"list": {"苹果", "的"}})
    assert data.known is not None and data.known.cuts[-1].found == 1
    assert sorted(data.words.new_words()) == sorted(word for word in WORDS if word not in ("苹果", "的", "果的"))
    marked = lexicon.mark_new({"苹果"})
    assert "苹果" not in collect(corpus, marked).words.new_words()
    assert collect(corpus, marked).known is None


def test_only_the_most_frequent_words_are_kept_where_there_are_too_many(corpus: Corpus, lexicon: Lexicon) -> None:
    data = collect(corpus, lexicon, most_words=2)
    assert sorted(data.words.words) == sorted(["的", "味道"])
    assert data.entries == len(WORDS)


def test_two_corpora_and_templates_and_trees(corpus: Corpus, lexicon: Lexicon) -> None:
    templates = TemplateSet(MinedTemplate(Template.parse(text), 8) for text in ("[X] 的 [X]", "[X] 好"))
    other = Corpus.from_texts(["国家经济发展的工作。" * 40])
    data = collect(corpus, lexicon, templates=templates, versus=other)
    assert [row.cut for row in data.ladder] == ["characters", "words", "sentences", "templates"]
    assert data.keywords is not None and data.other is not None
    assert "苹果" in data.keywords.top(50, here=True) and "国" in data.keywords.top(50, here=False)
    assert data.trees and data.trees[0].text in TEXT
    assert data.settings["other text"]["fingerprint"] == data.other.fingerprint != data.text.fingerprint


def test_a_text_without_a_unit_is_an_error(lexicon: Lexicon) -> None:
    with pytest.raises(CorpusError, match="nothing to report"):
        collect(Corpus.from_texts(["……！？"]), lexicon)


def test_the_settings_say_whether_the_lexicon_is_of_this_text(corpus: Corpus) -> None:
    fingerprint = count_corpus_units(corpus)[0].fingerprint()
    for value, answer in ((fingerprint, "yes"), ("0" * 16, "no")):
        data = collect(corpus, Lexicon.from_counts(WORDS, {"fingerprint": value}))
        assert data.settings["lexicon"]["learned from this text"] == answer


# the page


@given(st.text(max_size=40))
def test_json_of_any_text_is_read_back_and_ends_no_element(text: str) -> None:
    written = as_json({"a": [text + HOSTILE]})
    assert json.loads(written) == {"a": [text + HOSTILE]}
    assert not set("<>&\u2028\u2029") & set(written)


def test_tables_have_columns_of_one_length_and_no_number_that_json_lacks(corpus: Corpus, lexicon: Lexicon) -> None:
    data = collect(corpus, lexicon, versus=Corpus.from_texts(["国家的经济" * 60]), known={"list": {"苹果"}})
    assert data.keywords is not None
    columns, tables = word_tables(data.words)
    for found, table in ((columns, tables["words"]), keyword_table(data.keywords)):
        assert len({len(values) for values in found.values()}) == 1
        assert {column["key"] for column in table["columns"]} <= set(found)
        as_json(found)
    place = columns["word"].index("苹果")
    assert columns["cutting"][place] == 0b10


def test_templates_keep_their_slots_and_the_text_that_looks_like_one() -> None:
    filler = Filler(("好", "人"), 3)
    templates = TemplateSet(
        [
            MinedTemplate(Template((None, "[X]")), 5, ((filler,),)),
            MinedTemplate(Template((None, "的", None)), 9),
        ]
    )
    columns, _ = template_table(templates)
    assert columns["template"] == [[None, "[X]"]]
    assert columns["fillers"] == [[[["好 人", 3]]]]


def test_templates_of_several_sources_are_told_apart() -> None:
    sources = ("skipgram", "parse", "parse")
    words = ("甲", "乙", "丙")
    entries = [
        MinedTemplate(Template((word, None)), 5, (), source) for word, source in zip(words, sources, strict=True)
    ]
    columns, table = template_table(TemplateSet(entries))
    places = {words[0]: source for words, source in zip(columns["template"], columns["source_number"], strict=True)}
    assert table["filters"][0]["options"] == [["parse", 0, 0], ["skipgram", 1, 1]]
    assert places == {"甲": 1, "乙": 0, "丙": 0}
    assert "source" not in template_table(TemplateSet(entries[:1]))[0]


def test_what_is_too_long_is_clipped() -> None:
    template = Template(("长" * 5000, *(None, "字") * 500))
    columns, _ = template_table(TemplateSet([MinedTemplate(template, 5, ((Filler(("字",), 3),) * 99,) * 500)]))
    assert len(as_json(columns)) < 20_000
    assert columns["template"][0][0] == "长" * 119 + "…" and columns["template"][0][-1] == "…"


class Elements(HTMLParser):
    """The elements of a page, and the text in each script."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.comments = 0
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
            self.in_script = True

    def handle_endtag(self, tag: str) -> None:
        self.in_script = self.in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self.in_script:
            self.scripts[-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments += 1


def rendered(**changes: Any) -> str:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    from minent.report import render

    words = {**WORDS, HOSTILE: 3}
    templates = TemplateSet(
        [MinedTemplate(Template((HOSTILE, None)), 3, ((Filler((HOSTILE,), 2),),))], {HOSTILE: HOSTILE}
    )
    return render(
        collect(
            Corpus.from_texts([TEXT + HOSTILE * 3]),
            Lexicon.from_counts(words, {HOSTILE: HOSTILE}),
            templates=templates,
            versus=Corpus.from_texts(["国家的经济" * 60 + HOSTILE]),
            known={HOSTILE: {HOSTILE}},
            **changes,
        )
    )


def test_hostile_texts_are_no_part_of_the_page() -> None:
    page = rendered()
    elements = Elements()
    elements.feed(page)
    assert elements.comments == 0
    assert len(elements.scripts) == 2
    assert json.loads(elements.scripts[0])["columns"]["words"]["word"].count(HOSTILE) == 1
    assert "alert" not in elements.scripts[1]
    assert html.escape(HOSTILE[:20], quote=False) in page  # it is shown
    assert not [name for _, attributes in elements.tags for name in attributes if name.startswith("on")]


def test_the_page_asks_for_nothing_and_lets_no_other_script_run() -> None:
    elements = Elements()
    elements.feed(rendered())
    addresses = [
        value
        for _, attributes in elements.tags
        for name, value in attributes.items()
        if name.split(":")[-1] in ("src", "href", "action", "srcset", "data", "poster") and value
    ]
    assert all(address.startswith(("#", "data:,")) for address in addresses), addresses
    policy = next(a["content"] for _, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(elements.scripts[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy and policy.startswith("default-src 'none';")


def test_ids_of_the_page_differ() -> None:
    elements = Elements()
    elements.feed(rendered())
    ids = [attributes["id"] for _, attributes in elements.tags if "id" in attributes]
    assert len(ids) == len(set(ids)) > 10


def test_equal_data_give_an_equal_page_whatever_the_workers() -> None:
    assert rendered(jobs=1) == rendered(jobs=3)


def test_no_style_sheet_takes_a_colour_from_elsewhere_than_the_page() -> None:
    page = rendered()
    pictures = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert "var(--first)" in pictures
    assert "#010" not in pictures and "url(http" not in page


def test_a_lexicon_without_a_word_of_the_text_has_a_page_too() -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    from minent.report import render

    for words in ({"国家": 3}, {}):
        data = collect(Corpus.from_texts([TEXT]), Lexicon.from_counts(words), known={"list": {"苹果"}})
        assert "0.00 % are words of the lexicon" in render(data)


# the command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    Lexicon.from_counts(WORDS).save(tmp_path / "lexicon.tsv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_a_page(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    assert main(["report", "text.txt"]) == 0
    captured = capfd.readouterr()
    assert captured.out == "" and "11 words" in captured.err and "in report.html" in captured.err
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and "<h1>text.txt</h1>" in page
    assert main(["report", "text.txt", "-q", "-o", "-"]) == 0
    captured = capfd.readouterr()
    assert captured.err == "" and captured.out == page


def test_the_name_of_a_file_is_shown_and_no_more(folder: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    name = "<img src=x onerror=alert(1)>.txt"
    (folder / name).write_text(TEXT, encoding="utf-8")
    assert main(["report", "-q", name, "--known", "lexicon.tsv", "--versus", name]) == 0
    elements = Elements()
    elements.feed((folder / "report.html").read_text(encoding="utf-8"))
    assert "img" not in {tag for tag, _ in elements.tags}


def test_without_the_libraries_one_line_tells_what_to_install(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["report", "text.txt"]) == 3
    error = capfd.readouterr().err
    assert error == "minent: a report needs the package jinja2: pip install 'minent[report]'\n"
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["text.txt", "-o", "text.txt"], 1, "is one of the inputs"),
        (["text.txt", "--versus", "text.txt", "-l", "lexicon.tsv", "-o", "lexicon.tsv"], 1, "is one of the inputs"),
        (["--versus", "-"], 2, "stdin"),
        (["nothing.txt"], 1, "no such file"),
        (["text.txt", "--known", "nothing.txt"], 1, "no such file"),
        (["text.txt", "-g", "text.txt"], 1, "text.txt"),
    ],
)
def test_wrong_inputs_are_told_in_one_line(
    folder: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    before = (folder / "lexicon.tsv").read_bytes(), (folder / "text.txt").read_bytes()
    assert main(["report", "-q", *arguments]) == code
    error = capfd.readouterr().err
    assert error.count("\n") == 1 and message in error
    assert before == ((folder / "lexicon.tsv").read_bytes(), (folder / "text.txt").read_bytes())
