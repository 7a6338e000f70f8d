"""The unknown-word model: cuttings against enumeration, its file and what may be wrong with it, the commands."""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import naive
import naive_unknown
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.cli import main
from minent.corpus.sources import Corpus
from minent.discovery import build_lexicon
from minent.errors import LexiconError
from minent.lexicon import Lexicon, load_lexicon
from minent.segmentation import Segmenter
from minent.segmentation.stream import cut_corpus
from minent.unknown_model import UnknownModel, model_path

RUN_TEXTS = ["天", "气", "真", "好", "ab"]
CHARACTER_TEXTS = ["天", "气", "真", "a", "3"]


def example(seed: int, whole_runs: bool = True, scale: int = 1) -> tuple[UnknownModel, Lexicon]:
    """A model with weights drawn at random, and a lexicon of its words with some beside them."""
    random = np.random.default_rng(seed)
    texts = ("", "<N>", "<L>", "", *(RUN_TEXTS if whole_runs else CHARACTER_TEXTS))
    width = len(texts)
    units = random.uniform(0.02, 1.5, (width, 8)).astype(np.float32)
    units[3, [1, 2, 3]] = 0  # the text had no rare character
    scalars = np.array([0.5, 30.0 * scale, 0.8, 0.3, 0.1, 0.6, 0.4, 0.3])
    pairs = sorted({tuple(pair) for pair in random.integers(1, width, (20, 2)).tolist()})
    words: dict[tuple[int, ...], int] = {}
    for _ in range(12):
        word = tuple(random.choice(len(pairs), 1).tolist()[0:1])
        string = list(pairs[word[0]])
        while len(string) < 4 and random.random() < 0.6:
            following = [right for left, right in pairs if left == string[-1]]
            if not following:
                break
            string.append(int(random.choice(following)))
        words[tuple(string[: int(random.integers(1, 5))])] = int(random.integers(1, 9))
    keys = {sum(unit << 16 * k for k, unit in enumerate(reversed(word))): count for word, count in words.items()}
    model = UnknownModel(
        whole_runs,
        texts,
        units,
        scalars,
        np.array([left << 16 | right for left, right in pairs], np.uint32),
        random.uniform(0.01, 2.0, (len(pairs), 2)).astype(np.float32),
        np.array(sorted(keys), np.uint64),
        np.array([keys[key] for key in sorted(keys)], np.int64),
    )
    named = {"".join(texts[unit] for unit in word): count for word, count in words.items() if 3 not in word}
    return model, Lexicon(list(named), list(named.values()), model=model)


def naive_model(model: UnknownModel, lexicon: Lexicon, protect: list[str]) -> naive_unknown.Model:
    words = {}
    for key, count in zip(model.words.tolist(), model.word_counts.tolist(), strict=True):
        string = tuple(key >> shift & 0xFFFF for shift in (48, 32, 16, 0))
        words[tuple(unit for unit in string if unit)] = count
    known = {"".join(model.texts[unit] for unit in string) for string in words if 3 not in string}
    counts = dict(zip(lexicon.words, lexicon.counts.tolist(), strict=True))
    beside = {word: count for word, count in counts.items() if word not in known}
    pairs = zip(model.pairs.tolist(), model.pair_factors.tolist(), strict=True)
    return naive_unknown.Model(
        model.whole_runs,
        list(model.texts),
        model.units.tolist(),
        model.scalars.tolist(),
        {(pair >> 16, pair & 0xFFFF): (spelling, expert) for pair, (spelling, expert) in pairs},
        words,
        {**beside, **{word: beside.get(word, 0) for word in protect}},
        frozenset(protect),
    )


def with_words(lexicon: Lexicon, counts: dict[str, int]) -> Lexicon:
    merged = {**dict(zip(lexicon.words, lexicon.counts.tolist(), strict=True)), **counts}
    return Lexicon(list(merged), list(merged.values()), model=lexicon.model)


# cuttings

BESIDE = st.dictionaries(
    st.sampled_from(["天气真好天", "气<N>天好真好", "好，天", "ab真ab真ab", "真𠮷", "𠮷", "<L>++", "天天"]),
    st.integers(0, 40),
    max_size=3,
)
PROTECT = st.lists(st.sampled_from(["a++", "天气", "好 真", "天气真好天气", "好", "3"]), max_size=2)


