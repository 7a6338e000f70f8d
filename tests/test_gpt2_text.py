"""Text with a GPT-2: ids and back, what may be drawn next, texts in a batch, bits per character, training."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("tokenizers")

import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from minent.corpus.sources import Corpus
from minent.errors import CorpusError, ModelError
from minent.neural.gpt2.generation import GenerationSettings, _Writer, allowed_logits, generate
from minent.neural.gpt2.model import GPT2, GPT2Config
from minent.neural.gpt2.scoring import CODE_POINT_BITS, score
from minent.neural.gpt2.text import code_corpus
from minent.neural.gpt2.tokenizer import Tokenizer, characters_tokenizer, load_tokenizer
from minent.neural.gpt2.training import TRAIN, LanguageModelling
from minent.neural.training import train

TEXT = "却说宝玉正自发呆。黛玉笑道：你又来了。\n宝玉也笑了。\n"
TOKENIZER = characters_tokenizer([TEXT])
CONFIG = GPT2Config(len(TOKENIZER) + 2, 24, 2, 3, 40, 16)
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """So small a model is slower with several."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def model() -> GPT2:
    torch.manual_seed(1)
    config = dataclasses.replace(CONFIG, initializer_range=0.4)
    return GPT2(config).initialize().eval()


# ids


def test_bert_s_tokenizer_cuts_as_bert_does(tmp_path: Path) -> None:
    entries = [*SPECIALS, "红", "楼", "play", "##ing", "##s", "，", "a", "!"]
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(entries), encoding="utf-8")
    tokenizer = load_tokenizer(path)
    ids = tokenizer.encode("红楼 PLAYING，plays\u3000a ! 梦 [CLS]")
    assert [entries[number] for number in ids] == [
        *("红", "楼", "play", "##ing", "，", "play", "##s", "a", "!", "[UNK]", "[UNK]", "[UNK]", "[UNK]")
    ]
    assert tokenizer.decode(ids[:9]) == "红楼playing，plays a!"
    assert len(tokenizer) == len(entries)


@pytest.mark.parametrize(("name", "rows", "stop"), [("bert_base_chinese_vocab", 21128, 511), ("clue_vocab", 8021, 545)])
def test_the_released_vocabularies_are_read(shared_data: Path, name: str, rows: int, stop: int) -> None:
    path = shared_data / "gpt2_ml" / f"{name}.txt"
    if not path.exists():
        pytest.skip(f"needs {path.name}")
    tokenizer = load_tokenizer(path)
    assert (len(tokenizer), tokenizer.encode("。"), tokenizer.unknown, tokenizer.start) == (rows, [stop], 100, 101)
    assert tokenizer.decode(tokenizer.encode("今天天气真好。")) == "今天天气真好。"


@given(st.lists(st.text(alphabet="红楼a \n\t\\#[]𠮷\u2028\u0085\ud7ff", min_size=1), min_size=1))
def test_a_vocabulary_of_characters_loses_nothing_and_comes_back_from_its_file(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    tokenizer = characters_tokenizer(texts)
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_bytes(tokenizer.to_bytes())
    again = load_tokenizer(path)
    assert again.entries == tokenizer.entries
    for text in texts:
        assert again.decode(again.encode(text)) == text
        assert len(again.encode(text)) == len(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"no entry \[PAD\]"),
        (b"[UNK]\n[PAD]\n[CLS]\n[SEP]\n", r"\[PAD\] is not the first"),
        (b"[PAD]\n\xff\n", "not valid UTF-8 at byte 6"),
        (b"#characters\n[PAD]\n[UNK]\n[CLS]\n[SEP]\nab\n", "is not one character"),
        (b"#characters\n[PAD]\n[UNK]\n[CLS]\n[SEP]\n\\u{d800}\n", "is not one character"),
    ],
)
def test_a_file_that_is_no_vocabulary_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "vocab.txt").write_bytes(content)
    with pytest.raises(ModelError, match=message):
        load_tokenizer(tmp_path / "vocab.txt")


def test_a_vocabulary_of_too_many_entries_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vocab.txt").write_text("".join(f"{entry}\n" for entry in SPECIALS))
    monkeypatch.setattr("minent.neural.gpt2.tokenizer.MOST_ENTRIES", 5)
    assert len(load_tokenizer(tmp_path / "vocab.txt")) == 5
    monkeypatch.setattr("minent.neural.gpt2.tokenizer.MOST_ENTRIES", 4)
    with pytest.raises(ModelError, match="too large for a vocabulary"):
        load_tokenizer(tmp_path / "vocab.txt")


