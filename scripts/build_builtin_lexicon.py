"""Mine the built-in lexicon, minent/data/builtin.tsv.xz, from redistributable text.

    python scripts/build_builtin_lexicon.py CORPUS...

The lexicon in the package was made from statutes of the PRC (outside copyright), the modern side of
NiuTrans/Classical-Modern (MIT), Microsoft's .NET documentation in Chinese (CC BY 4.0) and 红楼梦 (public domain); see
data/README.md for their sources. The same files in the same order give the same bytes.
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

import minent
from minent.lexicon import Lexicon

TARGET = Path(__file__).resolve().parent.parent / "minent" / "data" / "builtin.tsv.xz"
MOST_WORDS = 120_000
LIMIT = 2_000_000  # bytes


def main(paths: list[str]) -> None:
    """Mine, keep the most frequent words, pack."""
    if not paths:
        raise SystemExit(__doc__)
    lexicon = minent.build_lexicon(paths, jobs=1)
    lexicon = Lexicon(lexicon.words[:MOST_WORDS], lexicon.counts[:MOST_WORDS], lexicon.settings)
    packed = lzma.compress(lexicon.to_bytes(), preset=9 | lzma.PRESET_EXTREME)
    if len(packed) > LIMIT:
        raise SystemExit(f"{len(packed):,} bytes are more than {LIMIT:,}: lower MOST_WORDS")
    TARGET.write_bytes(packed)
    print(f"{TARGET}: {len(lexicon):,} words, {len(packed):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