@settings(max_examples=300)
@given(st.integers(0, 40), st.booleans(), st.text("天气真好ab3，+ 𠮷", max_size=9), BESIDE, PROTECT)
def test_the_best_cutting_has_the_largest_product_of_weights(
    seed: int, whole_runs: bool, text: str, beside: dict[str, int], protect: list[str]
) -> None:
    model, lexicon = example(seed, whole_runs)
    if not whole_runs:
        beside = {word: count for word, count in beside.items() if "<" not in word}
    lexicon = with_words(lexicon, beside)
    segmenter = Segmenter(lexicon, units="run" if whole_runs else "char", protect=protect)
    oracle = naive_model(model, lexicon, protect)
    cuttings = naive_unknown.all_cuttings(naive.split_text(text, whole_runs), oracle)
    scores: dict[tuple[str, ...], float] = {}
    for score, words in cuttings:
        key = tuple(word for word in words if not word.isspace())
        scores[key] = max(score, scores.get(key, -math.inf))
    best = max(scores.values())
    tolerance = 1e-4 + 1e-9 * abs(best)
    assert scores[tuple(segmenter.cut(text))] == pytest.approx(best, abs=tolerance)
    if not protect:
        for found, words in segmenter.nbest(text, 3):
            assert scores[tuple(words)] == pytest.approx(found, abs=tolerance)


def test_a_string_that_is_no_word_can_win() -> None:
    model, lexicon = example(0)
    oracle = naive_model(model, lexicon, [])
    words = {word for text in ("天气真好", "好好天天", "真气ab") for word in Segmenter(lexicon).cut(text)}
    assert any(len(oracle.texts) > 1 and word not in lexicon and len(word) > 1 for word in words)
    assert Segmenter(lexicon, unknown_model=False).cut("天气真好") == Segmenter(
        Lexicon(lexicon.words, lexicon.counts)
    ).cut("天气真好")


@given(st.binary(max_size=40), st.integers(0, 5))
def test_deleting_an_unused_separator_gives_any_bytes_back(data: bytes, seed: int) -> None:
    if b"//\xff//" not in data:
        segmenter = Segmenter(example(seed)[1])
        assert segmenter.cut_bytes(data, b"//\xff//").replace(b"//\xff//", b"") == data


@given(st.text("天气a3.%é\u0301\u200d—…，<N>\0\r\n\u3000𠮷", max_size=14))
def test_tokens_follow_the_same_rules_as_without_a_model(text: str) -> None:
    segmenter = Segmenter(example(3)[1])
    cutting = segmenter.segment(text)
    assert cutting.words == segmenter.cut(text)
    elements = naive.split_text(text)
    ends = {0}
    for element in elements:
        ends.add(max(ends) + len(element))
    assert {place for span in cutting.spans for place in span} <= ends  # no run of letters or of one sign is cut
    for word in cutting.words:  # a sign is a word of its own, with the marks on it
        parts = [part for part in naive.split_text(word) if part not in naive.MARKS]
        assert len(parts) <= 1 or all(naive.UNIT.match(part) for part in parts)


def test_a_run_longer_than_many_blocks_is_cut_as_a_whole() -> None:
    random = np.random.default_rng(1)
    text = "".join(random.choice(list("天气真好𠮷3"), 20_000))
    for seed in range(5):
        segmenter = Segmenter(example(seed)[1])
        assert segmenter.cut(text) == segmenter.nbest(text, 1)[0][1]


@pytest.mark.parametrize("sample", [None, 0.7])
@pytest.mark.parametrize("shard_size", [1, 64, 1000])
@pytest.mark.parametrize("jobs", [1, 3])
def test_shards_and_workers_do_not_change_a_byte(
    tmp_path: Path, shard_size: int, jobs: int, sample: float | None
) -> None:
    from minent.segmentation.cuts import BEST, Sampling

    random = np.random.default_rng(2)
    text = "".join(random.choice(list("天气真好𠮷3，\n ab"), 3_000)) + "天气好" * 3_000
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode() + b"\xff")
    segmenter = Segmenter(example(1)[1], protect=["好天气"])
    sampling = BEST if sample is None else Sampling.by_seed(sample, 5)
    whole = segmenter.cutter.cut(np.frombuffer(path.read_bytes(), np.uint8), b"|", sampling=sampling)
    written: list[bytes] = []
    with Corpus([path], shard_size=shard_size) as corpus:
        cut_corpus(
            segmenter.cutter, corpus, lambda data: written.append(bytes(data)), separator=b"|", jobs=jobs,
            sampling=sampling,
        )  # fmt: skip
    assert b"".join(written) == whole.data.tobytes()


