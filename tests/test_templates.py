"""Templates mined by growing patterns are those of walking every path."""

from __future__ import annotations

from typing import Any

import naive_templates as naive
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent import Lexicon, Segmenter
from minent.corpus.sources import Corpus
from minent.errors import CorpusError
from minent.templates import TemplateFinder, TemplateSet, TemplateSettings, find_templates

WORDS = st.sampled_from(["甲", "乙", "丙", "丁", "戊"])
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=12), min_size=1, max_size=12)


def finder_of(sentences: list[list[str]], jobs: int = 1, **settings: Any) -> TemplateFinder:
    corpus = Corpus.from_texts([" ".join(words) for words in sentences], shard_size=64)  # a line has at most 48 bytes
    return TemplateFinder(corpus, None, TemplateSettings(**settings), pretokenized=True, jobs=jobs)


def counts_of(templates: TemplateSet) -> dict[naive.Template, int]:
    return {entry.template.words: entry.count for entry in templates}


@given(SENTENCES, st.integers(1, 12), st.integers(1, 4), st.sampled_from([-9.0, 0.0, 0.5, 1.0]))
def test_templates_and_counts_are_those_of_walking_every_path(
    sentences: list[list[str]], window: int, min_count: int, min_pmi: float
) -> None:
    strong = naive.strong_edges(sentences, window, min_count, min_pmi=min_pmi)
    counts, _ = naive.mine(sentences, window, strong)
    finder = finder_of(sentences, window=window, min_count=min_count, min_pmi=min_pmi)
    assert counts_of(finder.find()) == {template: count for template, count in counts.items() if count >= min_count}
    assert finder.report is not None
    assert finder.report.candidates == sum(counts.values())
    assert finder.report.strong == len(strong)


@given(SENTENCES, st.sampled_from([0.0, 0.01, 0.05, 0.2]))
def test_probability_thresholds_are_those_of_the_article(sentences: list[list[str]], min_prob: float) -> None:
    strong = naive.strong_edges(sentences, 5, min_prob=min_prob, min_pmi=0.3)
    counts, _ = naive.mine(sentences, 5, strong)
    least = TemplateSettings(min_prob=min_prob).least_count(sum(counts.values()))
    found = finder_of(sentences, min_prob=min_prob, min_pmi=0.3).find()
    assert counts_of(found) == {template: count for template, count in counts.items() if count >= least}


@given(SENTENCES, st.integers(2, 5))
def test_a_template_must_be_in_enough_sentences(sentences: list[list[str]], least: int) -> None:
    strong = naive.strong_edges(sentences, 5, min_pmi=0.3)
    counts, _ = naive.mine(sentences, 5, strong)
    found = counts_of(finder_of(sentences, min_count=1, min_pmi=0.3, min_sentences=least).find())
    sure = {template: 0 for template in counts}
    most = {template: 0 for template in counts}  # a template in two components of a sentence is counted there twice
    for words in sentences:
        own, _ = naive.mine([words], 5, strong)
        for template, count in own.items():
            sure[template] += 1
            most[template] += count
    for template, count in counts.items():
        short = len([word for word in template if word]) == 1
        assert found.get(template, count) == count
        assert (
            template in found if short or sure[template] >= least else most[template] >= least or template not in found
        )


@given(SENTENCES, st.integers(1, 4))
def test_fillers_are_those_of_walking_every_path(sentences: list[list[str]], window: int) -> None:
    strong = naive.strong_edges(sentences, window, min_pmi=0.2)
    _, fillers = naive.mine(sentences, window, strong)
    found = finder_of(sentences, window=window, min_count=1, min_pmi=0.2, fillers=3, filler_length=2).find()
    for entry in found:
        slots = [] if entry.template.is_trivial else range(entry.template.slots)
        expected = []
        for slot in slots:
            seen = fillers[entry.template.words, slot]
            often = sorted((-count, span) for span, count in seen.items() if count > 1 and len(span) <= 2)
            expected.append([(span, -count) for count, span in often[:3]])
        assert [[(filler.words, filler.count) for filler in slot] for slot in entry.fillers] == (
            expected if any(expected) else []
        )


@given(SENTENCES, st.integers(2, 3))
def test_the_number_of_workers_changes_nothing(sentences: list[list[str]], jobs: int) -> None:
    one, many = (finder_of(sentences * 3, jobs=n, min_count=2, min_pmi=0.0).find() for n in (1, jobs))
    assert one.to_bytes() == many.to_bytes()


def test_a_word_said_over_and_over_ends_in_time_and_is_reported() -> None:
    text = [" ".join(["哈"] * 200), *["从 甲 到 乙"] * 9]
    finder = TemplateFinder(text, None, TemplateSettings(min_count=5, min_pmi=-9), pretokenized=True)
    counts = counts_of(finder.find())
    assert counts["从", "甲", "到", "乙"] == 9
    assert not any("哈" in words for words in counts)
    assert finder.report is not None and finder.report.left_out == 1
    everything = TemplateSettings(min_count=5, min_pmi=-9, min_sentences=5, max_paths=None)
    finder = TemplateFinder(text, None, everything, pretokenized=True)
    assert counts_of(finder.find()) == counts
    assert finder.report is not None and finder.report.candidates > 1 << 60


def test_the_defaults_are_chosen_from_the_corpus() -> None:
    finder = finder_of([["从", "甲", "到", "乙"]] * 20)
    finder.find()
    assert (finder.settings.min_count, finder.settings.min_sentences, finder.settings.min_pmi) == (5, 5, 1.0)
    assert TemplateSettings(min_prob=1e-5).with_chosen(10).min_pmi == 2.0
    assert TemplateSettings().with_chosen(100_000_000).min_count == 100
    assert TemplateSettings(min_count=3).with_chosen(10**9).min_sentences == 1