def test_documents_begin_with_cls_and_unknown_characters_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("宝玉Q\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("笑Q。", encoding="utf-8")
    with Corpus([tmp_path / "a.txt", tmp_path / "b.txt"]) as corpus:
        text = code_corpus(corpus, TOKENIZER)
    assert TOKENIZER.decode(text.ids.tolist()) == "宝玉\ufffd\n笑\ufffd。"
    assert (text.characters, text.unknown) == (7, 2)
    assert np.flatnonzero(text.ids == TOKENIZER.start).tolist() == [0, 5]


def test_bert_s_tokenizer_counts_no_characters_that_it_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("".join(f"{entry}\n" for entry in [*SPECIALS, "红"]), encoding="utf-8")
    tokenizer = load_tokenizer(tmp_path / "vocab.txt")
    text = "红\x01\u200b\ufffd 红\n"
    assert len(tokenizer.encode(text)) == tokenizer.count_characters(text) == 2
    for nothing in ("\x01\x02", "\u3000\n", "\u0301"):
        with pytest.raises(CorpusError, match="no text"):
            _coded(nothing, tmp_path, tokenizer)


def test_bytes_that_are_no_text_are_counted_or_stop_the_reading(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("宝玉\n笑".encode() + b"\xff\xfe\n")
    with Corpus(tmp_path / "a.txt") as corpus:
        text = code_corpus(corpus, TOKENIZER)
    assert text.invalid is not None and (text.invalid.count, text.characters) == (2, 7)
    assert text.invalid.first_place.endswith("a.txt:2")
    with Corpus(tmp_path / "a.txt", errors="strict") as corpus, pytest.raises(CorpusError, match="not valid UTF-8 at"):
        code_corpus(corpus, TOKENIZER)


# what may be drawn


def naive_allowed(
    logits: list[float], used: list[int], forbidden: list[int], top_k: int, top_p: float, penalty: float
) -> set[int]:
    scores = {}
    for number, logit in enumerate(logits):
        if number in used:
            logit = logit / penalty if logit > 0 else logit * penalty
        if number not in forbidden:
            scores[number] = logit
    order = sorted(scores, key=lambda number: (-scores[number], number))[: top_k or None]
    total = sum(math.exp(scores[number]) for number in order)
    kept, mass = set(), 0.0
    for number in order:
        if mass < top_p:
            kept.add(number)
        mass += math.exp(scores[number]) / total
    return kept


@given(
    st.lists(st.integers(-400, 400), min_size=6, max_size=6, unique=True),
    st.sets(st.integers(0, 5)),
    st.sets(st.integers(0, 5), max_size=4),
    st.integers(0, 7),
    st.sampled_from([0.05, 0.31, 0.73, 0.97, 1.0]),
    st.sampled_from([1.0, 1.7]),
)
def test_what_may_be_drawn_is_what_the_definitions_say(
    hundredths: list[int], used: set[int], forbidden: set[int], top_k: int, top_p: float, penalty: float
) -> None:
    logits = [number / 100 for number in hundredths]
    settings = GenerationSettings(top_k=top_k, top_p=top_p, repetition_penalty=penalty)
    penalized = [
        (logit / penalty if logit > 0 else logit * penalty) if at in used else logit for at, logit in enumerate(logits)
    ]
    assume(len(set(np.float32(penalized))) == len(logits))  # which of equal ones comes first is left open
    found = allowed_logits(torch.tensor(logits), sorted(used), sorted(forbidden), settings)
    expected = naive_allowed(logits, sorted(used), sorted(forbidden), top_k, top_p, penalty)
    assert set(torch.isfinite(found).nonzero().flatten().tolist()) == expected


def test_a_higher_temperature_makes_the_logits_flatter_and_none_leaves_the_likeliest() -> None:
    logits = torch.tensor([1.0, 3.0, 2.0])
    warm = allowed_logits(logits, [], [], GenerationSettings(temperature=2.0, top_p=1.0))
    assert warm.tolist() == [0.5, 1.5, 1.0]
    cold = allowed_logits(logits, [], [], GenerationSettings(temperature=0))
    assert cold.tolist() == [-math.inf, 0.0, -math.inf]
    assert logits.tolist() == [1.0, 3.0, 2.0]


def test_units_are_drawn_with_their_probability() -> None:
    writer = _Writer(TOKENIZER, [""], GenerationSettings(), lambda row, piece: None, 16, len(TOKENIZER))
    logits = torch.tensor([0.5, 0.3, 0.2]).log()
    counts = Counter(writer.draw(logits, writer.generators[0]) for _ in range(4000))
    assert counts[0] / 4000 == pytest.approx(0.5, abs=0.03)  # four standard deviations
    assert counts[1] / 4000 == pytest.approx(0.3, abs=0.03)


# texts


BEGINNINGS = ["却说", "宝玉笑道：你", "", "黛"]


@pytest.mark.parametrize("length", [5, 40])
def test_texts_are_the_same_with_and_without_cache_in_a_batch_and_alone(model: GPT2, length: int) -> None:
    settings = GenerationSettings(length=length, seed=5)
    together = generate(model, TOKENIZER, BEGINNINGS, settings)
    assert together == generate(model, TOKENIZER, BEGINNINGS, settings, use_cache=False)
    assert len({each.text for each in together}) == len(BEGINNINGS)
    if length == 5:  # longer texts outgrow the positions, all of a batch together
        alone = generate(model, TOKENIZER, BEGINNINGS[:1], settings)
        assert alone == together[:1]


def test_the_likeliest_text_is_that_of_the_likeliest_units_one_by_one(model: GPT2) -> None:
    settings = GenerationSettings(length=8, temperature=0)
    found = generate(model, TOKENIZER, ["却说"], settings)[0]
    ids = [TOKENIZER.start, *TOKENIZER.encode("却说")]
    for _ in range(found.units):
        with torch.no_grad():
            logits = model(torch.tensor([ids]))[0, -1]
        logits[[0, TOKENIZER.unknown, TOKENIZER.ids["[MASK]"], *range(len(TOKENIZER), CONFIG.vocab_size)]] = -math.inf
        ids.append(int(logits.argmax()))
    assert found.text == TOKENIZER.decode(ids[3:])


def test_a_text_ends_after_its_stop_but_not_before_the_least_length(model: GPT2) -> None:
    settings = GenerationSettings(length=200, stop="。", seed=2)
    for each in generate(model, TOKENIZER, BEGINNINGS, settings):
        assert not each.ended or each.text.endswith("。") or "。" not in each.text
        assert each.text.count("。") <= 1
        assert each.ended or each.units == 200
    late = generate(model, TOKENIZER, BEGINNINGS, dataclasses.replace(settings, least=30))
    assert all(each.units >= 30 for each in late)


def test_pieces_are_heard_of_as_they_are_drawn(model: GPT2) -> None:
    heard: list[tuple[int, str]] = []
    found = generate(
        model,
        TOKENIZER,
        BEGINNINGS,
        GenerationSettings(length=6),
        on_piece=lambda row, piece: heard.append((row, piece)),
    )
    for row, each in enumerate(found):
        assert "".join(piece for number, piece in heard if number == row) == each.text


def test_a_beginning_longer_than_the_positions_is_read_from_its_end(model: GPT2) -> None:
    settings = GenerationSettings(length=1, temperature=0)
    long = "宝玉笑道：" * 20
    ids = TOKENIZER.encode(long)[-CONFIG.max_position_embeddings :]
    with torch.no_grad():
        logits = model(torch.tensor([ids]))[0, -1]
    logits[[0, 1, 4, *range(len(TOKENIZER), CONFIG.vocab_size)]] = -math.inf
    assert generate(model, TOKENIZER, [long], settings)[0].text == TOKENIZER.decode([int(logits.argmax())])


# bits


def _coded(text: str, tmp_path: Path, tokenizer: Tokenizer = TOKENIZER) -> Any:
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode())
    with Corpus(path) as corpus:
        return code_corpus(corpus, tokenizer)


@pytest.mark.parametrize("times", [1, 2, 7])
def test_a_model_that_knows_nothing_needs_the_logarithm_of_its_vocabulary(tmp_path: Path, times: int) -> None:
    model = GPT2(CONFIG).eval()
    torch.nn.init.zeros_(model.word_embed.weight)
    found = score(model, TOKENIZER, _coded(TEXT * times, tmp_path), batch_size=3)
    assert found.characters == found.units == len(TEXT) * times
    assert found.bits_per_character == pytest.approx(math.log2(CONFIG.vocab_size), rel=1e-6)


def test_bits_are_those_of_every_unit_after_at_least_half_a_window(model: GPT2, tmp_path: Path) -> None:
    text = _coded(TEXT + "Q", tmp_path)
    ids, length = text.ids.tolist(), CONFIG.max_position_embeddings
    starts = [*range(0, len(ids) - 1 - length, length // 2), len(ids) - 1 - length]
    bits, done = CODE_POINT_BITS, 1
    for start in starts:
        with torch.no_grad():
            log_probs = model(torch.tensor([ids[start : start + length]]))[0].double().log_softmax(-1)
        for at in range(done, start + length + 1):
            assert at - start > length // 2 or start == 0 or start == starts[-1]
            bits -= float(log_probs[at - 1 - start, ids[at]]) / math.log(2)
        done = start + length + 1
    assert done == len(ids)
    assert score(model, TOKENIZER, text, batch_size=2).bits == pytest.approx(bits, rel=1e-6)


def test_an_empty_text_has_no_bits(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no text"):
        _coded("", tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e6])
def test_weights_that_are_of_no_use_give_no_figures(model: GPT2, tmp_path: Path, value: float) -> None:
    broken = GPT2(CONFIG).initialize().eval()
    with torch.no_grad():
        broken.word_embed.weight.mul_(value)
    with pytest.raises(ModelError, match="its weights are of no use"):
        score(broken, TOKENIZER, _coded(TEXT, tmp_path))
    if not math.isfinite(value):
        with pytest.raises(ModelError, match="logits that are no numbers"):
            generate(broken, TOKENIZER, ["宝"], GenerationSettings(length=2))


@pytest.mark.parametrize(
    "choice",
    [
        {"length": 0},
        {"top_k": -1},
        {"top_p": 0.0},
        *({name: value} for name in ("temperature", "top_p", "repetition_penalty") for value in (math.nan, math.inf)),
        *({name: 1e-9} for name in ("temperature", "repetition_penalty")),
    ],
)
def test_choices_of_drawing_out_of_their_bounds_are_refused(choice: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|at least 1"):
        GenerationSettings(**choice)


# training


def test_a_window_longer_than_the_positions_is_refused(model: GPT2, tmp_path: Path) -> None:
    coded = _coded(TEXT * 20, tmp_path)
    with pytest.raises(ValueError, match="window=17: the model has 16 positions"):
        LanguageModelling(TRAIN, TOKENIZER, coded, model=model, window=17)


def test_training_beats_the_entropy_of_single_characters_and_of_pairs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = ["红玉来", "白玉去", "青玉坐", "黑玉立"]  # 2 bits a word; who sees one character only needs 4
    text = "".join(words[number] for number in rng.integers(4, size=1500))
    tokenizer = characters_tokenizer([text])
    coded = _coded(text, tmp_path, tokenizer)
    config = GPT2Config(len(tokenizer), 32, 2, 2, 64, 32, hidden_dropout_prob=0.0, initializer_range=0.2)
    settings = dataclasses.replace(TRAIN, epochs=None, steps=150, learning_rate=2e-3, warmup=20, evaluate_every=150)
    task = LanguageModelling(dataclasses.replace(settings, device="cpu"), tokenizer, coded, config)
    result = train(task, tmp_path / "out")
    counts, pairs = Counter(text), Counter(itertools.pairwise(text))
    unigram = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    bigram = -sum(n / (len(text) - 1) * math.log2(n / counts[pair[0]]) for pair, n in pairs.items())
    assert 0.6 < result.best["bits_per_character"] < bigram - 0.2 < unigram


@pytest.mark.parametrize("optimizer", ["adamw", "adafactor"])
def test_activations_that_are_computed_again_give_the_same_training(tmp_path: Path, optimizer: str) -> None:
    coded = _coded(TEXT * 20, tmp_path)
    config = dataclasses.replace(CONFIG, vocab_size=len(TOKENIZER), hidden_dropout_prob=0.2)
    settings = dataclasses.replace(TRAIN, epochs=None, steps=4, batch_size=4, accumulate=2, device="cpu")
    losses = []
    for recompute in (False, True):
        task = LanguageModelling(settings, TOKENIZER, coded, config, optimizer=optimizer, recompute=recompute)
        losses.append(train(task, tmp_path / str(recompute)).best["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_every_unit_of_the_text_is_trained_on_once_an_epoch_but_for_the_ends(tmp_path: Path) -> None:
    coded = _coded(TEXT * 20, tmp_path)
    config = dataclasses.replace(CONFIG, vocab_size=len(TOKENIZER))
    settings = dataclasses.replace(TRAIN, batch_size=4, device="cpu")
    task = LanguageModelling(settings, TOKENIZER, coded, config, held_out=0.1)
    seen: Counter[int] = Counter()
    task.trained = np.arange(len(task.trained), dtype=np.int32)
    for number in range(len(task.batches)):
        ids, targets = task.batch(number)
        assert torch.equal(ids + 1, targets)
        seen.update(targets.flatten().tolist())
    assert max(seen.values()) <= 2
    assert len(seen) >= len(task.trained) - 2 * task.window
    assert max(seen) < len(coded.ids) * 0.9
