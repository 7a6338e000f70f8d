"""The neural segmenter learns, goes on, is loaded, cuts, and finds words, by the commands that users run."""

from __future__ import annotations

import io
import itertools
import json
import math
import os
import pickle
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

import naive_segment  # noqa: E402
import numpy as np  # noqa: E402
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from minent import build_lexicon  # noqa: E402
from minent.cli import main  # noqa: E402
from minent.corpus.encodings import InvalidBytes  # noqa: E402
from minent.corpus.sources import Corpus  # noqa: E402
from minent.errors import CorpusError, MinentError  # noqa: E402
from minent.kernels.boundaries import admit_strings  # noqa: E402
from minent.lexicon import Lexicon, load_lexicon  # noqa: E402
from minent.neural.segment import elements as elements_module  # noqa: E402
from minent.neural.segment import load, load_segmenter  # noqa: E402
from minent.neural.segment.cutter import NeuralCutter  # noqa: E402
from minent.neural.segment.elements import (  # noqa: E402
    EDGE,
    FIRST,
    LATIN,
    NUMBER,
    RARE,
    SIGN,
    SPACE,
    ElementReader,
    Elements,
    folds_of,
)
from minent.neural.segment.lattice import boundary_shares  # noqa: E402
from minent.neural.segment.segmenter import NeuralSegmenter  # noqa: E402
from minent.neural.segment.settings import TRAINING, CuttingSettings, LearningSettings  # noqa: E402
from minent.neural.segment.tagger import TaggerConfig, Taggers  # noqa: E402
from minent.neural.segment.task import TaggerTask  # noqa: E402
from minent.neural.segment.text import NOTHING, STEPS, code_text, count_characters, strings_around  # noqa: E402
from minent.segmentation import Segmenter  # noqa: E402

GIVEN = "甲乙丙丁戊己庚辛"
NEW = ["王甲辛", "王辛甲", "王丁戊", "王戊丁"]  # in the text, but not in the lexicon
NAMES = ["王" + "".join(pair) for pair in itertools.permutations(GIVEN, 2) if "王" + "".join(pair) not in NEW]
WORDS = ["天气", "真好", "来了", "说"]
SIZES = ["dim=24", "character_dim=12", "pair_dim=4", "pairs=64", "layers=2", "dropout=0", "window=32", "min_count=1"]


def write_text(path: Path, lines: int, seed: int) -> Path:
    """Lines of a name, the words that may follow it, and punctuation; one name in fifty is a new one."""
    rng = np.random.default_rng(seed)
    with open(path, "w", encoding="utf-8") as stream:
        for _ in range(lines):
            names = NEW if rng.random() < 0.02 else NAMES
            stream.write(f"{rng.choice(names)}{rng.choice(WORDS)}，{rng.choice(WORDS)}{rng.choice(names)}\n")
    return path


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_text(tmp_path_factory.mktemp("text") / "corpus.txt", 600, 0)


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lexicon") / "lexicon.tsv"
    counts = {word: 200 for word in WORDS} | {name: 15 for name in NAMES} | {"王": 3} | {mark: 3 for mark in GIVEN}
    Lexicon.from_counts(counts).save(path)
    return path


def train(text: Path, lexicon: Path, folder: Path, *options: str) -> int:
    sizes = [option for size in SIZES for option in ("--set", size)]
    common = ["-l", str(lexicon), "-o", str(folder), "--threads", "1", "--batch-size", "16", "-q", *sizes]
    return main(["neural", "segment", "train", str(text), *common, *options])


