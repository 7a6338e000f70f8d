"""Word vectors of a text that is cut while gensim reads it, line by line."""

import lzma
from collections.abc import Iterator
from pathlib import Path

from gensim.models import Word2Vec

import minent

NOVEL = Path(__file__).parents[2] / "data" / "hongloumeng.txt.xz"


class Sentences:
    """The lines of a packed file as lists of words; gensim reads them once for each epoch."""

    def __init__(self, segmenter: minent.Segmenter) -> None:
        self.segmenter = segmenter

    def __iter__(self) -> Iterator[list[str]]:
        with lzma.open(NOVEL, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield self.segmenter.cut(line)


segmenter = minent.Segmenter(minent.build_lexicon(NOVEL, recipe="cohesion"))
model = Word2Vec(Sentences(segmenter), vector_size=50, window=5, min_count=20, epochs=20, seed=1, workers=1)
print(f"{len(model.wv):,} vectors")
for word in ("黛玉", "银子", "笑道"):
    print(word, "→", " ".join(near for near, _ in model.wv.most_similar(word, topn=6)))
