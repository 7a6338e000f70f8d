"""Figures of the classes that were found, beside true ones and beside k-means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from minent.errors import CorpusError
from minent.neural.cluster.kmeans import k_means
from minent.neural.cluster.pictures import MOST_ROWS
from minent.neural.cluster.scores import agreement, contingency
from minent.neural.cluster.task import classify
from minent.neural.device import seed_step
from minent.neural.images.data import Images
from minent.neural.words.vectors import WordVectors
from minent.templates.classes import load_classes


def evaluate_pictures(model: Any, images: Images, baseline: bool, seed: int) -> dict[str, Any]:
    """Agreement with the labels of pictures. CorpusError: they have none. baseline : of k-means on the pixels too"""
    if images.labels is None:
        raise CorpusError(images.source, "its pictures have no labels to judge classes by")
    found = classify(model, images).argmax(1)
    table = contingency(found, images.labels, model.config.classes)
    figures: dict[str, Any] = {"pictures": len(images), "classes": model.config.classes}
    figures |= _rounded(agreement(found, images.labels))
    if baseline:
        x = images.tensor(np.arange(len(images))).flatten(1)
        figures["kmeans"] = _rounded(agreement(k_means(x, model.config.classes, seed), images.labels))
    figures["own_draws"] = round(own_draws(model, seed), 4)
    names = images.label_names
    figures["sizes"] = table.sum(1).tolist()
    figures["majority_labels"] = [names[row.argmax()] if row.any() else None for row in table]
    return figures


@torch.no_grad()
def own_draws(model: Any, seed: int, count: int = 100) -> float:
    """The share of the pictures drawn from a class that the model itself puts into it; `count` of each class."""
    seed_step(seed, 0)
    kinds = range(min(MOST_ROWS, model.config.classes))
    return float(
        np.mean([(model.classify(model.sample(kind, count)).argmax(1) == kind).float().mean().item() for kind in kinds])
    )


def evaluate_words(
    model: Any, vectors: WordVectors, tags: Mapping[str, str], baseline: bool, seed: int
) -> dict[str, Any]:
    """Agreement with the tags of words, each word counting once. CorpusError: no word has one."""
    found = classify(model, vectors).argmax(1)
    figures = {"words": len(vectors), "classes": model.config.classes, **judge_words(vectors.words, found, tags)}
    if baseline:
        x = vectors.tensor(np.arange(len(vectors))).flatten(1)
        figures["kmeans"] = judge_words(vectors.words, k_means(x, model.config.classes, seed).numpy(), tags)
    return figures


def judge_words(words: Sequence[str], found: NDArray[np.int64], tags: Mapping[str, str]) -> dict[str, Any]:
    """Agreement of classes of words with their tags, of the words that have one. CorpusError: none has."""
    numbers = {tag: number for number, tag in enumerate(sorted(set(tags.values())))}
    known = [place for place, word in enumerate(words) if word in tags]
    if not known:
        raise CorpusError("words", "none of them is in the treebank")
    true = np.array([numbers[tags[words[place]]] for place in known])
    most = int(np.bincount(true).max())
    return {
        "judged": len(known),
        "most_frequent_tag": round(most / len(known), 4),
        **_rounded(agreement(found[known], true)),
    }


def judge_table(path: str, words: Sequence[str], tags: Mapping[str, str]) -> dict[str, Any]:
    """As `judge_words`, of the classes in a table; words that it lacks are left out. ClassError: no such table."""
    places: dict[str, int] = {}
    for number, entry in enumerate(load_classes(path)):
        places |= {word: number for word, _ in entry.members}
    known = [word for word in words if word in places]
    return judge_words(known, np.array([places[word] for word in known], dtype=np.int64), tags)


def _rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) for name, value in figures.items()}
