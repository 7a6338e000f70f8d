"""Do other tools read our exports, and do they cut as we do? Words known, sentences cut alike, word F1.

A lexicon mined from news with the default recipe is exported; jieba, rjieba, SentencePiece, tokenizers and Rime load
the file. F1: every cutter in one harness, in which runs of Latin letters, numbers and signs are never cut, as the
gold texts have it. `python benchmarks/bench_export.py [LEXICON]`
"""

from __future__ import annotations

import logging
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import jieba
import rjieba
import sentencepiece
import tokenizers
from measure import HERE, MINENT, report, run_process, table

import data
from minent import Segmenter, load_lexicon
from minent.corpus.units import DIGIT, HAN, LATIN, unit_classes
from minent.evaluation import evaluate_segmentation
from minent.export import export_lexicon, import_lexicon
from minent.lexicon import Lexicon
from minent.segmentation.readable import ELEMENTS

NEWS = ("people_daily_199801.txt", "msra_news.txt")
SENTENCES = 1000
RIME_WORDS = 5000
JIEBA_TOTAL = 60_101_967  # of jieba 0.42.1's own dictionary
BYTE = re.compile(r"<0x([0-9A-F]{2})>")
RIME = Path("/usr/share/rime-data/luna_pinyin.dict.yaml")
LEGEND = f"""Words known by each tool, and of {SENTENCES:,} sentences of the People's Daily the share (%) that it cuts
as minent does with the words as exported: as they come; with runs of Latin letters, numbers and signs whole; only the
cuts between two Han characters. Then, with runs whole, the share cut as minent does with `<N>` and `<L>`. F1: with runs
whole, of test sets that the lexicon has not seen."""
Cut = Callable[[str], list[str]]


def join_bytes(pieces: list[str]) -> list[str]:
    """Pieces of a unigram model as text: pieces that are single bytes become the characters that they make."""
    words, held = [], b""
    for piece in pieces:
        byte = BYTE.fullmatch(piece)
        if byte:
            held += bytes([int(byte.group(1), 16)])
            try:
                words.append(held.decode())
                held = b""
            except UnicodeDecodeError:
                pass
        else:
            words.append(piece.replace("▁", " "))
    return words


def ends(words: list[str]) -> set[int]:
    """Where words end, in characters."""
    found, at = set(), 0
    for word in words:
        at += len(word)
        found.add(at)
    return found


def grouped(text: str, words: list[str]) -> list[str]:
    """A cutting in which no run of Latin letters, number or run of signs is cut, and every sign stands alone."""
    cuts, classes = ends(with_spaces(text, words)), unit_classes()
    for match in ELEMENTS[True].finditer(text):
        cuts -= set(range(match.start() + 1, match.end()))
        if classes[ord(match.group()[0])] not in (HAN, LATIN, DIGIT):
            cuts |= {match.start(), match.end()}
    places = sorted(cuts | {len(text)})
    parts = [text[at:place] for at, place in zip([0, *places], places, strict=False)]
    return [part.strip() for part in parts if part.strip()]


def with_spaces(text: str, words: list[str]) -> list[str]:
    """The words and the white space between them, which some cutters leave out."""
    parts, at = [], 0
    for word in words:
        start = text.index(word, at)
        parts += [text[at:start], word] if start > at else [word]
        at = start + len(word)
    return [part for part in [*parts, text[at:]] if part]


def han_cuts(text: str, words: list[str]) -> set[int]:
    """The cuts between two Han characters."""
    classes = unit_classes()
    return {
        at
        for at in ends(with_spaces(text, words))
        if at < len(text) and classes[ord(text[at - 1])] == classes[ord(text[at])] == HAN
    }


def share_alike(texts: Sequence[str], one: Cut, other: Cut, view: Callable[[str, list[str]], object]) -> float:
    """The share of the texts, in %, that two cutters cut alike as far as `view` sees."""
    return 100 * sum(view(text, one(text)) == view(text, other(text)) for text in texts) / len(texts)


def sentences() -> list[str]:
    """A thousand sentences of the People's Daily, chosen by chance."""
    text = data.text(NEWS[0]).read_text(encoding="utf-8")
    found = [part for line in text.splitlines() for part in re.findall(r"[^。！？]+[。！？]", line)]
    return random.Random(0).sample([part.strip() for part in found if len(part) > 4], SENTENCES)


def f1(cut: Cut, test: str) -> float:
    """F1 of a test set in points, in the harness."""
    lines = data.text(f"{test}_test.utf8").read_text(encoding="utf-8").splitlines()
    gold = data.text(f"{test}_test_gold.utf8").read_text(encoding="utf-8").splitlines()
    predicted = [" ".join(grouped(line, cut(line))) for line in lines]
    return 100 * evaluate_segmentation(gold, predicted, samples=1).overall.f1


