"""A cutting of a text: the text and the spans of its words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Segmentation:
    """A text and its words as half-open spans, in characters. Whitespace belongs to no word.

    >>> cutting = Segmentation("科学 技术", ((0, 2), (3, 5)))
    >>> cutting.words, len(cutting)
    (['科学', '技术'], 2)
    """

    text: str
    spans: tuple[tuple[int, int], ...]

    @property
    def words(self) -> list[str]:
        """The words, in order."""
        return [self.text[start:end] for start, end in self.spans]

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.spans)
