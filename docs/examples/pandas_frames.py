"""A lexicon as a table of pandas, and back; a column of texts cut into words."""

import lzma
from pathlib import Path

import pandas as pd

import minent

NOVEL = Path(__file__).parents[2] / "data" / "hongloumeng.txt.xz"
lexicon = minent.build_lexicon(NOVEL, recipe="cohesion")

frame = pd.DataFrame({"word": lexicon.words, "count": lexicon.counts})
frame["length"] = frame["word"].str.len()
print(frame[frame["length"] >= 3].head(5).to_string(index=False))
print(frame.groupby("length")["count"].agg(["size", "sum"]).head(4).to_string())

names = frame[frame["word"].str.fullmatch("[贾王史薛林].{1,2}")]
print(names.nlargest(8, "count")["word"].str.cat(sep=" "))

# Back: the rows that are left, as a lexicon that segments.
kept = frame[(frame["length"] <= 3) | (frame["count"] >= 20)]
smaller = minent.Lexicon(kept["word"].tolist(), kept["count"].to_numpy(), lexicon.settings)
print(f"{len(smaller):,} of {len(lexicon):,} words")

segmenter = minent.Segmenter(smaller)
with lzma.open(NOVEL, "rt", encoding="utf-8") as lines:
    texts = pd.Series([line.strip() for line in lines if line.strip()], name="text")
words = texts.head(200).map(segmenter.cut).explode()
print(words[words.str.len() > 1].value_counts().head(5).to_string())
