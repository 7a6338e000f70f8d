"""A parse tree as shapes that a page can draw without taking in a document."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import TypeAlias

from minent.parsing import ParseTree
from minent.parsing.svg import trees_svg

SVG = "{http://www.w3.org/2000/svg}"
ATTRIBUTES = ("x", "y", "cx", "cy", "r", "d", "class", "text-anchor")

Shape: TypeAlias = dict[str, str]
Picture: TypeAlias = dict[str, str | list[Shape]]


def tree_shapes(tree: ParseTree) -> Picture:
    """Width and height of a picture, and its texts, lines and dots: `tag`, attributes, and `text`, if there is one."""
    root = ElementTree.fromstring(trees_svg([tree]))
    shapes = []
    for element in root:
        tag = element.tag.removeprefix(SVG)
        if tag in ("text", "path", "circle"):
            shape = {name: element.attrib[name] for name in ATTRIBUTES if name in element.attrib}
            title = element.find(f"{SVG}title")
            shapes.append({"tag": tag, **shape, "text": (element.text if title is None else title.text) or ""})
    return {"width": root.attrib["width"], "height": root.attrib["height"], "shapes": shapes}
