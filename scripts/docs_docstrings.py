"""Docstrings of minent as Markdown: examples become code, lists of fields become lists (an extension for Griffe)."""

from __future__ import annotations

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"(?:^>>> .*\n?(?:^(?!\s*$).+\n?)*)+", re.MULTILINE)
FIELDS = re.compile(r"^(?:[\w*]+(?:, [\w*]+)* : .+\n?(?:^[ ]{4}.+\n?)*)+", re.MULTILINE)
CODE = re.compile(r"(`[^`\n]+`)")
FIELD = re.compile(r"(?:^|;  )((?:[\w*]+, )*[\w*]+) : ", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Rewrites every docstring of the package."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Griffe has collected an object."""
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """A docstring as Markdown.

    >>> markdown("Adds.\\n\\na, b : numbers;  c : a third")
    'Adds.\\n\\n\\n- `a`, `b` — numbers\\n- `c` — a third'
    """
    parts = []
    at = 0
    for example in EXAMPLE.finditer(text):
        parts += [_fields(text[at : example.start()]), f"```pycon\n{example[0].rstrip()}\n```\n"]
        at = example.end()
    return "".join([*parts, _fields(text[at:])]).strip()


def _fields(text: str) -> str:
    parts = CODE.split(text)
    parts[::2] = [part.replace("[", "\\[") for part in parts[::2]]  # there are no links
    return FIELDS.sub(lambda found: "\n" + _listed(found[0]) + "\n", "".join(parts))


def _listed(text: str) -> str:
    def item(field: re.Match[str]) -> str:
        names = ", ".join(f"`{name}`" for name in field[1].split(", "))
        return f"\n- {names} — "

    return FIELD.sub(item, text).strip()
