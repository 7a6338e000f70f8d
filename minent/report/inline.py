"""An SVG document made fit to stand inside an HTML page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
REFERENCE = re.compile(r"url\(#([^)]*)\)")


def inline_svg(document: str, prefix: str) -> str:
    """The element `svg` of a document: without its style sheets and metadata, which would hold for the whole page, and
    without a background; its ids begin with `prefix`, since those of a page must differ.

    >>> inline_svg('<svg xmlns="http://www.w3.org/2000/svg"><style>p{}</style><g id="a"/></svg>', "p-")
    '<svg xmlns="http://www.w3.org/2000/svg"><g id="p-a" /></svg>'
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(document)
    for parent in list(root.iter()):
        for child in list(parent):
            is_paper = child.tag == f"{{{SVG}}}rect" and child.get("width") == child.get("height") == "100%"
            if is_paper or child.tag in (f"{{{SVG}}}style", f"{{{SVG}}}metadata"):
                parent.remove(child)
        for name, value in parent.attrib.items():
            if name == "id":
                parent.set(name, prefix + value)
            elif name == f"{{{XLINK}}}href" and value.startswith("#"):
                parent.set(name, f"#{prefix}{value[1:]}")
            elif "url(#" in value:
                parent.set(name, REFERENCE.sub(rf"url(#{prefix}\1)", value))
    return ElementTree.tostring(root, encoding="unicode")