@pytest.fixture(scope="module")
def trained(text: Path, lexicon: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "segmenter"
    assert train(text, lexicon, folder, "--epochs", "4", "--learning-rate", "0.01", "--set", "warmup=10") == 0
    return folder


def command(name: str, folder: Path, *arguments: str) -> int:
    return main(["neural", "segment", name, str(folder), *arguments, "--threads", "1", "-q"])


@st.composite
def lattices(draw: st.DrawFn) -> tuple[int, list[naive_segment.Arc]]:
    """Elements, and arcs between them: all of one element, some longer."""
    count = draw(st.integers(1, 7))
    spans = [(start, end) for start, end in itertools.combinations(range(count + 1), 2)]
    kept = [span for span in spans if span[1] - span[0] == 1 or draw(st.booleans())]
    values = draw(st.lists(st.floats(-6, 2), min_size=len(kept), max_size=len(kept)))
    return count, [(start, end, value) for (start, end), value in zip(kept, values, strict=True)]


def packed(count: int, arcs: Sequence[naive_segment.Arc]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ordered = sorted(arcs, key=lambda arc: (arc[0], -arc[1]))
    arc_ptr = np.searchsorted([start for start, _, _ in ordered], np.arange(count + 1)).astype(np.int64)
    lengths = np.array([end - start for start, end, _ in ordered], dtype=np.int32)
    return arc_ptr, lengths, np.array([value for _, _, value in ordered], dtype=np.float64)


@given(lattices(), st.data(), st.integers(0, 5))
def test_strings_that_are_no_words_are_those_that_the_taggers_admit(
    lattice: tuple[int, list[naive_segment.Arc]], data: st.DataObject, longest: int
) -> None:
    count, arcs = lattice
    units = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    odds = data.draw(st.lists(st.sampled_from([-2.0, -0.5, 0.0, 1.5]), min_size=count, max_size=count))
    limit = data.draw(st.sampled_from([-np.inf, -1.0, 0.0, 1.0, np.inf]))
    words = [arc for arc in arcs if data.draw(st.booleans())]
    given = (packed(count, arcs), packed(count, words)[:2], np.array(units), np.array(odds), limit, longest, -7.5)
    arc_ptr = np.empty(count + 1, dtype=np.int64)
    size = admit_strings(*given, arc_ptr, np.empty(0, dtype=np.int32), np.empty(0))
    lengths, values = np.empty(size, dtype=np.int32), np.empty(size)
    assert admit_strings(*given, arc_ptr, lengths, values) == size
    starts = np.repeat(np.arange(count), np.diff(arc_ptr))
    found = list(zip(starts.tolist(), (starts + lengths).tolist(), values.tolist(), strict=True))
    spans = {(start, end) for start, end, _ in words}
    assert found == naive_segment.strings_admitted(arcs, spans, units, odds, limit, longest, -7.5)


@given(lattices())
def test_the_probability_of_a_boundary_is_that_of_all_cuttings_with_it(
    lattice: tuple[int, list[naive_segment.Arc]],
) -> None:
    count, arcs = lattice
    wanted = naive_segment.boundary_probabilities(arcs, count)
    assert boundary_shares(packed(count, arcs)).tolist() == pytest.approx(wanted, abs=1e-9)


def test_elements_have_ids_of_their_kind() -> None:
    reader = ElementReader("天，")
    data = np.frombuffer("天地 ，。3.14％A股\n……\n".encode() + b"\xff\xfe", dtype=np.uint8)
    found = reader.read(data)
    assert found.ids.tolist() == [FIRST, RARE, SPACE, FIRST + 1, SIGN, NUMBER, LATIN, RARE, EDGE, SIGN, EDGE, SIGN]
    assert data[found.starts[5] : found.starts[6]].tobytes().decode() == "3.14％"
    assert np.flatnonzero(reader.is_unit(found.ids)).tolist() == [0, 1, 5, 6, 7]


def test_targets_are_the_lexicons_boundaries_between_units(text: Path, lexicon: Path) -> None:
    with Corpus([text]) as corpus:
        counts = count_characters(corpus)
        reader = ElementReader(counts.frequent(1))
        coded = code_text(corpus, reader, Segmenter(load_lexicon(lexicon)).cutter, 3, counts.size, 1 << 30)
    assert counts.size == coded.bytes_read == text.stat().st_size
    first = text.read_text(encoding="utf-8").splitlines()[0]
    told = coded.targets[: len(first)]
    assert (coded.ids[: len(first)] >= FIRST).all()
    assert coded.ids[len(first) : len(first) + 3].tolist() == [EDGE] * 3
    comma = first.index("，")
    assert np.flatnonzero(told == NOTHING).tolist() == [0, comma, comma + 1]
    words = Segmenter(load_lexicon(lexicon)).segment(first).spans
    starts = {start for start, _ in words}
    sure = [k for k in range(len(first)) if told[k] != NOTHING]
    assert len(sure) == len(first) - 3
    assert all((told[k] > 0.9 * STEPS) == (k in starts) for k in sure)


def test_equal_strings_have_one_fold_whether_they_are_cut_or_not() -> None:
    ids = np.array([9, 8, 7, 9, 8, 7, 7], dtype=np.int32)
    first, last = strings_around(np.array([0, 2, 3, 6]), 7, np.array([1, 2, 4, 5, 6]))
    assert list(zip(first.tolist(), last.tolist(), strict=True)) == [(0, 2), (0, 3), (3, 6), (3, 6), (3, 7)]
    folds = folds_of(ids, first, last)
    assert folds[1] == folds[2] == folds[3]
    many = folds_of(np.arange(1000, dtype=np.int32), np.arange(999), np.arange(1, 1000))
    assert set(many.tolist()) == {0, 1}
    assert 400 < many.sum() < 600


def test_a_tagger_learns_from_its_own_fold_only(text: Path, lexicon: Path) -> None:
    with Corpus([text]) as corpus:
        counts = count_characters(corpus)
        model = Taggers(TaggerConfig(counts.frequent(1), dim=8, character_dim=8, pair_dim=4, pairs=16, layers=1))
        reader = ElementReader(model.config.characters)
        coded = code_text(corpus, reader, Segmenter(load_lexicon(lexicon)).cutter, model.before, counts.size, 1 << 30)
    task = TaggerTask(model, coded, TRAINING, LearningSettings(window=16), torch.device("cpu"))
    ids, targets, folds = task.batch(0)
    loss, _, _ = task.loss((ids, torch.where(folds == 1, -1.0, targets), folds))
    loss.backward()
    gradients = [member.head.weight.grad for member in model.members]
    assert gradients[0].abs().sum() > 0
    assert gradients[1].abs().sum() == 0


def test_of_a_large_corpus_evenly_spread_pieces_are_read(
    text: Path, lexicon: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elements_module.blocks, "__defaults__", (256,))
    with Corpus([text]) as corpus:
        counts = count_characters(corpus)
        cutter = Segmenter(load_lexicon(lexicon)).cutter
        coded = code_text(corpus, ElementReader("天"), cutter, 3, counts.size, counts.size // 4)
    assert 0.2 < coded.bytes_read / counts.size <= 0.25


def test_invalid_bytes_are_counted_in_pieces_that_are_not_learned_from_too(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elements_module.blocks, "__defaults__", (256,))
    lines = text.read_bytes().splitlines(keepends=True)
    lines[3] = b"\xff" + lines[3]
    (tmp_path / "broken.txt").write_bytes(b"".join([*lines, b"\xfe"]))
    with Corpus([tmp_path / "broken.txt"]) as corpus:
        found = count_characters(corpus)
    assert found.invalid == InvalidBytes(2, f"{tmp_path}/broken.txt:4")
    with Corpus([tmp_path / "broken.txt"], errors="strict") as corpus, pytest.raises(CorpusError, match=r"txt:4: not"):
        count_characters(corpus)
    with Corpus([text]) as corpus:
        whole = count_characters(corpus)
        assert whole.invalid is None and whole.frequent(1) == found.frequent(1)


def test_new_names_are_words_although_the_lexicon_has_not_got_them(trained: Path, lexicon: Path) -> None:
    segmenter = load_segmenter(trained)
    for name in NEW:
        sentence = f"{name}天气，真好{name}"
        assert Segmenter(load_lexicon(lexicon)).cut(sentence) != [name, "天气", "，", "真好", name]
        assert segmenter.cut(sentence) == [name, "天气", "，", "真好", name]


def test_the_folder_holds_what_loads_alone(trained: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "lexicon.tsv"):
        shutil.copy(trained / name, tmp_path)
    model = load(tmp_path)
    ids = torch.randint(0, FIRST, (2, 30))
    with torch.no_grad():
        assert model(ids).shape == (2, 2, 30 - model.before - model.after)
    assert not model.training
    assert load_segmenter(tmp_path).cut("王甲乙说") == ["王甲乙", "说"]


def test_where_no_string_is_admitted_the_lexicon_alone_cuts(
    trained: Path, text: Path, lexicon: Path, tmp_path: Path
) -> None:
    ours, plain = tmp_path / "ours.txt", tmp_path / "plain.txt"
    assert command("cut", trained, str(text), "-o", str(ours), "--limit", "-inf") == 0
    assert main(["segment", str(text), "-l", str(lexicon), "-o", str(plain), "-q"]) == 0
    assert ours.read_bytes() == plain.read_bytes()


def test_strings_of_the_unknown_word_model_are_judged(trained: Path, text: Path) -> None:
    lexicon = build_lexicon(text.read_text(encoding="utf-8").splitlines()[:200])
    assert lexicon.model is not None
    taggers = load(trained)
    line = "王甲辛天气，王天说丁戊真好来了\n" * 3
    every = NeuralSegmenter(taggers, lexicon, CuttingSettings(math.inf))
    assert every.cut(line) == Segmenter(lexicon).cut(line)
    shares = [share for _, share in Segmenter(lexicon).confidence(line)]
    assert [share for _, share in every.confidence(line)] == pytest.approx(shares)
    none = NeuralSegmenter(taggers, lexicon, CuttingSettings(-math.inf))
    assert all(len(word) == 1 or word in lexicon for word in none.cut(line))
    some = NeuralSegmenter(taggers, lexicon).lattice(np.frombuffer(line.encode(), dtype=np.uint8))
    sizes = [len(each.lattice(some.data).arc_values) for each in (none, every)]
    assert sizes[0] < len(some.arc_values) < sizes[1]


HARD = (
    "\ufeff王甲乙说\r\n\r\n  王甲辛\u3000来了 A股3.14％……——é\u0301 😀👍🏽\n".encode()
    + b"\xff\xfe\xe5\xa4 " + "王辛甲天气".encode() + b"\0\x1c\n" + "真好".encode()
)  # fmt: skip


@pytest.mark.parametrize("block", [1, 7, 1 << 18])
def test_deleting_the_separator_gives_the_text_back(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(elements_module.blocks, "__defaults__", (block,))
    source, target = tmp_path / "hard.txt", tmp_path / "cut.txt"
    source.write_bytes(HARD)
    assert command("cut", trained, str(source), "-o", str(target), "--separator", "\x1f") == 0
    cut = target.read_bytes()
    assert cut.replace(b"\x1f", b"") == HARD
    assert "王甲乙\x1f说\r\n".encode() in cut
    assert "王辛甲\x1f天气".encode() in cut


def test_whitespace_and_invalid_bytes_are_treated_as_in_segment(
    trained: Path, lexicon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "hard.txt"
    source.write_bytes(HARD)
    said = []
    for arguments in (
        ["neural", "segment", "cut", str(trained), str(source), "--limit", "-inf", "--threads", "1"],
        ["segment", "-l", str(lexicon), str(source)],
    ):
        assert main([*arguments, "-o", str(tmp_path / "out")]) == 0
        said.append((capsys.readouterr().err.splitlines()[-1], (tmp_path / "out").read_bytes()))
    assert said[0] == said[1]
    assert "bytes were not valid text, the first at" in said[0][0]
    assert main(["neural", "segment", "cut", str(trained), str(source), "--errors", "strict", "-q"]) == 1
    assert "hard.txt:4: not valid UTF-8" in capsys.readouterr().err


def test_training_on_what_is_no_text_says_what_may_help(
    lexicon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gbk.txt").write_text("天气\n" * 40, encoding="gb18030")
    train = ["neural", "segment", "train", str(tmp_path / "gbk.txt"), "-l", str(lexicon), "-o", str(tmp_path / "model")]
    assert main([*train, "--steps", "1"]) == 1
    assert "is it Chinese text, and UTF-8 (else --encoding auto)?" in capsys.readouterr().err


def test_text_from_a_pipe_is_cut(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with open(trained.parent / "pipe.txt", "wb") as file:
        file.write("王甲乙说王甲辛".encode())
    with open(trained.parent / "pipe.txt", "rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        assert command("cut", trained) == 0
    assert capsysbinary.readouterr().out == "王甲乙 说 王甲辛".encode()


def test_spans_and_json_cover_the_words(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "text.txt"
    source.write_text("王甲乙 说\n真好\n", encoding="utf-8")
    assert command("cut", trained, str(source), "--format", "spans") == 0
    assert capsys.readouterr().out == "0-3 4-5\n0-2\n"
    assert command("cut", trained, str(source), "--format", "jsonl") == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first == {"words": ["王甲乙", "说"], "spans": [[0, 3], [4, 5]]}


@given(st.text(alphabet="王甲辛天气 ，A1\n\u3000…", max_size=40))
def test_words_are_the_text_without_whitespace(segmenter_once: NeuralSegmenter, text: str) -> None:
    found = segmenter_once.segment(text)
    assert "".join(found.words) == "".join(text.split())
    assert found.words == segmenter_once.cut(text)
    assert all(a <= b for (_, a), (b, _) in itertools.pairwise(found.spans))


@pytest.fixture(scope="module")
def segmenter_once(trained: Path) -> NeuralSegmenter:
    return load_segmenter(trained)


def test_a_line_is_cut_alike_wherever_it_stands(trained: Path) -> None:
    segmenter = load_segmenter(trained)
    lines = ["王甲乙说", "，", "", "王辛甲来了，真好王丁戊", "甲"]
    cutter = segmenter.cutter
    alone = [cutter.log_odds(elements_of(cutter, line)) for line in lines]
    odds = cutter.log_odds(elements_of(cutter, "\n".join(lines)))
    ends = np.cumsum([len(line) + 1 for line in lines])
    for line, end, wanted in zip(lines, ends, alone, strict=True):
        assert odds[:, end - 1 - len(line) : end - 1] == pytest.approx(wanted, abs=1e-4)


def elements_of(cutter: NeuralCutter, line: str) -> Elements:
    return cutter.reader.read(np.frombuffer(line.encode(), dtype=np.uint8))


def test_a_long_line_is_cut_as_short_ones(trained: Path) -> None:
    segmenter = load_segmenter(trained)
    sentence = "王甲乙说，"
    assert segmenter.cut(sentence * 3000) == segmenter.cut(sentence) * 3000


def test_nbest_and_confidence_know_new_words(trained: Path) -> None:
    segmenter = load_segmenter(trained)
    best = segmenter.nbest("王甲辛说", 3)
    assert best[0][1] == ["王甲辛", "说"]
    assert best[0][0] > best[1][0]
    assert all(0 < share <= 1 for _, share in segmenter.confidence("王甲辛说"))
    with pytest.raises(ValueError, match="draws no cuttings"):
        segmenter.sample("王甲辛说")


def test_a_segmenter_can_be_pickled(trained: Path) -> None:
    again = pickle.loads(pickle.dumps(load_segmenter(trained)))
    assert again.cut("王甲辛说") == ["王甲辛", "说"]


def test_the_lexicon_that_it_finds_serves_the_fast_segmenter(
    trained: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "found.tsv"
    command_line = ["neural", "segment", "lexicon", str(trained), str(text), "-o", str(target), "--threads", "1"]
    assert main(command_line) == 0
    assert "of them new" in capsys.readouterr().err
    found = load_lexicon(target)
    assert set(NEW) <= set(found.words)
    assert "，" not in found
    assert Segmenter(found).cut("王甲辛说") == ["王甲辛", "说"]
    assert found["王甲辛"].count == text.read_text(encoding="utf-8").count("王甲辛")
    assert found["天气"].count == 200
    odds = dict(zip(found.words, found.columns["boundary_odds"], strict=True))
    assert all(float(odds[name]) < 0 for name in NEW)
    assert odds["说"] == ""
    assert main([*command_line, "--below", "-inf", "-q"]) == 0
    assert load_lexicon(target).words == load_lexicon(trained / "lexicon.tsv").words


def test_evaluate_tells_scores_beside_the_lexicon(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = tmp_path / "gold.txt"
    gold.write_text("王甲辛 说\n\n王甲乙 来了 ，\n", encoding="utf-8")
    assert command("evaluate", trained, str(gold)) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["neural"]["f1"] == 1.0
    assert figures["neural"]["oov_recall"] == 1.0
    assert figures["lexicon"]["oov_recall"] < 1.0
    assert figures["lexicon"]["errors"]["split"] == 1


def test_a_training_that_was_resumed_ends_with_the_same_weights(text: Path, lexicon: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    schedule = ("--set", "schedule=constant")
    assert train(text, lexicon, whole, "--steps", "7", *schedule) == 0
    assert train(text, lexicon, parts, "--steps", "3", *schedule) == 0
    assert train(text, lexicon, parts, "--steps", "7", "--resume", *schedule) == 0
    first, second = (load(folder).state_dict() for folder in (whole, parts))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (whole / "lexicon.tsv").read_bytes() == lexicon.read_bytes()


def test_a_training_with_another_lexicon_is_not_resumed(
    text: Path, lexicon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(text, lexicon, tmp_path / "model", "--steps", "1") == 0
    other = tmp_path / "other.tsv"
    other.write_text("天气 3\n", encoding="utf-8")
    assert train(text, other, tmp_path / "model", "--steps", "2", "--resume") == 1
    assert "was trained with another data" in capsys.readouterr().err


def test_a_new_training_that_fails_leaves_the_model_as_it_was(text: Path, lexicon: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "model", tmp_path / "other.tsv"
    build_lexicon(text.read_text(encoding="utf-8").splitlines()[:200]).save(other)
    assert train(text, other, folder, "--steps", "1") == 0
    names = ("config.json", "model.safetensors", "lexicon.tsv", "lexicon.model.npz")
    before = [(folder / name).read_bytes() for name in names]
    assert train(text, lexicon, folder, "--steps", "1", "--learning-rate", "1e30", "--set", "warmup=0") == 1
    assert [(folder / name).read_bytes() for name in names] == before
    assert train(text, lexicon, folder, "--steps", "1") == 0
    assert (folder / "lexicon.tsv").read_bytes() == lexicon.read_bytes()
    assert not (folder / "lexicon.model.npz").exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "lexicon.tsv"])
def test_the_files_of_the_model_are_not_overwritten(
    trained: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "model"))
    for subcommand in ("cut", "lexicon"):
        assert command(subcommand, folder, str(text), "-o", str(folder / name)) == 1
        assert "is one of the inputs and is not overwritten" in capsys.readouterr().err
    assert (folder / name).read_bytes() == (trained / name).read_bytes()


def test_what_of_the_text_was_not_valid_is_told_by_training(
    text: Path, lexicon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.txt"
    damaged.write_bytes(text.read_bytes() + b"\xff\xfe\n")
    options = ["-l", str(lexicon), "-o", str(tmp_path / "model"), "--steps", "1", "--threads", "1", "--set", "dim=8"]
    assert main(["neural", "segment", "train", str(damaged), *options]) == 0
    assert f"2 bytes were not valid text, the first at {damaged}:601" in capsys.readouterr().err
    assert main(["neural", "segment", "train", str(damaged), *options, "--errors", "strict"]) == 1
    assert "damaged.txt:601: not valid UTF-8" in capsys.readouterr().err


def test_a_folder_that_is_not_whole_or_of_something_else_is_refused(
    trained: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def damaged(name: str) -> Path:
        return Path(shutil.copytree(trained, tmp_path / name))

    other_kind = damaged("kind")
    config = json.loads((other_kind / "config.json").read_text(encoding="utf-8"))
    (other_kind / "config.json").write_text(json.dumps({**config, "model": "couplet-aligned"}), encoding="utf-8")
    without_lexicon = damaged("lexicon")
    (without_lexicon / "lexicon.tsv").unlink()
    cut_off = damaged("cut-off")
    weights = (cut_off / "model.safetensors").read_bytes()
    (cut_off / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    larger = damaged("larger")
    sizes = {**config["config"], "dim": 4096}
    (larger / "config.json").write_text(json.dumps({**config, "config": sizes}), encoding="utf-8")
    twice = damaged("twice")
    sizes = {**config["config"], "characters": "天天"}
    (twice / "config.json").write_text(json.dumps({**config, "config": sizes}), encoding="utf-8")
    pipe = damaged("pipe")
    (pipe / "lexicon.tsv").unlink()
    os.mkfifo(pipe / "lexicon.tsv")
    shorter = damaged("shorter")
    lexicon = build_lexicon(text.read_text(encoding="utf-8").splitlines()[:200])
    lexicon.save(shorter / "lexicon.tsv")
    lines = (shorter / "lexicon.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (shorter / "lexicon.tsv").write_text("".join(lines[:-1]), encoding="utf-8")
    changed = damaged("changed")  # still a lexicon
    lines = (changed / "lexicon.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (changed / "lexicon.tsv").write_text("".join(lines[:-1]), encoding="utf-8")
    for folder in (other_kind, without_lexicon, cut_off, larger, twice, pipe, shorter, changed, tmp_path / "nowhere"):
        assert command("cut", folder, str(trained / "config.json")) == 1
        told = capsys.readouterr().err
        assert told.startswith("minent: ") and told.count("\n") == 1
        with pytest.raises(MinentError):
            load_segmenter(folder)


def test_text_without_units_is_an_error(lexicon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content in ("", "，，，\n。。\n", "Latin only\n"):
        path = tmp_path / "empty.txt"
        path.write_text(content, encoding="utf-8")
        assert train(path, lexicon, tmp_path / "model", "--steps", "1") == 1
        assert capsys.readouterr().err.startswith("minent: corpus: no ")


def test_less_text_than_a_piece_of_it_is_an_error(
    text: Path, lexicon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(text, lexicon, tmp_path / "model", "--steps", "1", "--set", "most_bytes=100") == 1
    assert "no piece of whole lines within 100 bytes; --set most_bytes takes more" in capsys.readouterr().err


def test_a_setting_that_is_wrong_is_a_mistake_of_usage(
    text: Path, lexicon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for pair in ("layers=9", "speed=3", "window=0", "held_out=1"):
        assert train(text, lexicon, tmp_path / "model", "--steps", "1", "--set", pair) == 2
        assert pair.split("=")[0] in capsys.readouterr().err


def test_a_limit_that_is_no_number_is_a_mistake_of_usage(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("cut", trained, str(trained / "config.json"), "--limit", "nan") == 2
    assert "limit=nan" in capsys.readouterr().err
    assert command("lexicon", trained, str(trained / "config.json"), "--below", "nan") == 2
    assert "--below nan" in capsys.readouterr().err
