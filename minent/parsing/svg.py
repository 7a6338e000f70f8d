"""Pictures of parse trees: one SVG document that any browser opens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from minent.evaluation.table import display_width
from minent.parsing.tree import ParseTree

SIZE, GAP, LEVEL, MARGIN = 18, 14, 34, 20  # of a character, between words, between levels, around; in pixels
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PAPER = '<rect width="100%" height="100%" fill="#fff"/>'
NAME = "minent-trees"  # a style sheet in a picture holds for the whole page that it is put in
STYLE = (
    f".{NAME} text{{font:18px 'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',"
    f"'WenQuanYi Micro Hei',sans-serif;fill:#1b1b1f}}.{NAME} .slot{{font-weight:600}}.{NAME} .mark{{fill:#8a8a94}}"
    f".{NAME} path{{fill:none;stroke:#5b6abf;stroke-width:1.4}}.{NAME} circle{{fill:#5b6abf}}"
)


def trees_svg(trees: Iterable[ParseTree]) -> str:
    """All trees in one picture, one below the other. The words stand in one row; words that are literal in templates
    are grey; a tooltip on a node tells its main template and its score."""
    parts: list[str] = []
    top = width = MARGIN
    for tree in trees:
        picture, right, height = _draw(tree, top)
        parts += picture
        width, top = max(width, right), top + height + MARGIN
    size = f'width="{width + MARGIN}" height="{top}" viewBox="0 0 {width + MARGIN} {top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="{NAME}" {size}>\n<style>{STYLE}</style>\n{PAPER}'
    return "\n".join([head, *parts, "</svg>\n"])


def _draw(tree: ParseTree, top: int) -> tuple[list[str], int, int]:
    """Elements of one tree, its right end and its height."""
    order = [node for node in tree.nodes() if node.children or node.word is not None]
    heights: dict[int, int] = {}
    for node in reversed(order):  # children come before their parents
        heights[id(node)] = max((heights[id(child)] + 1 for child in node.children), default=0)
    base = top + LEVEL * (heights[id(tree)] if order else 0) + SIZE
    parts, places, at = [], {}, MARGIN
    for leaf in tree.leaves():
        text = NOT_IN_XML.sub("\ufffd", leaf.word or "")
        wide = max(display_width(text), 1) * SIZE // 2
        places[id(leaf)] = at + wide // 2
        kind = "mark" if leaf.is_literal else "slot"
        parts.append(f'<text x="{at + wide // 2}" y="{base}" text-anchor="middle" class="{kind}">{escape(text)}</text>')
        at += wide + GAP
    for node in reversed(order):
        if node.children:
            centres = [places[id(child)] for child in node.children]
            places[id(node)] = (centres[0] + centres[-1]) // 2
    for node in order:
        x, y = places[id(node)], base - SIZE - LEVEL * heights[id(node)]
        for child in node.children:
            below = base - SIZE - LEVEL * heights[id(child)]
            bend = y + LEVEL // 2
            parts.append(f'<path d="M{x} {y}V{bend}H{places[id(child)]}V{below}"/>')
        if node.children:
            score = "" if node.score is None else f"  {node.score:.2f}"
            title = escape(NOT_IN_XML.sub("\ufffd", node.template + score))
            parts.append(f'<circle cx="{x}" cy="{y}" r="4"><title>{title}</title></circle>')
    return parts, at, base + SIZE // 2 - top
