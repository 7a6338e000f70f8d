"""Exports in the tools themselves: they know the words, and cut as minent does where their model allows."""

from __future__ import annotations

import ctypes.util
import itertools
import math
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent import Lexicon, Segmenter
from minent.corpus.units import HAN, unit_classes
from minent.export import export_lexicon, import_lexicon
from minent.lexicon import builtin_lexicon

BYTE = re.compile(r"<0x([0-9A-F]{2})>")
TOOLS = ("jieba", "rjieba", "sentencepiece", "tokenizers")
Cut = Callable[[str], list[str]]
lexicons = st.dictionaries(
    st.text("天地人和", min_size=1, max_size=3), st.integers(1, 50), min_size=1, max_size=12
)  # 0: no word to jieba


def loaded(tool: str, lexicon: Lexicon, folder: Path) -> tuple[Cut, Callable[[str], bool]]:
    """A tool with the words of a lexicon, from the file that we write for it: how it cuts, what it knows."""
    module: Any = pytest.importorskip(tool)
    if tool == "sentencepiece":
        export_lexicon(lexicon, tool, folder / "x.model")
        model = module.SentencePieceProcessor(model_file=str(folder / "x.model"))
        return lambda text: joined(model.encode(text, out_type=str)), lambda word: model.piece_to_id(word) > 2
    if tool == "tokenizers":
        export_lexicon(lexicon, tool, folder / "tokenizer.json")
        tokenizer = module.Tokenizer.from_file(str(folder / "tokenizer.json"))
        return lambda text: joined(tokenizer.encode(text).tokens), lambda word: tokenizer.token_to_id(word) is not None
    path = folder / "jieba.txt"
    export_lexicon(lexicon, "jieba", path)
    if tool == "rjieba":  # it reads no files
        rust = module.Jieba.empty()
        for line in path.read_text(encoding="utf-8").splitlines():
            word, count = line.split(" ")
            rust.add_word(word, int(count), None)
        return lambda text: rust.cut(text, False), rust.has_word
    python = module.Tokenizer(str(path))
    python.tmp_dir = str(folder)
    python.initialize()
    return lambda text: python.lcut(text, HMM=False), lambda word: python.FREQ.get(word, 0) > 0


def joined(pieces: list[str]) -> list[str]:
    """The bytes among the pieces as the characters that they make."""
    data = b"".join(
        bytes([int(byte.group(1), 16)]) if (byte := BYTE.fullmatch(piece)) else b"\0" + piece.encode() + b"\0"
        for piece in pieces
    )
    parts = [part.decode() for part in data.split(b"\0") if part]
    whole = set(pieces)
    return [word.replace("▁", " ") for part in parts for word in ([part] if part in whole else part)]


def han_cuts(words: list[str]) -> set[int]:
    """The cuts between two Han characters, in characters of the text without white space."""
    classes, found, at = unit_classes(), set(), 0
    words = [word for word in words if not word.isspace()]
    for left, right in itertools.pairwise(words):
        at += len(left)
        if classes[ord(left[-1])] == classes[ord(right[0])] == HAN:
            found.add(at)
    return found


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=40)
@given(counts=lexicons, text=st.text("天地人和", min_size=1, max_size=12))
def test_a_tool_finds_a_cutting_as_good_as_ours(
    tmp_path_factory: pytest.TempPathFactory, tool: str, counts: dict[str, int], text: str
) -> None:
    lexicon = Lexicon.from_counts(counts)
    cut, knows = loaded(tool, lexicon, tmp_path_factory.mktemp("tool"))
    words = cut(text)
    assert "".join(words) == text

    def score(words: list[str]) -> float:
        return sum(math.log(max(counts.get(word, 1), 1)) - math.log(max(lexicon.total, 1)) for word in words)

    unknown = set(text) - set("".join(counts))
    if not unknown:  # characters of no word are joined to each other by some, which changes no other cut
        assert score(words) == pytest.approx(score(Segmenter(lexicon).cut(text)), abs=1e-4)
    assert all(knows(word) for word in counts)


@pytest.mark.parametrize("tool", TOOLS)
def test_real_sentences_are_cut_alike_between_han_characters(
    tmp_path: Path, real_text: Callable[[str], Path], tool: str
) -> None:
    text = real_text("people_daily_199801.txt").read_text(encoding="utf-8")
    sentences = random.Random(1).sample(re.findall(r"[^。！？\s]{4,}[。！？]", text), 1000)
    cut, knows = loaded(tool, builtin_lexicon(), tmp_path)
    export_lexicon(builtin_lexicon(), "jieba", tmp_path / "exported.txt")
    words = import_lexicon(tmp_path / "exported.txt", "jieba").lexicon
    assert all(map(knows, words))
    ours = Segmenter(words)
    alike = sum(han_cuts(cut(sentence)) == han_cuts(ours.cut(sentence)) for sentence in sentences)
    assert alike >= 995


