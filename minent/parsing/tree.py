"""The parse tree: nested spans over the tokens of a line, and its forms in text and JSON."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

SLOT = "[X]"
BRANCH, LAST_BRANCH, BESIDE, BELOW = "├─ ", "└─ ", "│  ", "   "


@dataclass(frozen=True)
class ParseTree:
    """A node: a word, or a span with children. The root is the whole line.

    start, end : place of its first token, and behind its last
    word : the token of a leaf, else None;  is_literal : whether a template has this word itself, no slot for it
    children : from left to right;  score : of a span, None for a leaf, the root, or where punctuation alone decided

    >>> tree = build_tree(["苹果", "的", "颜色", "呢"], [(0, 3)], literals={"的", "呢"})
    >>> tree.template, tree.fillers[0].template, tree.words
    ('[X] 呢', '[X] 的 [X]', ['苹果', '的', '颜色', '呢'])
    """

    start: int
    end: int
    word: str | None = None
    is_literal: bool = False
    children: tuple[ParseTree, ...] = ()
    score: float | None = None

    def __str__(self) -> str:
        return self.drawing()

    def _repr_svg_(self) -> str:
        """What a notebook shows: the picture of the tree."""
        from minent.parsing.svg import trees_svg  # which draws nodes of this module

        return trees_svg([self])

    @property
    def words(self) -> list[str]:
        """The tokens below this node, from left to right."""
        return [leaf.word for leaf in self.leaves() if leaf.word is not None]

    @property
    def text(self) -> str:
        """The words without anything between them."""
        return "".join(self.words)

    @property
    def template(self) -> str:
        """The main template: literal words, and `[X]` for every other word and every child with children.

        Words are separated by a space; a literal `[X]` of the text is written `\\[X]`.
        """
        return " ".join(
            (child.word.replace(SLOT, "\\" + SLOT) if child.word is not None and child.is_literal else SLOT)
            for child in (self.children if self.word is None else (self,))
        )

    @property
    def fillers(self) -> list[ParseTree]:
        """What stands in the slots of the main template, from left to right."""
        return [child for child in self.children if child.word is None or not child.is_literal]

    def leaves(self) -> Iterator[ParseTree]:
        """The words below this node, from left to right."""
        return (node for node in self.nodes() if node.word is not None)

    def nodes(self) -> Iterator[ParseTree]:
        """This node and all below it, parents first, from left to right."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    def spans(self) -> list[tuple[int, int]]:
        """The spans of two tokens or more below the root, outer ones first: (start, end) in tokens."""
        return [(node.start, node.end) for node in self.nodes() if node.children and node is not self]

    def brackets(self) -> str:
        """The line with a pair of round brackets around every span of two tokens or more, the root excepted.

        ASCII round brackets in words are written `-LRB-` and `-RRB-`.

        >>> build_tree(["雪梨", "和", "苹果", "的", "颜色"], [(0, 3)]).brackets()
        '(雪梨 和 苹果) 的 颜色'
        """
        return self._brackets(is_root=True)

    def _brackets(self, is_root: bool) -> str:
        if self.word is not None:
            return self.word.replace("(", "-LRB-").replace(")", "-RRB-")
        inner = " ".join(child._brackets(is_root=False) for child in self.children)
        return inner if is_root else f"({inner})"

    def to_json(self, scores: bool = False) -> dict[str, Any]:
        """Nested dictionaries: `word`, or `template`, `children` and, if asked for, `score`; `span` in tokens."""
        if self.word is not None:
            return {"word": self.word, "span": [self.start, self.end]}
        node: dict[str, Any] = {"template": self.template, "span": [self.start, self.end]}
        if scores and self.score is not None:
            node["score"] = round(self.score, 4)
        node["children"] = [child.to_json(scores) for child in self.children]
        return node

    def drawing(self, scores: bool = False) -> str:
        """The tree in lines: each span as its main template with the slots filled in, in round brackets.

        >>> tree = build_tree(["雪梨", "和", "苹果", "的", "颜色"], [(0, 3)], literals={"和", "的"})
        >>> print(tree.drawing())
        (雪梨和苹果)的(颜色)
        └─ (雪梨)和(苹果)
        """
        lines = []
        waiting = [(self, "", "")]
        while waiting:
            node, head, margin = waiting.pop()
            figure = f"  {node.score:.2f}" if scores and node.score is not None else ""
            lines.append(head + node._filled() + figure)
            below = [child for child in node.children if child.children]
            for child in reversed(below):
                branch, beside = (LAST_BRANCH, BELOW) if child is below[-1] else (BRANCH, BESIDE)
                waiting.append((child, margin + branch, margin + beside))
        return "\n".join(lines)

    def _filled(self) -> str:
        if self.word is not None:
            return self.word
        return "".join(child.word if child.word and child.is_literal else f"({child.text})" for child in self.children)


@dataclass
class _Open:
    start: int
    end: int
    score: float | None
    children: list[ParseTree] = field(default_factory=list)


def build_tree(
    tokens: Sequence[str],
    spans: Iterable[tuple[int, int]],
    scores: dict[tuple[int, int], float] | None = None,
    literals: Iterable[str] = (),
    literal_places: Container[int] = (),
) -> ParseTree:
    """The tree of nested spans over tokens; spans of one token, or of all, are left out.

    scores : of some of the spans;  literals : the words that are literal in templates;  literal_places : places of
    further literal words
    ValueError: two spans cross.
    """
    scores, literals = scores or {}, frozenset(literals)
    kept = sorted({span for span in spans if 2 <= span[1] - span[0] < len(tokens)}, key=lambda s: (s[0], -s[1]))
    opened = [_Open(0, len(tokens), None)]

    def close() -> None:
        done = opened.pop()
        opened[-1].children.append(ParseTree(done.start, done.end, None, False, tuple(done.children), done.score))

    following = iter([*kept, (len(tokens), len(tokens))])
    start, end = next(following)
    for place, token in enumerate(tokens):
        while start == place:
            if end > opened[-1].end:
                raise ValueError(f"spans {(opened[-1].start, opened[-1].end)} and {(start, end)} cross")
            opened.append(_Open(start, end, scores.get((start, end))))
            start, end = next(following)
        is_literal = token in literals or place in literal_places
        opened[-1].children.append(ParseTree(place, place + 1, token, is_literal))
        while opened[-1].end == place + 1 and len(opened) > 1:
            close()
    return ParseTree(0, len(tokens), None, False, tuple(opened[0].children))
