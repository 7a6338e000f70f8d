"""Figures of a couplet model on pairs: perplexity, agreement with the true lower lines, and how rules are kept."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from minent.errors import ModelError
from minent.neural.couplet.characters import UNKNOWN, Alphabet
from minent.neural.couplet.decoding import answer_lines
from minent.neural.couplet.pairs import Pairs
from minent.neural.couplet.rules import keeps
from minent.neural.couplet.settings import RULES, DecodingSettings
from minent.neural.couplet.task import CodedPairs, lower_nats

MOST_NATS = 700.0  # of a character; beyond, and where the weights are no numbers, there is no perplexity


def evaluate_model(
    model: Any, pairs: Pairs, settings: DecodingSettings, advance: Callable[[int], object] = lambda lines: None
) -> dict[str, Any]:
    """All figures, as `minent neural couplet evaluate` prints them; rates and shares are between 0 and 1.

    perplexity  : exp of the mean nats of a character of the true lower lines, under the model without rules. All
                  characters that the model does not know are one to it. Both models give exact probabilities: the
                  tagger a product over characters that do not know of one another, the aligned model the chain rule.
    with_rules, without_rules : of the most probable lower lines found, see `agreement`; beside the shares of the true

    ModelError: the weights are no numbers, or give none.
    """
    device = next(model.parameters()).device
    alphabet = Alphabet(model.config.characters)
    coded = CodedPairs(pairs, alphabet)
    nats = float(lower_nats(model, coded, device).sum())
    characters = int(coded.lengths.sum())
    if not nats / characters < MOST_NATS:
        raise ModelError("the model", f"gives a true character {nats / characters} nats", "its weights are of no use")
    figures: dict[str, Any] = {
        "pairs": len(pairs),
        "characters": characters,
        "unknown_characters": sum(int((ids == UNKNOWN).sum()) for ids in coded.lower),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "nats_per_character": nats / characters,
        "perplexity": math.exp(nats / characters),
        "rules": list(settings.rules),
    }
    for name, rules in (("with_rules", settings.rules), ("without_rules", ())):
        answers = answer_lines(model, pairs.upper, replace(settings, rules=rules), advance)
        figures[name] = agreement(pairs, [best[0].lower if best else None for best in answers])
    figures["true_lines"] = {"kept": shares_kept(list(zip(pairs.upper, pairs.lower, strict=True)))}
    return figures


def agreement(pairs: Pairs, lowers: Sequence[str | None]) -> dict[str, Any]:
    """How lower lines agree with the true ones, and which share keeps each rule; None counts as no character right."""
    answered = [(upper, lower) for upper, lower in zip(pairs.upper, lowers, strict=True) if lower is not None]
    written = [lower or "" for lower in lowers]
    right = sum(a == b for lower, true in zip(written, pairs.lower, strict=True) for a, b in zip(lower, true))  # noqa: B905
    return {
        "unanswered": len(pairs) - len(answered),
        "exact_characters": right / sum(map(len, pairs.lower)),
        "exact_lines": sum(a == b for a, b in zip(written, pairs.lower, strict=True)) / len(pairs),
        "bleu_2": bleu(pairs.lower, written, 2),
        "bleu_4": bleu(pairs.lower, written, 4),
        "kept": shares_kept(answered),
    }


def shares_kept(lines: Sequence[tuple[str, str]]) -> dict[str, float]:
    """The share of pairs that keep each rule."""
    return {rule: sum(keeps(rule, *pair) for pair in lines) / max(1, len(lines)) for rule in RULES}


def bleu(references: Sequence[str], candidates: Sequence[str], order: int) -> float:
    """BLEU of characters over all lines together, unsmoothed. Source: Papineni et al. 2002, section 2.3.

    The geometric mean of the clipped precisions of n-grams, n = 1 … `order`, times exp(1 − r/c) where the candidates,
    c characters, are shorter than the references, r characters.

    >>> round(bleu(["天对地雨"], ["天对山雨"], 2), 4)     # √(3/4 · 1/3)
    0.5
    """
    log_precision = 0.0
    for n in range(1, order + 1):
        matched = total = 0
        for reference, candidate in zip(references, candidates, strict=True):
            found, wanted = _ngrams(candidate, n), _ngrams(reference, n)
            matched += (found & wanted).total()
            total += found.total()
        if not matched:
            return 0.0
        log_precision += math.log(matched / total) / order
    lengths = sum(map(len, references)), sum(map(len, candidates))
    return math.exp(log_precision + min(0.0, 1 - lengths[0] / lengths[1]))


def _ngrams(line: str, n: int) -> Counter[str]:
    return Counter(line[at : at + n] for at in range(len(line) - n + 1))