def cutters(folder: Path, lexicon: Lexicon) -> tuple[dict[str, Cut], dict[str, tuple[int, int]]]:
    """Every tool with our words in it, and how many of the words it knows."""
    cuts: dict[str, Cut] = {"minent": Segmenter(lexicon).cut}
    known: dict[str, tuple[int, int]] = {}
    export_lexicon(lexicon, "jieba", folder / "jieba.txt")
    export_lexicon(lexicon, "jieba", folder / "scaled.txt", total=JIEBA_TOTAL)
    export_lexicon(lexicon, "sentencepiece", folder / "x.model")
    export_lexicon(lexicon, "tokenizers", folder / "tokenizer.json")
    words = import_lexicon(folder / "jieba.txt", "jieba").lexicon  # as exported: without <N> and <L>
    cuts["minent, words as exported"] = Segmenter(words).cut
    counts = dict(zip(words.words, words.counts.tolist(), strict=True))

    main, own, both = jieba.Tokenizer(str(folder / "jieba.txt")), jieba.Tokenizer(), jieba.Tokenizer()
    for tokenizer in (main, own, both):
        tokenizer.tmp_dir = str(folder)
        tokenizer.initialize()
    known["jieba"] = sum(main.FREQ.get(word) == count for word, count in counts.items()), len(words)
    cuts["jieba"] = lambda text: main.lcut(text, HMM=False)
    cuts["jieba, its own dictionary"] = lambda text: own.lcut(text, HMM=False)
    both.load_userdict(str(folder / "scaled.txt"))
    known["jieba, on top of its own dictionary"] = sum(both.FREQ.get(word, 0) > 0 for word in words), len(words)
    cuts["jieba, on top of its own dictionary"] = lambda text: both.lcut(text, HMM=False)

    rust = rjieba.Jieba.empty()
    for word, count in counts.items():
        rust.add_word(word, count, None)
    known["rjieba"] = sum(map(rust.has_word, words)), len(words)
    cuts["rjieba"] = lambda text: rust.cut(text, False)

    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "x.model"))
    known["sentencepiece"] = sum(model.piece_to_id(word) != model.unk_id() for word in words), len(words)
    cuts["sentencepiece"] = lambda text: join_bytes(model.encode(text, out_type=str))
    hugging = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    known["tokenizers"] = sum(hugging.token_to_id(word) is not None for word in words), len(words)
    cuts["tokenizers"] = lambda text: join_bytes(hugging.encode(text).tokens)
    return cuts, known


def rime_words(folder: Path, lexicon: Lexicon) -> tuple[int, int, int]:
    """Of words drawn by chance, how many have a code for every character, and how many Rime then finds."""
    export_lexicon(lexicon, "rime", folder / "minent.dict.yaml")
    words = random.Random(0).sample(import_lexicon(folder / "minent.dict.yaml", "rime").lexicon.words, RIME_WORDS)
    body = RIME.read_text(encoding="utf-8").partition("\n...\n")[2]
    rows = [line.split("\t") for line in body.splitlines() if line.count("\t")]
    codes = {row[0]: row[1] for row in reversed(rows) if len(row[0]) == 1}
    typed = ["'".join(codes[char] for char in word) + f"\t{word}\n" for word in words if all(c in codes for c in word)]
    command = [sys.executable, str(HERE.parent / "tests" / "rime_words.py"), str(folder), "minent"]
    found = subprocess.run(command, input="".join(typed), capture_output=True, text=True, check=True)
    return len(words), len(typed), found.stdout.count("\n")


def main() -> None:
    jieba.setLogLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "lexicon.tsv"
        if len(sys.argv) < 2:
            texts = [str(data.text(name)) for name in NEWS]
            run_process([*MINENT, "build-lexicon", "-q", "-j", "1", "-o", str(path), *texts])
        lexicon = load_lexicon(path, with_model=False)
        cuts, known = cutters(folder, lexicon)
        exported = cuts["minent, words as exported"]
        drawn = sentences()
        rows, figures = [], []
        for tool, cut in cuts.items():
            alike = {
                "raw": share_alike(drawn, cut, exported, with_spaces),
                "runs whole": share_alike(drawn, cut, exported, grouped),
                "between Han": share_alike(drawn, cut, exported, han_cuts),
                "runs whole, with classes": share_alike(drawn, cut, cuts["minent"], grouped),
            }
            scores = {test: f1(cut, test) for test in ("pku", "msr")}
            found = f"{known[tool][0]:,} of {known[tool][1]:,}" if tool in known else ""
            shares = [f"{share:.1f}" for share in alike.values()]
            rows.append([tool, found, *shares, *(f"{score:.2f}" for score in scores.values())])
            figures.append({"tool": tool, "known": known.get(tool), "alike": alike, "f1": scores})
            print(rows[-1], file=sys.stderr, flush=True)
        head = ["tool", "words known", "alike %", "… runs whole", "… between Han", "… to `<N>`", "PKU F1", "MSR F1"]
        body = f"{LEGEND}\n\n{table(head, rows)}"
        if RIME.exists():
            drawn_words, coded, typed = rime_words(folder, lexicon)
            body += f"\n\nRime: of {drawn_words:,} words drawn by chance {coded:,} have a code for every character in "
            body += f"luna_pinyin; typed, {typed:,} of these are candidates."
            figures.append({"tool": "rime", "drawn": drawn_words, "coded": coded, "found": typed})
        names = ("jieba", "rjieba", "sentencepiece", "tokenizers")
        body += "\n\n" + ", ".join(f"{name} {version(name)}" for name in names) + "."
    report("export", "Exports in other tools", body, figures)


if __name__ == "__main__":
    main()