def test_cuttings_are_drawn_by_their_weights() -> None:
    model, lexicon = example(4)
    segmenter = Segmenter(lexicon)
    cuttings = naive_unknown.all_cuttings(list("天气真"), naive_model(model, lexicon, []))
    shares = {tuple(words): math.exp(score * 0.5) for score, words in cuttings}
    drawn = Counter(tuple(segmenter.sample("天气真", 0.5, seed)) for seed in range(4000))
    total = sum(shares.values())
    distance = sum((drawn[words] - 4000 * p / total) ** 2 / (4000 * p / total) for words, p in shares.items())
    assert len(shares) == 4 and distance < 16.3  # chi-square, 3 degrees of freedom, one in a thousand
    words = dict(segmenter.confidence("天气真"))
    total = sum(math.exp(score) for score, _ in cuttings)
    for word, share in words.items():
        expected = sum(math.exp(score) for score, words in cuttings if word in words) / total
        assert share == pytest.approx(expected, rel=1e-4)


def test_a_model_is_used_for_its_own_units_only() -> None:
    _, lexicon = example(0)
    assert Segmenter(lexicon).model is lexicon.model
    assert Segmenter(lexicon, units="char").model is None
    assert Segmenter(lexicon, unknown_model=False).model is None


def test_a_segmenter_with_a_model_can_be_pickled() -> None:
    segmenter = Segmenter(example(2)[1], protect=["好好"])
    again = pickle.loads(pickle.dumps(segmenter))
    text = "天气真好好天气" * 30
    assert again.cut(text) == segmenter.cut(text)
    without = pickle.loads(pickle.dumps(Segmenter(segmenter.lexicon, unknown_model=False)))
    assert without.model is None


# the file


def test_a_lexicon_and_its_model_are_saved_and_loaded_together(tmp_path: Path) -> None:
    for seed, whole_runs in ((0, True), (1, False)):
        model, lexicon = example(seed, whole_runs)
        path = tmp_path / "x.tsv"
        lexicon.save(path)
        assert sorted(file.name for file in tmp_path.iterdir()) == ["x.model.npz", "x.tsv"]
        content = (tmp_path / "x.model.npz").read_bytes()
        again = load_lexicon(path)
        assert again == lexicon and again.model is not None
        assert again.model.to_bytes(lexicon.digest()) == content == model.to_bytes(lexicon.digest())
        assert again.model.texts == model.texts and again.model.whole_runs == whole_runs
        assert load_lexicon(path, with_model=False).model is None
        with np.load(tmp_path / "x.model.npz", allow_pickle=False) as arrays:  # NumPy's own reader agrees
            assert np.array_equal(arrays["words"], model.words)


def test_the_name_of_the_model_follows_that_of_the_lexicon() -> None:
    assert model_path("a/x.tsv") == "a/x.model.npz"
    assert model_path("words.txt") == "words.txt.model.npz"


def test_a_model_never_stays_beside_a_lexicon_that_has_none(tmp_path: Path) -> None:
    _, lexicon = example(0)
    lexicon.save(tmp_path / "x.tsv")
    Lexicon(lexicon.words, lexicon.counts).save(tmp_path / "x.tsv")
    assert [file.name for file in tmp_path.iterdir()] == ["x.tsv"]
    foreign = tmp_path / "x.model.npz"
    np.savez(foreign, something=np.arange(3))  # not ours
    Lexicon(lexicon.words, lexicon.counts).save(tmp_path / "x.tsv")
    assert foreign.exists()


def test_a_model_of_another_lexicon_is_ignored(tmp_path: Path) -> None:
    _, lexicon = example(0)
    lexicon.save(tmp_path / "x.tsv")
    text = (tmp_path / "x.tsv").read_text(encoding="utf-8")
    (tmp_path / "x.tsv").write_text(text + "新词\t1\t0\n", encoding="utf-8")
    assert load_lexicon(tmp_path / "x.tsv").model is None


def test_changed_lexicons_have_no_model_and_more_columns_keep_it() -> None:
    _, lexicon = example(0)
    assert lexicon.mark_new([]).model is lexicon.model
    assert lexicon.filter([True] * len(lexicon)).model is None


def rewritten(data: bytes, change: Callable[[dict[str, bytes]], object], compression: int = 0) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def replaced(name: str, array: np.ndarray) -> Callable[[bytes], bytes]:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return lambda data: rewritten(data, lambda members: members.update({f"{name}.npy": buffer.getvalue()}))


