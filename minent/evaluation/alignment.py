"""The lines of two segmentations of one text, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from minent.errors import CorpusError

LINES_TO_JOIN = 4  # so many neighbouring lines may share a text that their ends cut differently
SAME_TEXT = "apart from spaces both must be the same text, line by line"


def align_lines(
    gold_lines: Iterable[str], predicted_lines: Iterable[str], gold_name: str, predicted_name: str
) -> Iterator[tuple[list[str], list[str]]]:
    """The words of each line on both sides; blank lines are left out, even if only one side ends with them.

    A sign may end a line on one side and begin the next line on the other, as eight quotation marks do
    between the test text of MSR and its gold: such lines are compared as one.
    Errors: CorpusError with the line and the character where the texts differ, or with the numbers of lines.
    """
    both = zip_longest(gold_lines, predicted_lines)
    counts = [0, 0]
    for gold_line, predicted_line in both:
        _count(counts, gold_line, predicted_line)
        gold, predicted = (gold_line or "").split(), (predicted_line or "").split()
        if (gold_line is None and predicted) or (predicted_line is None and gold):
            for lines in both:
                _count(counts, *lines)
            problem = f"{counts[1]} lines, but {gold_name} has {counts[0]}"
            raise CorpusError(predicted_name, problem, SAME_TEXT)
        gold_text, predicted_text = first = "".join(gold), "".join(predicted)
        number, joined = counts[0], 1
        while gold_text != predicted_text:
            can_join = joined < LINES_TO_JOIN and (
                gold_text.startswith(predicted_text) or predicted_text.startswith(gold_text)
            )
            more = next(both, None) if can_join else None
            if more is None or more[0] is None or more[1] is None:
                at = _common_length(*first)
                problem = (
                    f"text differs from {gold_name} at character {at + 1}: "
                    f"{_excerpt(first[1], at)} instead of {_excerpt(first[0], at)}"
                )
                raise CorpusError(f"{predicted_name}:{number}", problem, SAME_TEXT)
            _count(counts, *more)
            gold += more[0].split()
            predicted += more[1].split()
            gold_text, predicted_text = "".join(gold), "".join(predicted)
            joined += 1
        if gold:
            yield gold, predicted


def _count(counts: list[int], gold_line: str | None, predicted_line: str | None) -> None:
    counts[0] += gold_line is not None
    counts[1] += predicted_line is not None


def _common_length(left: str, right: str) -> int:
    pairs = zip(left, right, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(left), len(right)))


def _excerpt(text: str, at: int, length: int = 10) -> str:
    if at == len(text):
        return "the end of the line"
    return f"“{text[at : at + length]}{'…' if at + length < len(text) else ''}”"
