"""Templates and their parses, the slow way, to check by eye: every path is walked, every analysis tried."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

Template = tuple[str | None, ...]
Edges = set[tuple[str, str]]


def count_skip_grams(sentences: Sequence[Sequence[str]], window: int) -> Counter[tuple[str, str]]:
    """Ordered pairs of words of a sentence at distance ≤ window."""
    return Counter(
        (first, second)
        for words in sentences
        for at, first in enumerate(words)
        for second in words[at + 1 : at + 1 + window]
    )


def strong_edges(
    sentences: Sequence[Sequence[str]], window: int, min_count: int = 1, min_prob: float = 0.0, min_pmi: float = 2.0
) -> Edges:
    """Pairs with enough occurrences, and ln p_ab − ln p_a − ln p_b > min_pmi."""
    words = Counter(word for sentence in sentences for word in sentence)
    pairs = count_skip_grams(sentences, window)
    all_words, all_pairs = sum(words.values()), sum(pairs.values())
    strong = set()
    for (first, second), count in pairs.items():
        log_prob = math.log(count) - math.log(all_pairs)
        apart = [math.log(words[word]) - math.log(all_words) for word in (first, second)]
        enough = count >= min_count and (min_prob == 0 or log_prob > math.log(min_prob))
        if enough and log_prob - apart[0] - apart[1] > min_pmi:
            strong.add((first, second))
    return strong


def walk_paths(words: Sequence[str], window: int, strong: Edges) -> Iterator[tuple[int, ...]]:
    """All paths of a sentence's graph from a source to a sink; a word without an edge is a path."""
    after = {
        at: [to for to in range(at + 1, min(len(words), at + 1 + window)) if (words[at], words[to]) in strong]
        for at in range(len(words))
    }
    entered = {to for targets in after.values() for to in targets}

    def walk(path: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if not after[path[-1]]:
            yield path
        for to in after[path[-1]]:
            yield from walk((*path, to))

    for source in range(len(words)):
        if source not in entered:
            yield from walk((source,))


def path_template(words: Sequence[str], path: Sequence[int]) -> tuple[Template, tuple[tuple[str, ...], ...]]:
    """The template of a path, and what fills its slots."""
    template: list[str | None] = []
    fillers = []
    last = -1
    for at in [*path, len(words)]:
        if at > last + 1:
            template.append(None)
            fillers.append(tuple(words[last + 1 : at]))
        if at < len(words):
            template.append(words[at])
        last = at
    return tuple(template), tuple(fillers)


def mine(
    sentences: Sequence[Sequence[str]], window: int, strong: Edges
) -> tuple[Counter[Template], dict[tuple[Template, int], Counter[tuple[str, ...]]]]:
    """Counts of all templates, and of the fillers of each slot of each."""
    counts: Counter[Template] = Counter()
    fillers: dict[tuple[Template, int], Counter[tuple[str, ...]]] = defaultdict(Counter)
    for words in sentences:
        for path in walk_paths(words, window, strong):
            template, filled = path_template(words, path)
            counts[template] += 1
            for slot, span in enumerate(filled):
                fillers[template, slot][span] += 1
    return counts, fillers


def matches(template: Template, words: Sequence[str]) -> Iterator[tuple[tuple[int, int], ...]]:
    """All ways in which a template covers these words: what each slot, of one word or more, stands for."""

    def match(k: int, at: int) -> Iterator[tuple[tuple[int, int], ...]]:
        if k == len(template):
            if at == len(words):
                yield ()
        elif template[k] is not None:
            if at < len(words) and words[at] == template[k]:
                yield from match(k + 1, at + 1)
        else:
            for stop in range(at + 1, len(words) + 1):
                for rest in match(k + 1, stop):
                    yield ((at, stop), *rest)

    return match(0, 0)


def best_score(words: Sequence[str], counts: Mapping[Template, int], null_score: float = -20.0) -> float:
    """Score of the best analysis of a block (kexue.fm/archives/5577): ln p of its main template and the scores of the
    blocks in its slots; a block that no template covers costs `null_score` for each word but one.
    """
    total = sum(counts.values())

    @cache
    def best(start: int, end: int) -> float:
        scores = [
            math.log(count) - math.log(total) + sum(best(start + first, start + stop) for first, stop in slots)
            for template, count in counts.items()
            for slots in matches(template, words[start:end])
        ]
        return max(scores) if scores else null_score * (end - start - 1)

    return best(0, len(words))


def main_templates(tree: Any, is_word: Callable[[str], bool]) -> Iterator[tuple[Template, tuple[tuple[str, ...], ...]]]:
    """The main template of every block of a parse tree that has a word of its own, and what fills its slots.

    tree : a node has `word`, None for a block, `is_literal`, `children` and the `words` below it
    """
    if tree.word is not None:
        return
    words = tuple(child.word if child.word is not None and child.is_literal else None for child in tree.children)
    if any(word is not None and is_word(word) for word in words):
        yield (
            words,
            tuple(tuple(child.words) for child, word in zip(tree.children, words, strict=True) if word is None),
        )
    for child in tree.children:
        yield from main_templates(child, is_word)


def known_share(
    sentences: Sequence[Sequence[str]], clusters: Mapping[str, int], word: str, prior: float
) -> tuple[float, float]:
    """What the other words of a word's cluster tell of its neighbours, and all that there is to tell, in nats.

    Neighbours are clusters of words, None beyond the ends; sentences stand one behind the other, one end between two.
    """
    told = whole = 0.0
    line: list[str | None] = [None]
    for words in sentences:
        line += [*words, None]
    for side in (1, -1):
        pairs: Counter[tuple[str | None, int | None]] = Counter()
        for at, one in enumerate(line):
            if 0 <= at + side < len(line):
                beside = line[at + side]
                pairs[one, clusters[beside] if beside is not None else None] += 1
        kinds = {kind for _, kind in pairs}
        total = sum(pairs.values())
        p = {kind: sum(n for (_, k), n in pairs.items() if k == kind) / total for kind in kinds}
        others = [one for one in clusters if clusters[one] == clusters[word] and one != word]
        rest = {kind: sum(pairs[one, kind] for one in others) for kind in kinds}
        own = {kind: pairs[word, kind] for kind in kinds}
        q = {kind: (rest[kind] + prior * p[kind]) / (sum(rest.values()) + prior) for kind in kinds}
        r = {kind: (own[kind] + prior * q[kind]) / (sum(own.values()) + prior) for kind in kinds}
        told += sum(r[kind] * math.log(q[kind] / p[kind]) for kind in kinds)
        whole += sum(r[kind] * math.log(r[kind] / p[kind]) for kind in kinds)
    return told, whole