def huge_shape(data: bytes) -> bytes:
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (1 << 60, 8)})
    return rewritten(data, lambda members: members.update({"units.npy": member.getvalue()}))


DAMAGE: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("empty", lambda data: b"", "not a whole word model"),
    ("truncated", lambda data: data[: len(data) // 2], "not a whole word model"),
    ("without its end", lambda data: data[:-1], "not a whole word model"),
    ("a flipped byte", lambda data: flipped(data, data.index(b"units.npy") + 200), "not a whole word model"),
    ("not an archive", lambda data: b"PK" + b"x" * 500, "not a whole word model"),
    ("a member less", lambda data: rewritten(data, lambda m: m.pop("pairs.npy")), "not a whole word model"),
    ("compressed", lambda data: rewritten(data, lambda m: None, zipfile.ZIP_DEFLATED), "is compressed"),
    ("pickled objects", replaced("units", np.array([{}, []], dtype=object)), "units is of type object"),
    ("another type", replaced("units", np.zeros((9, 8))), "units is of type float64, not float32"),
    ("another order", replaced("units", np.asfortranarray(np.zeros((9, 8), np.float32))), "units is of type"),
    ("another shape", replaced("units", np.zeros((9, 7), np.float32)), "units has the shape (9, 7)"),
    ("no dimension", replaced("scalars", np.array(1.0)), "scalars has the shape ()"),
    ("a huge shape", huge_shape, "units has the shape (1152921504606846976, 8) and 0 bytes"),
    ("rows too few", replaced("units", np.ones((8, 8), np.float32)), "units has 8 rows, not 9"),
    ("not finite", replaced("units", np.full((9, 8), np.inf, np.float32)), "units has a value that is not finite"),
    ("negative", replaced("scalars", np.full(8, -1.0)), "scalars has a value that is not finite and at least 0"),
    ("no total", replaced("scalars", np.zeros(8)), "the total is not above 0"),
    ("a later format", replaced("minent_word_model", np.array([2, 1])), "word model format 2, this minent reads"),
    (
        "texts of signs",
        replaced("texts", np.frombuffer("\n<N>\n<L>\n\n，\n气\n真\n好\nab".encode(), np.uint8)),
        "units",
    ),
    (
        "texts twice",
        replaced("texts", np.frombuffer("\n<N>\n<L>\n\n气\n气\n真\n好\nab".encode(), np.uint8)),
        "distinct",
    ),
    ("texts not UTF-8", replaced("texts", np.array([255], np.uint8)), "not a whole word model"),
    ("counts of 0", lambda data: replaced("word_counts", np.zeros(count_of(data, "words"), np.int64))(data), "below 1"),
    ("words that fall", lambda data: replaced("words", falling(data))(data), "words are not ascending"),
    ("a unit too many", lambda data: replaced("words", high(data))(data), "words have a unit that is not there"),
    ("a pair unknown", lambda data: replaced("pairs", shifted(data))(data), "words have a pair that is not in pairs"),
]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


def array_of(data: bytes, name: str) -> np.ndarray:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return arrays[name]


def count_of(data: bytes, name: str) -> int:
    return len(array_of(data, name))


def falling(data: bytes) -> np.ndarray:
    return array_of(data, "words")[::-1].copy()


def high(data: bytes) -> np.ndarray:
    return np.append(array_of(data, "words")[:-1], np.uint64(0xFFFF << 48 | 0xFFFF << 32 | 0xFFFF << 16 | 0xFFFF))


def shifted(data: bytes) -> np.ndarray:
    """As many pairs as before, all of one first unit that no word has there."""
    size = count_of(data, "pairs")
    return np.array(sorted([left << 16 | right for left in (3, 1, 2) for right in range(1, 9)][:size]), np.uint32)


@pytest.mark.parametrize(("damage", "problem"), [row[1:] for row in DAMAGE], ids=[row[0] for row in DAMAGE])
def test_a_damaged_model_is_told(tmp_path: Path, damage: Callable[[bytes], bytes], problem: str) -> None:
    _, lexicon = example(0)
    lexicon.save(tmp_path / "x.tsv")
    path = tmp_path / "x.model.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(LexiconError) as caught:
        load_lexicon(tmp_path / "x.tsv")
    assert str(caught.value).startswith(f"{path}: ") and problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert load_lexicon(tmp_path / "x.tsv", with_model=False) == lexicon


def test_a_model_of_zeros_still_cuts(tmp_path: Path) -> None:
    model, lexicon = example(0)
    zeros = UnknownModel(
        True, model.texts, model.units * 0, np.array([0, 1.0, 0, 0, 0, 0, 0, 0]), model.pairs, model.pair_factors * 0,
        model.words, model.word_counts,
    )  # fmt: skip
    segmenter = Segmenter(Lexicon(lexicon.words, lexicon.counts, model=zeros), protect=["天气"])
    assert "".join(segmenter.cut("天气真好ab3𠮷，" * 3)) == "天气真好ab3𠮷，" * 3


# the commands

LINES = ["从2001年到2008年，北京的天气真好；", "科学技术是第一生产力，天气真好", "今天天气真好，北京的科学技术"] * 30


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("\n".join(LINES), encoding="utf-8")
    assert main(["build-lexicon", "-q", "text.txt", "-o", "x.tsv"]) == 0
    return tmp_path


def test_a_small_text_gives_a_model_beside_its_lexicon(folder: Path) -> None:
    content = (folder / "x.model.npz").read_bytes()
    assert main(["build-lexicon", "-q", "-j", "2", "text.txt", "-o", "x.tsv"]) == 0
    assert (folder / "x.model.npz").read_bytes() == content
    model = load_lexicon(folder / "x.tsv").model
    assert model is not None
    assert build_lexicon(["\n".join(LINES)]).model.to_bytes("") == model.to_bytes("")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "options",
    [["--recipe", "plain"], ["--max-length", "2"], ["--split-suffixes"], ["--ban", "ban.txt"], ["--min-length", "2"]],
)
def test_a_lexicon_with_something_left_out_has_no_model(folder: Path, options: list[str]) -> None:
    (folder / "ban.txt").write_text("天气\n", encoding="utf-8")
    assert main(["build-lexicon", "-q", "text.txt", "-o", "x.tsv", *options]) == 0
    assert not (folder / "x.model.npz").exists()


