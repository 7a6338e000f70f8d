"""Parsing by the article's score: the best nesting of templates over a sentence. Source: kexue.fm/archives/5577."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minent.kernels.template_chart import parse_words
from minent.tables import Counter
from minent.templates.settings import SKIPGRAM
from minent.templates.template import Template
from minent.templates.template_set import TemplateSet

NULL_SCORE = -20.0  # nats
LONGEST = 200  # words parsed at once


@dataclass(frozen=True, slots=True)
class Block:
    """A span of words under one template.

    start, end : in words;  template : None if none covers the span
    children : the blocks in its slots, from left to right; a block without template has none
    """

    start: int
    end: int
    template: Template | None
    children: tuple[Block, ...] = ()

    def spans(self) -> Iterator[tuple[int, int]]:
        """Its span, and those of all blocks below."""
        yield self.start, self.end
        for child in self.children:
            yield from child.spans()

    def literal_places(self) -> Iterator[int]:
        """The places of the words of its template, and of those of the blocks below, but not of a slot's only word.

        >>> possession = Template.parse("[X] 的 [X]")
        >>> list(Block(0, 4, possession, (Block(0, 1, None), Block(2, 4, None))).literal_places())
        [1]
        """
        if self.template is not None:
            in_slots = {place for child in self.children for place in range(child.start, child.end)}
            yield from (place for place in range(self.start, self.end) if place not in in_slots)
        for child in self.children:
            if child.end > child.start + 1:
                yield from child.literal_places()

    def show(self, words: Sequence[str]) -> str:
        """What the block is made of, its slots in brackets.

        >>> possession = Template.parse("[X] 的 [X]")
        >>> Block(0, 4, possession, (Block(0, 1, None), Block(2, 4, None))).show(["我", "的", "好", "书"])
        '(我)的(好书)'
        """
        if self.template is None:
            return "".join(words[self.start : self.end])
        children = iter(self.children)
        parts = []
        for word in self.template.words:
            if word is None:
                child = next(children)
                parts.append(f"({''.join(words[child.start : child.end])})")
            else:
                parts.append(str(word))
        return "".join(parts)


class Parse(NamedTuple):
    """The best analysis of a sentence and its score, in nats."""

    score: float
    root: Block


class ArticleParser:
    """Parses sentences: a block takes the template with the best ln p + scores of the blocks in its slots.

    p is the share of a template in the counts of those that skip-grams gave; where none comes from there, of those
    that blocks of parses gave. Templates with word classes are passed over. A block that no template covers costs
    `null_score` for each word but one; as in the article's implementation, that is no choice where a template covers
    it. A slot stands for one word or more, and there is nothing between words that stand side by side in a template.
    Time grows with the square of the words and with the templates that match; sentences of more than LONGEST words are
    parsed in equal parts of at most so many, beside one another.

    Can be pickled and used by several threads.  trie : see kernels/template_chart.py
    """

    def __init__(self, templates: TemplateSet, null_score: float = NULL_SCORE) -> None:
        if not (math.isfinite(null_score) and null_score <= 0):
            raise ValueError(f"null_score is {null_score}; it must be a finite number of at most 0")
        self.null_score = null_score
        entries = [entry for entry in templates if entry.count > 0 and not entry.template.classes]
        mined = [entry for entry in entries if entry.source == SKIPGRAM] or entries
        self.total = total = sum(entry.count for entry in mined)
        self.templates = [entry.template for entry in mined]
        self._words: dict[str, int] = {}
        children: dict[int, int] = {}
        slots, values, self._places = [-1], [-math.inf], {-1: -1}
        for place, entry in enumerate(mined):
            node = 0
            for word in entry.template.words:
                number = 0 if word is None else self._words.setdefault(str(word), len(self._words) + 1)
                key = node << 32 | number
                if key not in children:
                    children[key] = len(slots)
                    if word is None:
                        slots[node] = len(slots)
                    slots.append(-1)
                    values.append(-math.inf)
                node = children[key]
            values[node] = math.log(entry.count) - math.log(total)
            self._places[node] = place
        keys = np.array([key for key in children if key & 0xFFFFFFFF], dtype=np.int64)
        nodes = np.array([node for key, node in children.items() if key & 0xFFFFFFFF], dtype=np.int64)
        self.trie = (
            Counter.from_items(keys, nodes).table,
            np.array(slots, dtype=np.int32),
            np.array(values, dtype=np.float64),
        )

    def numbers(self, words: Sequence[str]) -> NDArray[np.int32]:
        """The number of each word in the trie, 0 for one that no template has."""
        known = self._words
        return np.array([known.get(word, 0) for word in words], dtype=np.int32)

    def template_at(self, node: int) -> Template:
        """The template that ends at a node of the trie."""
        return self.templates[self._places[node]]

    def __repr__(self) -> str:
        return f"<ArticleParser: {len(self.templates):,} templates>"

    def parse(self, words: Sequence[str]) -> Parse:
        """The best analysis of a sentence. ValueError if it has no words.

        >>> from minent.templates import MinedTemplate
        >>> templates = TemplateSet([MinedTemplate(Template.parse(text), 1) for text in ("[X] 的 [X]", "[X] 吗")])
        >>> score, root = ArticleParser(templates).parse(["我", "的", "书"])
        >>> round(score, 4), root.show(["我", "的", "书"]), list(root.spans())     # ln 1/2
        (-0.6931, '(我)的(书)', [(0, 3), (0, 1), (2, 3)])
        """
        if not words:
            raise ValueError("a sentence to parse has at least one word")
        if len(words) <= LONGEST:
            return self._parse_part(words, 0)
        count = -(-len(words) // LONGEST)
        cuts = [len(words) * k // count for k in range(count + 1)]
        parts = [self._parse_part(words[cuts[k] : cuts[k + 1]], cuts[k]) for k in range(count)]
        score = sum(part.score for part in parts) + self.null_score * (count - 1)
        return Parse(score, Block(0, len(words), None, tuple(part.root for part in parts)))

    def _parse_part(self, words: Sequence[str], offset: int) -> Parse:
        size = len(words)
        best = np.empty((size, size + 1), dtype=np.float64)
        blocks = np.empty((2 * size, 3), dtype=np.int32)
        plain = (self.null_score * np.arange(-1.0, size), np.zeros(size + 1), False)
        number = parse_words(self.numbers(words), self.trie, plain, best, blocks)
        rows = iter(blocks[:number].tolist())
        return Parse(float(best[0, size]), self._block(rows, offset))

    def _block(self, rows: Iterator[list[int]], offset: int) -> Block:
        """The next block with all below it."""
        start, end, node = next(rows)
        place = self._places[node]
        if place < 0:
            return Block(start + offset, end + offset, None)
        template = self.templates[place]
        children = tuple(self._block(rows, offset) for _ in range(template.slots))
        return Block(start + offset, end + offset, template, children)
