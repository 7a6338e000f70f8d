"""A lexicon learned from a dataset of Hugging Face, and the dataset cut into words, in memory or as a stream."""

import lzma
from pathlib import Path

from datasets import Dataset

import minent

NOVEL = Path(__file__).parents[2] / "data" / "hongloumeng.txt.xz"
with lzma.open(NOVEL, "rt", encoding="utf-8") as lines:
    dataset = Dataset.from_dict({"text": [line.strip() for line in lines if line.strip()]})

# A column is a re-iterable of str, which is all that `build_lexicon` needs.
segmenter = minent.Segmenter(minent.build_lexicon(dataset["text"], recipe="cohesion"))


def cut(batch: dict[str, list[str]]) -> dict[str, list[list[str]]]:
    return {"words": [segmenter.cut(text) for text in batch["text"]]}


words = dataset.map(cut, batched=True)
print(words)
print(" ".join(words[5]["words"][:24]))

# The same as a stream: nothing is cut before it is asked for.
stream = dataset.to_iterable_dataset().map(cut, batched=True, batch_size=100)
first = next(iter(stream.filter(lambda row: "黛玉" in row["words"])))
print(" ".join(first["words"][:24]))
