"""How well a neural segmenter cuts, beside its lexicon alone, against words that people separated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minent.evaluation import evaluate_segmentation
from minent.neural.segment.counting import latin_runs, word_of
from minent.neural.segment.segmenter import NeuralSegmenter
from minent.segmentation import Segmenter

TOLD = ("precision", "recall", "f1", "f1_interval", "oov_rate", "oov_recall", "iv_recall")


def evaluate_segmenter(
    segmenter: NeuralSegmenter, gold: Sequence[str], advance: Callable[[int], object] = lambda lines: None
) -> dict[str, Any]:
    """Scores of `minent evaluate segmentation` for the segmenter and for its lexicon in the unigram segmenter.

    gold : lines with whitespace between words. What stands between two words is taken away first, all of it.
    Known words (`iv_recall`, others `oov_recall`) are those of the lexicon, numbers being `<N>`.
    Errors: CorpusError if there is no word.
    """
    listed = set(segmenter.lexicon.words)
    runs = latin_runs(listed)
    words = {word for line in gold for word in line.split()}
    known = {word for word in words if word in listed or word_of(word, listed, runs) in listed}
    texts = ["".join(line.split()) for line in gold]
    figures: dict[str, Any] = {"lines": len(gold), "known_words": len(known), "distinct_words": len(words)}
    alone = Segmenter(segmenter.lexicon, protect=segmenter.protect, unknown_model=segmenter.unknown_model)
    for name, each in (("neural", segmenter), ("lexicon", alone)):
        cut = each.cut_bytes("\n".join(texts).encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
        scores = evaluate_segmentation(gold, cut.split("\n"), known, gold_name="gold", predicted_name=name)
        overall = scores.overall.to_dict()
        figures[name] = {key: overall[key] for key in TOLD}
        figures[name]["f1_without_punctuation"] = scores.without_punctuation.f1
        figures[name]["errors"] = {error.kind: error.count for error in scores.errors}
        advance(len(gold))
    return figures