def test_window_one_mines_collocations() -> None:
    text = [
        text
        for k in range(5)
        for text in (f"中华 人民 共和国 词{k}", f"中华 人民 共和国 话{k}", f"文{k} 中华 人民 共和国")
    ]
    found = find_templates(text, pretokenized=True, window=1, min_count=11, min_pmi=1.0)
    assert {str(entry.template): entry.count for entry in found if entry.template.length > 1} == {}
    found = find_templates(text, pretokenized=True, window=1, min_count=5, min_pmi=1.0)
    assert "中华 人民 共和国 [X]" in found and "[X] 中华 人民 共和国" in found
    assert not any(entry.template.has_inner_slot for entry in found)


def test_what_is_kept_can_be_chosen() -> None:
    text = ["从 甲 到 乙", "从 丙 到 丁", "甲 说"] * 9
    found = find_templates(text, pretokenized=True, min_count=9, min_pmi=0.5, min_length=2, trivial=False)
    assert all(entry.template.length >= 2 for entry in found)
    found = find_templates(text, pretokenized=True, min_count=9, min_pmi=0.5, contains=("说",))
    assert len(found) > 0 and all("说" in entry.template.words for entry in found)
    found = find_templates(text, pretokenized=True, min_count=9, min_pmi=0.5)
    assert find_templates(text, pretokenized=True, min_count=9, min_pmi=0.5, top=2).entries == found.entries[:2]


def test_raw_text_is_cut_into_words_and_sentences_end_at_signs_spaces_and_lines() -> None:
    segmenter = Segmenter(Lexicon.from_counts({"天气": 9, "今天": 9, "好": 3, "吗": 3}))
    raw = find_templates(["今天天气好吗？好,今天 好\n吗", "今天——天气"] * 3, segmenter, min_count=1, min_pmi=9)
    lines = ["今天 天气 好 吗", "好", "今天", "好", "吗", "今天", "天气"] * 3
    assert counts_of(raw) == counts_of(find_templates(lines, pretokenized=True, min_count=1, min_pmi=9))


def test_with_stops_as_boundaries_other_signs_are_words() -> None:
    text = ["因为 病 了 ， 所以 没 来 。 是 《 书 》 ？ 啊…… 好 ； 对 ！"] * 3
    found = find_templates(text, pretokenized=True, min_count=3, min_pmi=99, boundaries="stops")
    words = {entry.template.literals[0] for entry in found}
    assert words == {"因为", "病", "了", "，", "所以", "没", "来", "是", "《", "书", "》", "啊……", "好", "对"}
    lexicon = Lexicon.from_counts({"因为": 1, "所以": 1})
    raw = find_templates(["因为病，所以来。"] * 3, Segmenter(lexicon), min_count=3, min_pmi=0, boundaries="stops")
    assert "因为 病 ， 所以 来" in raw


def test_words_stay_as_they_are_in_pretokenized_text() -> None:
    text = ["C++ 和 3.5% 的 [X] ， a:b|c\\d\n\n -5 度　是\tQ&A"] * 3
    found = find_templates(text, pretokenized=True, min_count=3, min_pmi=99)
    assert {entry.template.literals[0] for entry in found} == {
        *("C++", "和", "3.5%", "的", "[X]", "a:b|c\\d", "-5", "度", "是", "Q&A")
    }


@pytest.mark.parametrize("text", ["", "\n\n", "，。！", " \t "])
def test_text_without_words_is_an_error(text: str) -> None:
    with pytest.raises(CorpusError, match="no word in it"):
        find_templates([text], pretokenized=True)


def test_invalid_bytes_end_a_sentence_and_are_told(tmp_path: Any) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("甲乙".encode() + b"\xff" + "丙".encode() + b"\n" + "甲乙".encode() + b"\xe4\xb8" + "丙".encode())
    for segmenter, pretokenized in ((Segmenter(Lexicon.from_counts({"甲乙": 1, "丙": 1})), False), (None, True)):
        finder = TemplateFinder(
            str(path), segmenter, TemplateSettings(min_count=1, min_pmi=99), pretokenized=pretokenized
        )
        if pretokenized:  # a word with invalid bytes in it is none
            with pytest.raises(CorpusError, match="try --encoding auto"):
                finder.find()
        else:
            assert counts_of(finder.find()) == {("甲乙",): 2, ("丙",): 2}
        assert finder.invalid is not None and finder.invalid.first_place.endswith("text.txt:1")
    with pytest.raises(CorpusError, match="not valid UTF-8 at byte 7"):
        TemplateFinder(Corpus([path], errors="strict"), Segmenter(Lexicon.from_counts({"丙": 1}))).find()


@pytest.mark.parametrize(
    "wrong",
    [{"window": 0}, {"window": 31}, {"min_count": 0}, {"min_prob": 1.0}, {"min_pmi": float("nan")}, {"fillers": -1}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TemplateSettings(**wrong)


@pytest.mark.slow
def test_templates_of_real_questions_are_found(real_text: Any, tmp_path: Any) -> None:
    lines = real_text("questions.txt").read_text(encoding="utf-8").split("\n")
    text = tmp_path / "some.txt"
    text.write_text("\n".join(lines[::8]), encoding="utf-8")
    words = {"吗": 900, "怎么办": 300, "为什么": 500, "如何": 300, "是": 900, "什么": 900, "意思": 90, "请问": 90}
    found = find_templates([text], Segmenter(Lexicon.from_counts(words)))
    for template in ("[X] 吗", "[X] 怎么办", "为什么 [X]", "如何 [X]", "请问 [X]"):
        assert template in found
