"""How well a segmentation agrees with a gold standard, as the scorer of SIGHAN 2005 counts it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.errors import CorpusError
from minent.evaluation.alignment import align_lines
from minent.evaluation.bootstrap import bootstrap_f1

BOOTSTRAP_SAMPLES = 1000
EXAMPLES = 10  # of each kind of error
LINES_AT_ONCE = 4096  # bounds the memory; no number depends on it
KINDS = ("split", "merged", "crossing")


@dataclass(frozen=True)
class WordScores:
    """Counts of words, and the ratios made of them.

    P, R and F1 over no words at all are 0; a figure about unknown words is None without a list of known ones.

    true_words, test_words : words of the gold standard, of the prediction
    correct                : words of both: the same two ends
    oov_words, oov_correct : gold words outside the list of known words, and the correct ones of them
    f1_interval            : percentile bootstrap over lines, 95 %
    """

    true_words: int
    test_words: int
    correct: int
    oov_words: int | None
    oov_correct: int | None
    f1_interval: tuple[float, float] | None

    @property
    def precision(self) -> float:
        return self.correct / self.test_words if self.test_words else 0.0

    @property
    def recall(self) -> float:
        return self.correct / self.true_words if self.true_words else 0.0

    @property
    def f1(self) -> float:
        """2PR/(P + R), which is 2 · correct / (true words + test words)."""
        words = self.true_words + self.test_words
        return 2 * self.correct / words if words else 0.0

    @property
    def oov_rate(self) -> float | None:
        """Share of the gold words that the list of known words has not."""
        if self.oov_words is None:
            return None
        return self.oov_words / self.true_words if self.true_words else 0.0

    @property
    def oov_recall(self) -> float | None:
        """Recall of the gold words outside the list; None where there are none (`--` in SIGHAN's script)."""
        return self.oov_correct / self.oov_words if self.oov_words and self.oov_correct is not None else None

    @property
    def iv_recall(self) -> float | None:
        """Recall of the gold words in the list; None where there are none."""
        if self.oov_words is None or self.oov_correct is None or self.oov_words == self.true_words:
            return None
        return (self.correct - self.oov_correct) / (self.true_words - self.oov_words)

    def to_dict(self) -> dict[str, Any]:
        ratios = ("precision", "recall", "f1", "f1_interval", "oov_rate", "oov_recall", "iv_recall")
        counts = ("true_words", "test_words", "correct", "oov_words", "oov_correct")
        return {name: getattr(self, name) for name in ratios + counts}


@dataclass(frozen=True)
class ErrorExample:
    """Gold words, the predicted words in their place (both separated by spaces), and how often that is so."""

    gold: str
    predicted: str
    count: int


@dataclass(frozen=True)
class ErrorKind:
    """Errors of one kind.

    An error is the text between two neighbouring boundaries that both sides have, where it is not one word on
    both sides.

    kind       : split (one gold word, cut), merged (gold words, joined to one), crossing (several on both)
    true_words : gold words lost in these errors; test_words: predicted words found instead
    examples   : the most frequent ones, ties by text
    """

    kind: str
    count: int
    true_words: int
    test_words: int
    examples: tuple[ErrorExample, ...]


@dataclass(frozen=True)
class SegmentationScores:
    """One prediction against one gold standard.

    overall             : every word counts, as in SIGHAN's script
    without_punctuation : words without a letter, digit or Han character (`is_punctuation`) count on no side
    insertions, deletions, substitutions : of whole words, as `diff -y` pairs them: where n gold words stand
        between two correct ones and m predicted words in their place, min(n, m) are substituted, the rest of
        the n deleted or the rest of the m inserted
    errors              : split, merged, crossing
    lines, characters   : of the text; neither lines without words nor white space count
    """

    overall: WordScores
    without_punctuation: WordScores
    insertions: int
    deletions: int
    substitutions: int
    errors: tuple[ErrorKind, ...]
    lines: int
    characters: int

    @property
    def nchange(self) -> int:
        """What SIGHAN's script calls NCHANGE: insertions + deletions + substitutions."""
        return self.insertions + self.deletions + self.substitutions

    def to_dict(self) -> dict[str, Any]:
        return {
            "overall": self.overall.to_dict(),
            "without_punctuation": self.without_punctuation.to_dict(),
            "insertions": self.insertions,
            "deletions": self.deletions,
            "substitutions": self.substitutions,
            "nchange": self.nchange,
            "errors": {
                error.kind: {
                    "count": error.count,
                    "true_words": error.true_words,
                    "test_words": error.test_words,
                    "examples": [vars(example) for example in error.examples],
                }
                for error in self.errors
            },
            "lines": self.lines,
            "characters": self.characters,
        }


def is_punctuation(word: str) -> bool:
    """Has no letter, number or Han character (Unicode categories L, N): ， —— ℃ + have none, ２ 〇 々 do."""
    return not any(map(str.isalnum, word))


def evaluate_segmentation(
    gold_lines: Iterable[str],
    predicted_lines: Iterable[str],
    known_words: Collection[str] | None = None,
    *,
    gold_name: str = "gold",
    predicted_name: str = "predicted",
    examples: int = EXAMPLES,
    samples: int = BOOTSTRAP_SAMPLES,
    seed: int = 0,
) -> SegmentationScores:
    """Compare two segmentations of one text, words separated by any white space, line by line.

    known_words : the words of the training side; None: no OOV figures
    examples    : how many of the most frequent errors to keep, per kind
    samples     : bootstrap samples behind `f1_interval`; 0: no interval
    Errors: CorpusError where the texts differ (white space aside), or if there is no word at all.
    Source: the script `score` of SIGHAN 2005 (Sproat, Emerson). It aligns the words of a line by `diff`,
    which may miss a correct word or pair a word with its twin elsewhere; here a word is right when both its
    ends are. On PKU and MSR the figures of the two differ by less than 0.0003.

    >>> scores = evaluate_segmentation(["武汉市 长江 大桥"], ["武汉 市长 江 大桥"])
    >>> scores.overall.correct, scores.overall.precision, round(scores.overall.recall, 3)
    (1, 0.25, 0.333)
    >>> [(error.kind, error.examples) for error in scores.errors if error.count]
    [('crossing', (ErrorExample(gold='武汉市 长江', predicted='武汉 市长 江', count=1),))]
    """
    tally = _Tally(_Vocabulary(known_words))
    pairs = align_lines(gold_lines, predicted_lines, gold_name, predicted_name)
    while block := list(islice(pairs, LINES_AT_ONCE)):
        tally.add([gold for gold, _ in block], [predicted for _, predicted in block])
    if not tally.lines:
        raise CorpusError(gold_name, "there are no words in it", "give a text with a space between two words")
    return tally.scores(examples, samples, seed)


class _Vocabulary(dict[str, int]):
    """Numbers of the distinct words: what is asked of a word is asked once. Looking up a new word adds it."""

    def __init__(self, known: Collection[str] | None) -> None:
        super().__init__()
        self.known = None if known is None else frozenset(known)
        self.lengths = array("q")
        self.in_list = array("b")
        self.punctuation = array("b")

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        self.lengths.append(len(word))
        self.in_list.append(self.known is None or word in self.known)
        self.punctuation.append(is_punctuation(word))
        return number


class _Words:
    """The words of some lines, one after the other.

    ends           : int64[words], where each word ends in the joined text, rising
    line           : int64[words], the line of each word
    in_list, kept  : bool[words], in the list of known words; not punctuation
    """

    def __init__(self, lines: list[list[str]], vocabulary: _Vocabulary) -> None:
        self.words = list(chain.from_iterable(lines))
        numbers = np.fromiter(map(vocabulary.__getitem__, self.words), np.int64, len(self.words))
        self.ends = np.cumsum(np.array(vocabulary.lengths)[numbers])
        self.line = np.repeat(np.arange(len(lines)), [len(words) for words in lines])
        self.in_list = np.array(vocabulary.in_list, np.bool_)[numbers]
        self.kept = ~np.array(vocabulary.punctuation, np.bool_)[numbers]


@dataclass
class _Tally:
    """Sums over the blocks of lines. Pairs hold (all words, words that are not punctuation)."""

    vocabulary: _Vocabulary
    true_words: list[int] = field(default_factory=lambda: [0, 0])
    test_words: list[int] = field(default_factory=lambda: [0, 0])
    correct: list[int] = field(default_factory=lambda: [0, 0])
    oov_words: list[int] = field(default_factory=lambda: [0, 0])
    oov_correct: list[int] = field(default_factory=lambda: [0, 0])
    line_sums: list[Counter[tuple[int, int]]] = field(default_factory=lambda: [Counter(), Counter()])
    changes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, np.int64))
    error_sums: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(KINDS), 3), np.int64))
    errors: list[Counter[tuple[str, str]]] = field(default_factory=lambda: [Counter() for _ in KINDS])
    lines: int = 0
    characters: int = 0

    def add(self, gold_lines: list[list[str]], predicted_lines: list[list[str]]) -> None:
        """Compare two segmentations of the same lines, none of them empty."""
        gold, predicted = _Words(gold_lines, self.vocabulary), _Words(predicted_lines, self.vocabulary)
        self.lines += len(gold_lines)
        self.characters += int(gold.ends[-1])

        # A piece is the text between two neighbouring boundaries that both sides have: `true` gold words and
        # `test` predicted words. A word is correct where a piece is one word on both sides.
        place = np.searchsorted(predicted.ends, gold.ends)
        last_true = np.flatnonzero(predicted.ends[place] == gold.ends)
        last_test = place[last_true]
        true, test = np.diff(last_true, prepend=-1), np.diff(last_test, prepend=-1)
        is_correct = (true == 1) & (test == 1)

        correct = np.zeros(len(gold.words), np.bool_)
        correct[last_true[is_correct]] = True
        self._add_words(gold, predicted, correct, len(gold_lines))
        self._add_changes(gold.line[last_true], true, test, is_correct)
        self._add_errors(gold.words, predicted.words, last_true, last_test, true, test)

    def _add_words(self, gold: _Words, predicted: _Words, correct: NDArray[np.bool_], lines: int) -> None:
        choices = (
            (np.ones_like(gold.kept), np.ones_like(predicted.kept)),
            (gold.kept, predicted.kept),
        )
        for which, (true, test) in enumerate(choices):
            right = true & correct
            true_of_line = np.bincount(gold.line[true], minlength=lines)
            test_of_line = np.bincount(predicted.line[test], minlength=lines)
            right_of_line = np.bincount(gold.line[right], minlength=lines)
            self.true_words[which] += int(true_of_line.sum())
            self.test_words[which] += int(test_of_line.sum())
            self.correct[which] += int(right_of_line.sum())
            self.oov_words[which] += int((true & ~gold.in_list).sum())
            self.oov_correct[which] += int((right & ~gold.in_list).sum())
            sums = zip(right_of_line.tolist(), (true_of_line + test_of_line).tolist(), strict=True)
            self.line_sums[which].update(sums)

    def _add_changes(
        self,
        lines: NDArray[np.int64],
        true: NDArray[np.int64],
        test: NDArray[np.int64],
        is_correct: NDArray[np.bool_],
    ) -> None:
        starts_line = np.diff(lines, prepend=-1) != 0
        hunk = np.cumsum(is_correct | starts_line)[~is_correct]
        gold = np.bincount(hunk, weights=true[~is_correct])
        predicted = np.bincount(hunk, weights=test[~is_correct])
        substituted = np.minimum(gold, predicted)
        parts = (predicted - substituted, gold - substituted, substituted)
        self.changes += np.array([part.sum() for part in parts], dtype=np.int64)

    def _add_errors(
        self,
        gold: list[str],
        predicted: list[str],
        last_true: NDArray[np.int64],
        last_test: NDArray[np.int64],
        true: NDArray[np.int64],
        test: NDArray[np.int64],
    ) -> None:
        kinds = ((true == 1) & (test > 1), (true > 1) & (test == 1), (true > 1) & (test > 1))
        for kind, is_kind in enumerate(kinds):
            self.error_sums[kind] += (is_kind.sum(), true[is_kind].sum(), test[is_kind].sum())
            places = zip(
                (last_true - true + 1)[is_kind].tolist(),
                (last_true + 1)[is_kind].tolist(),
                (last_test - test + 1)[is_kind].tolist(),
                (last_test + 1)[is_kind].tolist(),
                strict=True,
            )
            self.errors[kind].update(
                (" ".join(gold[start:end]), " ".join(predicted[test_start:test_end]))
                for start, end, test_start, test_end in places
            )

    def scores(self, examples: int, samples: int, seed: int) -> SegmentationScores:
        """The sums as the result; `examples` errors of each kind are kept."""
        has_list = self.vocabulary.known is not None
        overall, without_punctuation = (
            WordScores(
                true_words=self.true_words[which],
                test_words=self.test_words[which],
                correct=self.correct[which],
                oov_words=self.oov_words[which] if has_list else None,
                oov_correct=self.oov_correct[which] if has_list else None,
                f1_interval=bootstrap_f1(self.line_sums[which], samples, seed),
            )
            for which in (0, 1)
        )
        insertions, deletions, substitutions = self.changes.tolist()
        errors = tuple(
            ErrorKind(kind, count, true_words, test_words, _most_common(counts, examples))
            for kind, (count, true_words, test_words), counts in zip(
                KINDS, self.error_sums.tolist(), self.errors, strict=True
            )
        )
        return SegmentationScores(
            overall=overall,
            without_punctuation=without_punctuation,
            insertions=insertions,
            deletions=deletions,
            substitutions=substitutions,
            errors=errors,
            lines=self.lines,
            characters=self.characters,
        )


def _most_common(counts: Counter[tuple[str, str]], length: int) -> tuple[ErrorExample, ...]:
    first = nsmallest(length, counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ErrorExample(gold, predicted, count) for (gold, predicted), count in first)
