"""The segmenter against the plain oracle: text that is easy to read, text that is ugly, bytes that are no text."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import naive
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus
from minent.lexicon import Lexicon, load_lexicon
from minent.segmentation import Segmentation, Segmenter
from minent.segmentation.cutter import Cutter
from minent.segmentation.model import word_log_probs
from minent.segmentation.readable import ReadableCutter
from minent.segmentation.stream import cut_corpus
from minent.segmentation.word_trie import WordTrie

PLAIN = "天气真好"
UGLY = "天气a3.%０Ａ é\u0301\u200d\ufe0f—…，。<N>\0\r\n\u3000\u2028𠮷😀🏽○"
IN_WORDS = "".join(char for char in UGLY if char not in "<\0\r\n\u2028")
COUNTS = st.integers(min_value=0, max_value=4)
BROKEN = [bytes([byte]) for byte in (0xE4, 0xB8, 0x80, 0xFF, 0xC0, 0xF5)]  # what they may form is a Han character
CLASSES = st.sampled_from(["<N>", "<L>", "天", "气", "a", "3", "："])


def words_of(alphabet: str, most: int = 4) -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(st.text(alphabet, min_size=1, max_size=most), COUNTS, max_size=8)


def cut_by_oracle(text: str, counts: dict[str, int], separator: str = " ", units: str = "run") -> str:
    model = naive.UnigramModel(counts, units == "run")
    elements = naive.split_text(text, model.whole_runs)
    _, lengths = naive.best_cutting(elements, model)
    return naive.with_separators(naive.tokens_of(elements, lengths), separator)


def segmenter_of(counts: dict[str, int], **options: object) -> Segmenter:
    return Segmenter(Lexicon.from_counts(counts), **options)  # type: ignore[arg-type]


@given(st.text(PLAIN, max_size=12), words_of(PLAIN))
def test_han_text_is_cut_like_the_oracle(text: str, counts: dict[str, int]) -> None:
    assert " ".join(segmenter_of(counts).cut(text)) == cut_by_oracle(text, counts)


@given(st.text("天气a3", max_size=10), st.dictionaries(st.lists(CLASSES, min_size=1, max_size=4).map("".join), COUNTS))
@example("3天a气", {"<N>天": 2, "3天<L>": 1, "<L>": 4})
@example("2.5%天", {"<N>天": 1})
@example("气a天a", {"天<L><N>": 0, "天": 0})  # a class unit that would go on beyond the end of the text
def test_class_units_match_any_number_and_any_latin_run(text: str, counts: dict[str, int]) -> None:
    segmenter = segmenter_of(counts)
    segmenter.cut("3a" * 2500)  # what a larger text leaves in memory must not matter
    assert " ".join(segmenter.cut(text)) == cut_by_oracle(text, counts)


@given(st.text(UGLY, max_size=14), words_of(IN_WORDS), st.sampled_from(["run", "char"]))
def test_ugly_text_is_cut_like_the_oracle(text: str, counts: dict[str, int], units: str) -> None:
    cut = segmenter_of(counts, units=units).cut_bytes(text.encode(), b"|")
    assert cut.decode() == cut_by_oracle(text, counts, "|", units)


@given(st.lists(st.sampled_from([char.encode() for char in UGLY] + BROKEN), max_size=14))
def test_bytes_that_are_no_text_are_cut_like_the_oracle(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    counts = {"天气": 3, "<N>": 1, "a天": 1}
    expected = cut_by_oracle(data.decode("utf-8", "surrogateescape"), counts, "|").encode("utf-8", "surrogateescape")
    assert segmenter_of(counts).cut_bytes(data, b"|") == expected


@given(st.binary(max_size=40), st.sampled_from([b"\x1f\x1f\x1f", b"//\xff//", "中间".encode()]))
def test_deleting_an_unused_separator_gives_any_bytes_back(data: bytes, separator: bytes) -> None:
    if separator not in data:
        assert segmenter_of({"天": 1}).cut_bytes(data, separator).replace(separator, b"") == data


@given(st.text(UGLY + "\ud800\udfff", max_size=14))
def test_words_and_spans_agree_and_cover_all_but_whitespace(text: str) -> None:
    segmenter = segmenter_of({"天气": 3, "气a": 1, "é": 1})
    cutting = segmenter.segment(text)
    assert cutting.words == segmenter.cut(text) == list(cutting)
    covered = [False] * len(text)
    for start, end in cutting.spans:
        assert start < end and not any(covered[start:end])
        covered[start:end] = [True] * (end - start)
    assert all(inside or char.isspace() for inside, char in zip(covered, text, strict=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \r\n", []),
        ("天", ["天"]),
        ("今天天气真好", ["今天", "天气", "真", "好"]),
        ("𠮷野家𠮷", ["𠮷野家", "𠮷"]),
        ("ＡＢＣ股１２３", ["ＡＢＣ", "股", "１２３"]),
        ("iPhone15Pro,3.14％!", ["iPhone", "15", "Pro", ",", "3.14％", "!"]),
        ("今天\r\n天气\n", ["今天", "天气"]),
        ("真——好……", ["真", "——", "好", "……"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),
        ("\ufeff今天", ["\ufeff", "今天"]),
    ],
)
def test_edges(text: str, words: list[str]) -> None:
    segmenter = segmenter_of({"今天": 3, "天气": 3, "𠮷野家": 2, "天天": 1})
    assert segmenter.cut(text) == words


def test_no_separator_stands_beside_whitespace() -> None:
    assert segmenter_of({}).cut_bytes("天 气\u3000真\n好，a\t".encode(), b"_").decode() == "天 气\u3000真\n好_，_a\t"


def test_ties_go_to_the_longer_word() -> None:
    # every word has count 1 of 1: ln p = 0, so all cuttings are equal
    assert segmenter_of({"甲乙": 1, "乙丙": 0, "甲乙丙": 0}).cut("甲乙丙") == ["甲乙丙"]


def test_an_unknown_unit_counts_as_seen_once() -> None:
    segmenter = segmenter_of({"甲": 10})
    (score, words), *rest = segmenter.nbest("甲乙", 3)
    assert words == ["甲", "乙"] and not rest
    assert score == pytest.approx(0.0 + -2.302585)  # ln 10/10 + ln 1/10


@given(st.text(PLAIN, max_size=10), words_of(PLAIN), st.lists(st.text(PLAIN, min_size=1, max_size=3), max_size=2))
def test_protected_words_are_never_cut(text: str, counts: dict[str, int], protect: list[str]) -> None:
    ends = {0}
    for word in segmenter_of(counts, protect=protect).cut(text):
        ends.add(max(ends) + len(word))
    spans = {(at, at + len(word)) for word in protect for at in range(len(text)) if text.startswith(word, at)}
    for start, end in spans:
        crossing = [span for span in spans if span != (start, end) and span[0] < end and start < span[1]]
        if not crossing:
            assert {start, end} <= ends and not any(start < inside < end for inside in ends)


def test_protected_words_may_hold_signs_and_spaces() -> None:
    segmenter = segmenter_of({"诺": 50, "贝尔": 50}, protect=["C++", ".NET", "New York", "诺贝尔·奖", "……吗"])
    words = segmenter.cut("C++和.NET，New York的诺贝尔·奖……吗+C")
    assert words == ["C++", "和", ".NET", "，", "New York", "的", "诺贝尔·奖", "……吗", "+", "C"]
    assert segmenter.segment("在New York").words == ["在", "New York"]
    assert segmenter.nbest("诺贝尔·奖", 1)[0][0] == pytest.approx(-4.60517)  # ln 1/100: without the bonus


def test_a_segmenter_can_be_pickled_and_shared_by_threads() -> None:
    segmenter = segmenter_of({"今天": 3, "天气": 3}, protect=["C++"])
    texts = [f"今天天气{n}C++" * (n % 7) for n in range(200)]
    expected = [segmenter.cut(text) for text in texts]
    again = pickle.loads(pickle.dumps(segmenter))
    assert [again.cut(text) for text in texts] == expected
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(segmenter.cut, texts)) == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: segmenter_of({}, units="word"), "units is 'word'; it must be one of run, char"),
        (lambda: segmenter_of({}).nbest("天", 0), "k is 0; it must be at least 1"),
        (lambda: segmenter_of({}).sample("天", -1.0), "alpha is -1.0; it must be a finite number of at least 0"),
        (lambda: segmenter_of({}).cut_bytes(b"a", b""), "the separator is empty"),
    ],
)
def test_mistakes_of_the_caller_are_named(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()


def test_a_str_is_no_collection_of_protected_words() -> None:
    with pytest.raises(TypeError, match="protect"):
        segmenter_of({}, protect="天气")


# files and streams


def cutter_of(counts: dict[str, int]) -> Cutter:
    lexicon = Lexicon.from_counts(counts)
    return Cutter(WordTrie.build(lexicon.words, *word_log_probs(lexicon.counts, lexicon.total)))


LONG_LINES = [
    "天气真好，" * 50 + "今天; 3,500 a.b c；。天气" * 30,
    "",
    "今天\r",
    " 天 ，气，",
    "a" * 300 + "天气" * 400,
]


@pytest.mark.parametrize("shard_size", [1, 7, 64, 1000])
@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_shards_and_workers_do_not_change_a_byte(tmp_path, shard_size: int, jobs: int) -> None:  # type: ignore[no-untyped-def]
    text = "\n".join(LONG_LINES * 2).encode() + b"\xff\xfe"
    path = tmp_path / "text.txt"
    path.write_bytes(text)
    cutter = cutter_of({"天气": 3, "今天": 2, "好": 1})
    written: list[bytes] = []
    with Corpus([path], shard_size=shard_size) as corpus:
        report = cut_corpus(cutter, corpus, lambda data: written.append(bytes(data)), jobs=jobs)
    expected = Segmenter(Lexicon.from_counts({"天气": 3, "今天": 2, "好": 1})).cut_bytes(text)
    assert b"".join(written) == expected
    assert report == InvalidBytes(2, f"{path}:10")


def test_a_file_is_cut_into_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    source, target = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_bytes("\ufeff今天天气\r\n真好".encode())
    segmenter_of({"今天": 1, "天气": 1, "真好": 1}).cut_file(source, target)
    assert target.read_bytes() == "\ufeff今天 天气\r\n真好".encode()
    assert os.listdir(tmp_path) == ["in.txt", "out.txt"] or sorted(os.listdir(tmp_path)) == ["in.txt", "out.txt"]


def test_files_follow_each_other_as_cat_has_them(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "1.txt").write_text("今天", encoding="utf-8")
    (tmp_path / "2.txt").write_text("天气 ", encoding="utf-8")
    (tmp_path / "3.txt").write_text("真", encoding="utf-8")
    segmenter_of({"今天": 1, "天天": 5}).cut_file(tmp_path, tmp_path.parent / "cut.txt", separator="|")
    assert (tmp_path.parent / "cut.txt").read_text(encoding="utf-8") == "今天|天|气 真"


def test_a_run_longer_than_a_block_is_cut_exactly() -> None:
    counts = {"甲乙": 2, "乙丙": 3, "丙丁": 2, "丁": 1, "甲乙丙丁戊": 1}
    text = "甲乙丙丁戊乙丙甲乙丙丁" * 3000
    assert segmenter_of(counts).cut(text)[:5000] == segmenter_of(counts).cut(text[:20000])[:5000]
    _, lengths = naive.best_cutting(list(text[:110]), naive.UnigramModel(counts))
    assert [len(word) for word in segmenter_of(counts).cut(text[:110])] == lengths


def test_words_that_overlap_without_end_need_a_larger_block() -> None:
    cut = segmenter_of({"甲甲": 2, "甲": 1}).cut("甲" * 50_001)
    assert Counter(cut) == {"甲甲": 25_000, "甲": 1}


def test_a_segmentation_knows_its_words() -> None:
    cutting = Segmentation("今天 天气", ((0, 2), (3, 5)))
    assert cutting.words == ["今天", "天气"] and len(cutting) == 2


# the plain-Python cutter


@given(
    st.lists(st.sampled_from([char.encode() for char in UGLY] + BROKEN), max_size=12),
    st.one_of(words_of(IN_WORDS), st.dictionaries(st.lists(CLASSES, min_size=1, max_size=4).map("".join), COUNTS)),
    st.sampled_from(["run", "char"]),
    st.lists(st.text(IN_WORDS + " ", min_size=1, max_size=3), max_size=2),
    st.booleans(),
)
def test_plain_python_and_kernels_give_the_same_bytes(
    pieces: list[bytes], counts: dict[str, int], units: str, protect: list[str], space_before: bool
) -> None:
    data = np.frombuffer(b"".join(pieces), dtype=np.uint8)
    segmenter = segmenter_of(counts, units=units, protect=protect)
    fast = segmenter.cutter.cut(data, b"|", space_before=space_before)
    plain = ReadableCutter(segmenter.lexicon, units, segmenter.protect).cut(data, b"|", space_before=space_before)
    assert plain.data.tobytes() == fast.data.tobytes()
    assert plain[1:] == fast[1:]


def test_short_text_is_cut_without_kernels_and_more_of_it_with_them(tmp_path) -> None:  # type: ignore[no-untyped-def]
    lexicon = tmp_path / "words.txt"
    lexicon.write_text("今天 3\n天气 3\n", encoding="utf-8")
    code = (
        "import sys\nfrom minent.cli import main\n"
        f"main(['segment', '-q', '-l', {str(lexicon)!r}])\n"
        "print('numba' in sys.modules)"
    )
    for lines, loaded in ((3, "False"), (8000, "True")):
        text = "今天天气\n" * lines
        result = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, encoding="utf-8")
        assert result.stdout == "今天 天气\n" * lines + loaded + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["people_daily_199801.txt", "hongloumeng.txt"])
def test_runs_of_han_are_cut_as_jieba_cuts_them_with_its_words(real_text, name: str) -> None:  # type: ignore[no-untyped-def]
    jieba = pytest.importorskip("jieba")
    words = real_text("jieba_dict.txt")
    tokenizer = jieba.Tokenizer(str(words))
    runs = re.findall("[\u4e00-\u9fd5]{2,}", real_text(name).read_text(encoding="utf-8"))[:30_000]
    segmenter = Segmenter(load_lexicon(words))
    ours = segmenter.cut_bytes("\n".join(runs).encode()).decode().split("\n")
    different = [run for run, cut in zip(runs, ours, strict=True) if cut.split(" ") != tokenizer.lcut(run, HMM=False)]
    assert different == []
