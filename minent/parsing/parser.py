"""The parser: a line → the nested spans of the largest total score, with its punctuation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from minent.grammar.grammar import Grammar
from minent.grammar.marks import Kind, token_kind
from minent.grammar.text import split_numbers
from minent.kernels.chart import best_spans
from minent.parsing.article import ArticleTrees
from minent.parsing.blocks import Block, Layout, lay_out
from minent.parsing.nbest import best_sums, block_trees
from minent.parsing.scores import SpanScorer
from minent.parsing.settings import DecoderSettings
from minent.parsing.tree import ParseTree, build_tree
from minent.templates import TemplateSet

LITERALS = 200  # most frequent words that are literal in main templates; marks always are

Span = tuple[int, int]


class Cutter(Protocol):
    """What cuts text into words: a Segmenter."""

    def cut(self, text: str) -> list[str]: ...


@dataclass(frozen=True)
class _Choice:
    """One way to parse a line: its total score, and spans in tokens with their scores."""

    score: float
    spans: dict[Span, float]


class Parser:
    """Parses lines by a grammar, or by templates with the article's score.

    model : a Grammar (`train_grammar`, `load_grammar`), or a TemplateSet (`find_templates`, `load_templates`)
    segmenter : cuts raw text; needed by `parse` for a str only
    Any number of threads may use one parser.

    A block is what punctuation leaves together (parsing/blocks.py), of 64 words at most: longer ones are cut, so that
    the time for a line grows with its length.

    >>> from minent.segmentation import Segmenter
    >>> from minent.lexicon import Lexicon
    >>> from minent.templates import find_templates
    >>> segmenter = Segmenter(Lexicon.from_counts(dict.fromkeys("苹果 葡萄 雪梨 颜色 味道 的 是 什么 呢".split(), 9)))
    >>> templates = find_templates(["苹果的颜色是什么呢", "葡萄的味道是什么呢", "雪梨的味道是什么呢"] * 9, segmenter)
    >>> print(Parser(templates, segmenter).parse("苹果的颜色是什么呢"))
    苹果(的)颜色(是什么呢)
    └─ (是)什么(呢)
    """

    def __init__(
        self, model: Grammar | TemplateSet, segmenter: Cutter | None = None, settings: DecoderSettings | None = None
    ) -> None:
        self.model, self.segmenter = model, segmenter
        self.settings = settings or DecoderSettings()
        self._article: ArticleTrees | None = None
        if isinstance(model, TemplateSet):
            self._article = ArticleTrees(model)
        else:
            self._scorer = SpanScorer(model, self.settings)
            self._literals = frozenset(model.words[:LITERALS])

    def __repr__(self) -> str:
        return f"<Parser: {self.model!r}>"

    def parse(self, line: str | Sequence[str]) -> ParseTree:
        """The best tree of a line: raw text, which is cut into words first, or a sequence of tokens."""
        tokens = self.tokens(line)
        if self._article is not None:
            return self._article.parse(tokens)
        layout = lay_out(tokens)
        spans: dict[Span, float] = {}
        for block in layout.blocks:
            spans.update(self._best(tokens, block))
        return self._tree(tokens, layout, spans)

    def nbest(self, line: str | Sequence[str], k: int) -> list[tuple[float, ParseTree]]:
        """The k best trees, or all there are, best first: (total of score − threshold over the spans, tree)."""
        if k < 1:
            raise ValueError(f"k is {k}; it must be at least 1")
        if self._article is not None:
            raise ValueError("only a grammar gives more than one tree")
        tokens = self.tokens(line)
        layout = lay_out(tokens)
        choices = [_Choice(0.0, {})]
        for block in layout.blocks:
            more = self._choices(tokens, block, k)
            pairs = best_sums([c.score for c in choices], [c.score for c in more], k)
            choices = [
                _Choice(choices[i].score + more[j].score, {**choices[i].spans, **more[j].spans}) for i, j in pairs
            ]
        return [(choice.score, self._tree(tokens, layout, choice.spans)) for choice in choices]

    def tokens(self, line: str | Sequence[str]) -> list[str]:
        """The tokens that a line is parsed by: words of the segmenter, cut behind numbers (8年 is 8 年)."""
        if not isinstance(line, str):
            return list(line)
        if self.segmenter is None:
            raise ValueError("parsing raw text needs a segmenter; give one, or a list of tokens")
        words = self.segmenter.cut(line)
        return words if self._article is not None else split_tokens(words)

    def _best(self, tokens: Sequence[str], block: Block) -> dict[Span, float]:
        n = len(block.places)
        if n < 3:
            return {}
        scores = self._scores(tokens, block)
        starts, ends = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        best, splits = np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1), dtype=np.int64)
        size = best_spans(n, scores, self.settings.threshold, best, splits, starts, ends)
        places = block.places
        return {
            (places[a], places[b - 1] + 1): float(scores[a, b])
            for a, b in zip(starts[:size].tolist(), ends[:size].tolist(), strict=True)
        }

    def _choices(self, tokens: Sequence[str], block: Block, k: int) -> list[_Choice]:
        if len(block.places) < 3:
            return [_Choice(0.0, {})]
        scores, places = self._scores(tokens, block), block.places
        return [
            _Choice(total, {(places[a], places[b - 1] + 1): float(scores[a, b]) for a, b in spans})
            for total, spans in block_trees(scores - self.settings.threshold, len(places), k)
        ]

    def _scores(self, tokens: Sequence[str], block: Block) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return self._scorer.scores([tokens[place] for place in block.places], block)

    def _tree(self, tokens: Sequence[str], layout: Layout, spans: dict[Span, float]) -> ParseTree:
        scored = dict(spans)
        for block in layout.blocks:
            scored.setdefault((block.places[0], block.places[-1] + 1), np.nan)
        for outer in layout.outer:
            scored.setdefault(outer, np.nan)
        widened = _with_brackets(scored, layout, tokens)
        literals = self._literals.union(token for token in tokens if token_kind(token) != Kind.WORD)
        return build_tree(tokens, widened, {s: v for s, v in widened.items() if v == v}, literals)


def split_tokens(words: Iterable[str]) -> list[str]:
    """Words cut behind the numbers in them."""
    return [part for word in words for part in split_numbers(word)]


def _with_brackets(spans: dict[Span, float], layout: Layout, tokens: Sequence[str]) -> dict[Span, float]:
    """Spans that begin and end with words, trimmed and then widened over the brackets that belong inside.

    A pair of brackets belongs to the smallest span that holds more words than what stands between them.
    """
    words = [place for place, token in enumerate(tokens) if token_kind(token) == Kind.WORD]
    number = np.searchsorted(words, np.arange(len(tokens) + 1)).tolist()  # words before each token
    inner: dict[Span, Span] = {}  # words between brackets: the outermost brackets around just these
    for first, last in layout.pairs:
        content = (number[first], number[last])
        if content[0] < content[1]:
            inner[content] = (
                min(first, inner.get(content, (first, last))[0]),
                max(last, inner.get(content, (first, last))[1]),
            )
    begins: dict[int, list[tuple[int, int]]] = {}
    ends: dict[int, list[tuple[int, int]]] = {}
    for (a, b), (first, last) in inner.items():
        begins.setdefault(a, []).append((b, first))
        ends.setdefault(b, []).append((a, last))
    found: dict[Span, float] = {}
    for (start, end), score in spans.items():
        a, b = number[start], number[end]
        if b - a < 2:
            continue
        first = min([words[a], *(p for y, p in begins.get(a, ()) if y <= b and (a, y) != (a, b))])
        last = max([words[b - 1], *(p for x, p in ends.get(b, ()) if x >= a and (x, b) != (a, b))])
        old = found.get((first, last + 1), np.nan)
        found[first, last + 1] = score if score == score else old
    return found
