"""How well nested spans agree with the dependency subtrees of a treebank, beside trees that know nothing."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any, TypeAlias

from minent.errors import CorpusError
from minent.evaluation.bootstrap import bootstrap_f1
from minent.grammar.marks import Kind, token_kind

BOOTSTRAP_SAMPLES = 1000
RANDOM_TREES = 10  # of every sentence, for the random baselines
ESCAPES = {"-LRB-": "(", "-RRB-": ")"}

Span: TypeAlias = tuple[int, int]
Split: TypeAlias = Callable[[int, int], int]


@dataclass(frozen=True)
class GoldTree:
    """A sentence of a treebank.

    words : all tokens, punctuation too;  heads : place of the head of each, −1 for the root
    is_punctuation : whether the treebank says so (UPOS PUNCT);  line : where the sentence starts, from 1
    """

    words: tuple[str, ...]
    heads: tuple[int, ...]
    is_punctuation: tuple[bool, ...]
    line: int = 0


@dataclass(frozen=True)
class SpanScores:
    """Counts of spans, and the ratios made of them; over no spans at all they are 0.

    true_spans, test_spans, correct : spans of the treebank, of the prediction, of both
    sentence_f1 : mean F1 of the sentences that have a span in the treebank
    f1_interval : percentile bootstrap over sentences, 95 %
    """

    true_spans: float
    test_spans: float
    correct: float
    sentence_f1: float
    f1_interval: tuple[float, float] | None = None

    @property
    def precision(self) -> float:
        return self.correct / self.test_spans if self.test_spans else 0.0

    @property
    def recall(self) -> float:
        return self.correct / self.true_spans if self.true_spans else 0.0

    @property
    def f1(self) -> float:
        """2PR/(P + R), which is 2 · correct / (true spans + test spans)."""
        spans = self.true_spans + self.test_spans
        return 2 * self.correct / spans if spans else 0.0

    def to_dict(self) -> dict[str, Any]:
        names = ("f1", "precision", "recall", "sentence_f1", "f1_interval", "true_spans", "test_spans", "correct")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class TreeScores:
    """One prediction against one treebank.

    baselines : the same figures of trees over the predicted words, by name
    sentences, words, same_words : of the treebank, without punctuation; words that are also words of the prediction
    """

    predicted: SpanScores
    baselines: dict[str, SpanScores]
    sentences: int
    words: int
    same_words: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "predicted": self.predicted.to_dict(),
            "baselines": {name: scores.to_dict() for name, scores in self.baselines.items()},
            "sentences": self.sentences,
            "words": self.words,
            "same_words": self.same_words,
        }


def evaluate_trees(
    gold_lines: Iterable[str],
    predicted_lines: Iterable[str],
    *,
    gold_name: str = "gold",
    predicted_name: str = "predicted",
    samples: int = BOOTSTRAP_SAMPLES,
    seed: int = 0,
) -> TreeScores:
    """Compare bracketed lines with a treebank in CoNLL-U.

    gold_lines : a treebank;  predicted_lines : a tree for each of its sentences, as `minent parse --format brackets`
        writes them; blank lines do not count
    Gold spans are the yields of dependency subtrees, predicted spans the brackets; both of two words or more, less
    than the whole sentence, without the tokens that the treebank calls punctuation, and gold yields contiguous after
    that. The words may differ: spans are compared by the characters at their ends, so that a tree from raw text is
    judged like one over the gold words.
    Errors: CorpusError where a file is not in its format, or the texts differ (white space aside).

    >>> gold = ["1\\t雪梨\\t_\\tNOUN\\t_\\t_\\t3", "2\\t的\\t_\\tPART\\t_\\t_\\t1", "3\\t颜色\\t_\\tNOUN\\t_\\t_\\t0"]
    >>> evaluate_trees(gold, ["(雪梨 的) 颜色"]).predicted.f1
    1.0
    """
    tally = _Tally(random.Random(seed))
    trees = read_trees(gold_lines, gold_name)
    lines = ((number, line) for number, line in enumerate(predicted_lines, 1) if line.strip())
    for tree, numbered in zip_longest(trees, lines):
        if tree is None or numbered is None:
            problem = "more trees than" if tree is None else "fewer trees than"
            raise CorpusError(predicted_name, f"{problem} {gold_name} has sentences", "give one line for each sentence")
        number, line = numbered
        words, spans = read_brackets(line, f"{predicted_name}:{number}")
        if "".join(words) != "".join("".join(tree.words).split()):
            problem = f"text differs from the sentence at {gold_name}:{tree.line}"
            raise CorpusError(f"{predicted_name}:{number}", problem, "apart from spaces both must be the same text")
        tally.add(tree, words, spans)
    return tally.scores(samples, seed)


def read_trees(lines: Iterable[str], name: str = "gold") -> Iterator[GoldTree]:
    """The sentences of a treebank in CoNLL-U; multiword tokens and empty nodes are passed over."""
    rows: list[tuple[str, bool, int]] = []
    start = number = 0
    for number, line in enumerate(lines, 1):
        fields = line.rstrip("\r\n").split("\t")
        if fields == [""] or not line.strip():
            if rows:
                yield _tree(rows, start, name)
            rows = []
        elif not line.startswith("#"):
            start = start if rows else number
            if len(fields) < 7:
                raise CorpusError(f"{name}:{number}", "fewer than 7 columns", "give a treebank in CoNLL-U")
            if "-" in fields[0] or "." in fields[0]:
                continue
            if fields[0] != str(len(rows) + 1) or not fields[6].isdecimal():
                raise CorpusError(f"{name}:{number}", "no number and head of a word", "give a treebank in CoNLL-U")
            rows.append((fields[1], fields[3] == "PUNCT", int(fields[6]) - 1))
    if rows:
        yield _tree(rows, start, name)


def _tree(rows: Sequence[tuple[str, bool, int]], line: int, name: str) -> GoldTree:
    words, punctuation, heads = zip(*rows, strict=True)
    if max(heads) >= len(rows) or any(_depth(heads, place) > len(rows) for place in range(len(rows))):
        raise CorpusError(f"{name}:{line}", "the heads of this sentence are no tree", "give a treebank in CoNLL-U")
    return GoldTree(words, heads, punctuation, line)


def _depth(heads: Sequence[int], place: int) -> int:
    depth = 0
    while place >= 0 and depth <= len(heads):
        place, depth = heads[place], depth + 1
    return depth


def gold_spans(tree: GoldTree) -> set[Span]:
    """Contiguous yields of subtrees, in words without punctuation: two words or more, not the whole sentence.

    >>> sorted(gold_spans(GoldTree(("我", "的", "，", "书"), (3, 0, 3, -1), (False, False, True, False))))
    [(0, 2)]
    """
    kept = [place for place, mark in enumerate(tree.is_punctuation) if not mark]
    index = {place: number for number, place in enumerate(kept)}
    yields: list[set[int]] = [set() for _ in tree.words]
    for place in kept:
        above = place
        while above >= 0:
            yields[above].add(index[place])
            above = tree.heads[above]
    found = ((min(words), max(words) + 1, len(words)) for words in yields if words)
    return {(a, b) for a, b, size in found if b - a == size and 2 <= size < len(kept)}


def read_brackets(line: str, name: str = "predicted") -> tuple[list[str], list[Span]]:
    """Words and spans, in words, of a bracketed line; `-LRB-` and `-RRB-` in a word are ASCII brackets.

    >>> read_brackets("((雪梨 和) 苹果) 的 -LRB-")
    (['雪梨', '和', '苹果', '的', '('], [(0, 2), (0, 3)])
    """
    words: list[str] = []
    spans, opened = [], list[int]()
    for token in re.findall(r"[()]|[^\s()]+", line):
        if token == "(":
            opened.append(len(words))
        elif token == ")":
            if not opened:
                raise CorpusError(name, f"a bracket closes after word {len(words)} that was not opened")
            spans.append((opened.pop(), len(words)))
        else:
            words.append(re.sub("-[LR]RB-", lambda match: ESCAPES[match[0]], token))
    if opened:
        raise CorpusError(name, f"a bracket opens before word {opened[-1] + 1} that is not closed")
    return words, spans


class _Tally:
    """Sums over sentences, for the prediction and for each baseline."""

    def __init__(self, generator: random.Random) -> None:
        self.generator = generator
        self.rows: dict[str, list[tuple[float, float, float]]] = {}  # by name: correct, true, test of each sentence
        self.words = self.same_words = 0

    def add(self, tree: GoldTree, words: Sequence[str], spans: Sequence[Span]) -> None:
        gold_ends = _character_ends(tree.words, tree.is_punctuation)
        dropped = [mark for word, mark in zip(tree.words, tree.is_punctuation, strict=True) for _ in _solid(word)]
        ends = _character_ends(words, None, dropped)
        kept = [place for place in range(len(words)) if ends[place] < ends[place + 1]]
        length = gold_ends[-1]
        gold_places = sorted(set(gold_ends))
        gold = {(gold_places[a], gold_places[b]) for a, b in gold_spans(tree)}

        def in_characters(found: Iterable[Span]) -> set[Span]:
            """Spans over `kept` words as spans of characters, those that count."""
            places = sorted(set(ends))
            return {(places[a], places[b]) for a, b in found if b - a >= 2 and places[b] - places[a] < length}

        number = [0]  # kept words before each word
        for place in range(len(words)):
            number.append(number[-1] + (ends[place] < ends[place + 1]))
        self._count("predicted", gold, in_characters((number[a], number[b]) for a, b in spans))
        n = len(kept)
        whole = [(0, n)]
        clauses = _pieces([token_kind(word) == Kind.CLAUSE_END for word in words], number)
        blocks = _pieces([token_kind(word) != Kind.WORD for word in words], number)
        for name, pieces, split in (
            ("left-branching", whole, _last),
            ("right-branching", whole, _first),
            ("balanced", whole, _middle),
            ("clauses (hard blocks)", clauses, None),
            ("blocks between marks", blocks, None),
            ("blocks, inside left", blocks, _last),
            ("blocks, inside right", blocks, _first),
            ("blocks, inside balanced", blocks, _middle),
        ):
            self._count(name, gold, in_characters(_binary(pieces, split)))
        for name, pieces in (("random", whole), ("blocks, inside random", blocks)):
            drawn = [in_characters(_binary(pieces, self._random)) for _ in range(RANDOM_TREES)]
            self._add(name, sum(len(gold & s) for s in drawn) / RANDOM_TREES, gold, sum(map(len, drawn)) / RANDOM_TREES)
        self._add("best binary tree", len(gold), gold, max(n - 2, 0))
        self.words += len(set(gold_ends)) - 1
        gold_words = set(pairwise(gold_places))
        self.same_words += len(gold_words & {(ends[place], ends[place + 1]) for place in kept})

    def scores(self, samples: int, seed: int) -> TreeScores:
        if not self.rows:
            raise CorpusError("gold", "there are no sentences in it", "give a treebank in CoNLL-U")
        scores = {}
        for name, rows in self.rows.items():
            correct, true, test = (sum(column) for column in zip(*rows, strict=True))
            each = [2 * row[0] / (row[1] + row[2]) for row in rows if row[1]]
            sums = Counter((round(row[0]), round(row[1] + row[2])) for row in rows)
            interval = bootstrap_f1(sums, samples, seed) if name == "predicted" else None
            scores[name] = SpanScores(true, test, correct, sum(each) / len(each) if each else 0.0, interval)
        predicted = scores.pop("predicted")
        return TreeScores(predicted, scores, len(self.rows["predicted"]), self.words, self.same_words)

    def _count(self, name: str, gold: set[Span], test: set[Span]) -> None:
        self._add(name, len(gold & test), gold, len(test))

    def _add(self, name: str, correct: float, gold: set[Span], test: float) -> None:
        self.rows.setdefault(name, []).append((correct, len(gold), test))

    def _random(self, a: int, b: int) -> int:
        return self.generator.randrange(a + 1, b)


def _solid(word: str) -> str:
    """A word without the spaces that some treebanks have inside words."""
    return "".join(word.split())


def _character_ends(
    words: Sequence[str], drop_words: Sequence[bool] | None, drop_characters: Sequence[bool] = ()
) -> list[int]:
    """Where each word starts, and where the last ends, in characters that are not dropped: words + 1 places."""
    ends, at = [0], 0
    for place, word in enumerate(words):
        length = len(_solid(word))
        if drop_words is not None:
            counted = 0 if drop_words[place] else length
        else:
            counted = length - sum(drop_characters[at : at + length])
        at += length
        ends.append(ends[-1] + counted)
    return ends


def _pieces(cuts: Sequence[bool], number: Sequence[int]) -> list[Span]:
    """What is left of the words, in kept words, when the text is cut at some of them."""
    pieces, start = [], 0
    for place, cut in enumerate([*cuts, True]):
        if cut:
            pieces.append((number[start], number[place]))
            start = min(place + 1, len(cuts))
    return pieces


def _binary(pieces: Iterable[Span], split: Split | None) -> list[Span]:
    """The pieces and, with `split`, all spans of the binary tree inside each."""
    found, waiting = [], list(pieces)
    while waiting:
        a, b = waiting.pop()
        if b - a < 2:
            continue
        found.append((a, b))
        if split is not None:
            middle = split(a, b)
            waiting += [(a, middle), (middle, b)]
    return found


def _first(a: int, b: int) -> int:
    return a + 1


def _last(a: int, b: int) -> int:
    return b - 1


def _middle(a: int, b: int) -> int:
    return (a + b + 1) // 2