def test_jieba_takes_the_same_file_on_top_of_its_dictionary(tmp_path: Path) -> None:
    jieba: Any = pytest.importorskip("jieba")
    text = "蓝瘦香菇是什么"
    export_lexicon(Lexicon.from_counts({"蓝瘦香菇": 3, "C++": 2}), "jieba", tmp_path / "user.txt")
    export_lexicon(Lexicon.from_counts({"蓝瘦香菇": 3, "C++": 2}), "words", tmp_path / "words.txt")
    plain = jieba.Tokenizer()
    assert "蓝瘦香菇" not in plain.lcut(text, HMM=False)
    for name in ("user.txt", "words.txt"):
        tokenizer = jieba.Tokenizer()
        tokenizer.load_userdict(str(tmp_path / name))
        assert tokenizer.lcut(text, HMM=False) == ["蓝瘦香菇", "是", "什么"]
        assert "C++" in tokenizer.lcut("用C++写", HMM=False)


@pytest.mark.parametrize("tool", ["sentencepiece", "tokenizers"])
@settings(max_examples=40)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0▁<"), max_size=12))
def test_a_unigram_model_gives_any_text_back(tmp_path_factory: pytest.TempPathFactory, tool: str, text: str) -> None:
    module: Any = pytest.importorskip(tool)
    path = tmp_path_factory.getbasetemp() / f"any.{tool}"
    export_lexicon(Lexicon.from_counts({"天地": 3, "New York": 2, "C++": 1, "的": 9}), tool, path)
    if tool == "sentencepiece":
        model = module.SentencePieceProcessor(model_file=str(path))
        assert model.decode(model.encode(text)) == text
        assert (model.unk_id(), model.bos_id(), model.eos_id(), model.pad_id()) == (0, 1, 2, -1)
        assert model.encode("在New York", out_type=str)[-1] == "New▁York"
    else:
        tokenizer = module.Tokenizer.from_file(str(path))
        assert tokenizer.decode(tokenizer.encode(text).ids) == text
        assert tokenizer.encode("在New York").tokens[-1] == "New York"


def test_a_model_that_sentencepiece_trained_is_imported(tmp_path: Path) -> None:
    module: Any = pytest.importorskip("sentencepiece")
    lines = ["科学技术是第一生产力", "技术科学", "生产力是科学", "第一是科学技术"] * 50
    prefix = str(tmp_path / "m")
    module.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=prefix, vocab_size=22, minloglevel=2, hard_vocab_limit=False
    )
    model = module.SentencePieceProcessor(model_file=f"{prefix}.model")
    words = import_lexicon(f"{prefix}.model", "sentencepiece").lexicon
    listed = import_lexicon(f"{prefix}.vocab", "sentencepiece").lexicon
    pieces = {model.id_to_piece(k) for k in range(len(model)) if not (model.is_unknown(k) or model.is_control(k))}
    assert set(words) == set(listed) == {piece.replace("▁", " ").strip() for piece in pieces} - {""}
    assert all(listed[word].log_prob == pytest.approx(words[word].log_prob, abs=0.01) for word in words)
    module.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=prefix, vocab_size=22, minloglevel=2, model_type="bpe"
    )
    with pytest.raises(Exception, match="a BPE model has no probabilities"):
        import_lexicon(f"{prefix}.model", "sentencepiece")


def test_a_tokenizer_that_hugging_face_trained_is_imported(tmp_path: Path) -> None:
    module: Any = pytest.importorskip("tokenizers")
    tokenizer = module.Tokenizer(module.models.Unigram())
    trainer = module.trainers.UnigramTrainer(vocab_size=20, special_tokens=["<unk>", "<毛>"], unk_token="<unk>")
    tokenizer.train_from_iterator(["科学技术是第一生产力", "技术科学", "生产力是科学"] * 50, trainer)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    words = import_lexicon(tmp_path / "tokenizer.json", "tokenizers").lexicon
    assert set(words) == set(tokenizer.get_vocab()) - {"<unk>", "<毛>"}


def test_rime_finds_words_by_their_codes(tmp_path: Path) -> None:
    if ctypes.util.find_library("rime") is None or not Path("/usr/share/rime-data/luna_pinyin.dict.yaml").exists():
        pytest.skip("needs librime and its luna_pinyin")
    counts = {"科学": 3, "蓝瘦香菇": 2, "的": 9, "#1": 1, "A股": 1, "<N>年": 1}
    export_lexicon(Lexicon.from_counts(counts), "rime", tmp_path / "news.dict.yaml")
    typed = "ke'xue\t科学\nlan'shou'xiang'gu\t蓝瘦香菇\nde\t的\nnian\t年\nke'xue\t可靴\n"
    command = [sys.executable, str(Path(__file__).parent / "rime_words.py"), str(tmp_path), "news"]
    run = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert run.stdout == typed.replace("ke'xue\t可靴\n", "")


def test_a_word_that_is_too_long_for_sentencepiece_is_left_out(tmp_path: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece")
    longest = "长" * 2_000
    lexicon = Lexicon.from_counts({"词": 3, longest: 2, longest + "长": 2})
    assert export_lexicon(lexicon, "sentencepiece", tmp_path / "x.model").left_out == (longest + "长",)
    model = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "x.model"))
    assert model.piece_to_id(longest) != model.unk_id()