def test_nothing_stands_beside_stdout(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    before = sorted(folder.iterdir())
    assert main(["build-lexicon", "-q", "text.txt", "-o", "-"]) == 0
    assert main(["build-lexicon", "-q", "text.txt", "-o", "/dev/null"]) == 0
    assert sorted(folder.iterdir()) == before and not Path("/dev/null.model.npz").exists()


def test_segment_uses_the_model_unless_told_not_to(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def run(*options: str) -> str:
        assert main(["segment", "text.txt", "-l", "x.tsv", *options]) == 0
        return capfdbinary.readouterr().out.decode()

    lexicon = load_lexicon("x.tsv")
    text = "\n".join(LINES).encode()
    assert run() == Segmenter(lexicon).cut_bytes(text).decode()
    assert run("--no-unknown-model") == Segmenter(lexicon, unknown_model=False).cut_bytes(text).decode()
    spans = [Segmenter(lexicon).segment(line).spans for line in LINES]
    assert run("--format", "spans").split("\n")[0] == " ".join(f"{start}-{end}" for start, end in spans[0])


def test_a_foreign_or_damaged_model_is_told(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with open("x.tsv", "a", encoding="utf-8") as file:
        file.write("新词\t1\t0\t\t\t\t\n")
    assert main(["segment", "text.txt", "-l", "x.tsv"]) == 0
    assert "x.model.npz belongs to another lexicon and is not used" in capfdbinary.readouterr().err.decode()
    Path("x.model.npz").write_bytes(b"PK")
    assert main(["segment", "text.txt", "-l", "x.tsv"]) == 1
    assert "x.model.npz: not a whole word model; remove it" in capfdbinary.readouterr().err.decode()
    assert main(["segment", "text.txt", "-l", "x.tsv", "--no-unknown-model", "-q"]) == 0


def test_the_weights_of_a_lexicon_are_those_of_its_model() -> None:
    lexicon = build_lexicon(["\n".join(LINES)])
    assert lexicon.model is not None
    model = naive_model(lexicon.model, lexicon, [])
    for word, text in zip(lexicon.words, lexicon.columns["weight"], strict=True):
        units = tuple(map(model.unit, naive.split_elements(word, True)))
        if len(units) > 4:
            assert text == ""
        else:
            assert float(text) == pytest.approx(math.log(model.weight(units)), abs=1e-3 * max(1.0, abs(float(text))))
