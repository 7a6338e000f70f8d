"""Trees by the article's score: templates nested over the words between signs (kexue.fm/archives/5577)."""

from __future__ import annotations

from collections.abc import Sequence

from minent.grammar.marks import Kind, token_kind
from minent.parsing.tree import ParseTree, build_tree
from minent.templates import TemplateSet
from minent.templates.article import ArticleParser


class ArticleTrees:
    """Parses tokens by mined templates. What stands between two signs is a sentence of its own, and a span."""

    def __init__(self, templates: TemplateSet) -> None:
        self.parser = ArticleParser(templates)

    def parse(self, tokens: Sequence[str]) -> ParseTree:
        """The tree of a line; words are literal where the template of their block has them."""
        spans: list[tuple[int, int]] = []
        signs = {token for token in tokens if token_kind(token) != Kind.WORD}
        literal_places: set[int] = set()
        start = 0
        for place in range(len(tokens) + 1):
            if place < len(tokens) and token_kind(tokens[place]) == Kind.WORD:
                continue
            if place > start:
                root = self.parser.parse(tokens[start:place]).root
                spans += [(start + a, start + b) for a, b in root.spans()]
                literal_places.update(start + place for place in root.literal_places())
            start = place + 1
        return build_tree(tokens, spans, literals=signs, literal_places=literal_places)
