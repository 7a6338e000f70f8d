"""IK's dictionary (Elasticsearch, OpenSearch, Solr): a word a line, without counts, as IK's text filter leaves words.

Source: infinilabs/analysis-ik, Dictionary `loadDictFile`, CharacterUtil `regularize` and `identifyCharType`.
"""

from __future__ import annotations

import re

from minent.export.format import Format
from minent.export.text import numbered_lines
from minent.lexicon import Lexicon

# IK changes the text before it looks words up, but not its dictionaries: ＡＢＣ and ABC in a text are abc.
REGULAR = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
REGULAR |= {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}
REGULAR |= {full: full - 0xFEE0 + 32 for full in range(ord("Ａ"), ord("Ｚ") + 1)}
# No word of IK goes across any other character.
STRANGE = re.compile(
    "[^0-9A-Za-z０-９Ａ-Ｚａ-ｚ\uff5f-\uffef\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\uac00-\ud7af\U00010000-\U0010ffff]"
)


def write(lexicon: Lexicon, name: str) -> bytes:
    return "".join(f"{word}\n" for word in lexicon).encode()


def read(data: bytes, name: str) -> dict[str, int]:
    """Every word counts 1."""
    return {line.strip(): 1 for _, line in numbered_lines(data, name)}


FORMAT = Format("ik.dic", write, read, STRANGE, has_counts=False, regular=REGULAR)
