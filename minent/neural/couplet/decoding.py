"""Lower lines for upper lines: beam search or sampling, where the rules of couplets say what may stand where."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from minent.errors import ModelError
from minent.neural.couplet.characters import UNKNOWN, Alphabet
from minent.neural.couplet.rules import LineRules, rules_of
from minent.neural.couplet.settings import DecodingSettings

BEGINNINGS = 256  # of lower lines that the model is given at once,
CHARACTERS = 8192  # … and their characters


@dataclass(frozen=True)
class Answer:
    """A lower line. log_prob : nats, under the model without rules and temperature"""

    lower: str
    log_prob: float


def answer_lines(
    model: Any,
    uppers: Sequence[str],
    settings: DecodingSettings | None = None,
    advance: Callable[[int], object] = lambda lines: None,
) -> list[list[Answer]]:
    """The lower lines of each upper line, most probable first, no two equal.

    They are fewer than asked for where no more lines keep the rules within the beam, or where draws were equal. The
    lines that are drawn for an upper line depend on it and the seed alone, not on the lines beside it.
    ValueError: an empty upper line. ModelError: the weights are no numbers. `advance` is told how many lines are done.
    """
    settings = settings or DecodingSettings()
    if not all(uppers):
        raise ValueError("an upper line must have a character")
    alphabet = Alphabet(model.config.characters)
    found: list[list[Answer]] = [[] for _ in uppers]
    width = settings.answers if settings.temperature else max(settings.beam, settings.answers)
    by_length: dict[int, list[int]] = {}
    for number, upper in enumerate(uppers):
        by_length.setdefault(len(upper), []).append(number)
    for length, numbers in by_length.items():
        size = max(1, min(BEGINNINGS, CHARACTERS // length) // width)
        for at in range(0, len(numbers), size):
            group = numbers[at : at + size]
            lines = [uppers[number] for number in group]
            for number, answers in zip(group, _answer_group(model, lines, alphabet, width, settings), strict=True):
                found[number] = answers
            advance(len(group))
    return found


def _answer_group(
    model: Any, uppers: Sequence[str], alphabet: Alphabet, width: int, settings: DecodingSettings
) -> list[list[Answer]]:
    """Answers to lines of one length. The model computes on its device, the search on the CPU, in float64."""
    rules = [rules_of(upper, alphabet, settings.rules) for upper in uppers]
    device = next(model.parameters()).device
    lines, time = len(uppers), len(uppers[0])
    constraints = _Constraints(rules)
    draws = Draws(uppers, width, settings) if settings.temperature else None
    model.eval()
    with torch.no_grad():
        read = model.read(torch.tensor([alphabet.ids(upper) for upper in uppers], device=device))
        read = tuple(part.repeat_interleave(width, dim=0) for part in read)  # (lines × width, …)
        lower = torch.zeros((lines, width, 0), dtype=torch.int64)
        scores = torch.full((lines, width), -math.inf, dtype=torch.float64)
        scores[:, : width if draws else 1] = 0.0
        for place in range(time):
            log_probs = model.next_logits(read, lower.flatten(0, 1).to(device)).float().log_softmax(dim=-1)
            log_probs = log_probs.cpu().double().unflatten(0, (lines, width))  # (lines, width, ids)
            if bool(log_probs.isnan().any()):
                raise ModelError("the model", "gives probabilities that are no numbers", "its weights are of no use")
            barred = constraints.barred(lower, place)
            if draws:
                chosen = draws.choose(log_probs.masked_fill(barred, -math.inf), place)  # (lines, width)
                scores = scores + log_probs.gather(2, chosen[..., None])[..., 0]
                scores = scores.masked_fill(barred.gather(2, chosen[..., None])[..., 0], -math.inf)
                lower = torch.cat((lower, chosen[..., None]), dim=2)
            else:
                total = (scores[..., None] + log_probs).masked_fill(barred, -math.inf)
                scores, best = total.flatten(1).topk(width, dim=1)  # (lines, width)
                parent, chosen = best // len(alphabet), best % len(alphabet)
                kept = lower.gather(1, parent[..., None].expand(-1, -1, place))
                lower = torch.cat((kept, chosen[..., None]), dim=2)
    return [
        _best(lower[number].tolist(), scores[number].tolist(), rules[number], alphabet, settings.answers)
        for number in range(lines)
    ]


class _Constraints:
    """The rules of several lines of one length, as masks over the beginnings of their lower lines."""

    def __init__(self, rules: Sequence[LineRules]) -> None:
        self.allowed = torch.from_numpy(np.stack([each.allowed for each in rules]))  # (lines, time, ids)
        self.first = torch.from_numpy(np.stack([each.first for each in rules]))  # (lines, time)
        self.distinct = torch.from_numpy(np.stack([each.distinct for each in rules]))

    def barred(self, lower: Any, place: int) -> Any:
        """bool (lines, width, ids): what may not stand at `place` after these beginnings (lines, width, place)."""
        width = lower.shape[1]
        barred = ~self.allowed[:, place, None].expand(-1, width, -1).contiguous()
        if place == 0:
            return barred
        differs = self.distinct[:, :place] & self.distinct[:, place, None]  # (lines, place)
        unknown = barred[..., UNKNOWN].clone()  # takes the writes of places that need not differ
        barred.scatter_(2, lower.masked_fill(~differs[:, None], UNKNOWN), True)
        barred[..., UNKNOWN] = unknown
        first = self.first[:, place]
        again = lower.gather(2, first.clamp(min=0)[:, None, None].expand(-1, width, 1))  # (lines, width, 1)
        others = torch.ones_like(barred).scatter_(2, again, False)
        return barred | (others & (first >= 0)[:, None, None])


class Draws:
    """Random choices: the same for the same line and seed, whatever lines are beside it."""

    def __init__(self, uppers: Sequence[str], width: int, settings: DecodingSettings) -> None:
        self.temperature = settings.temperature
        seeds = [np.random.SeedSequence([settings.seed, *map(ord, upper)]) for upper in uppers]
        self.numbers = np.stack([np.random.default_rng(each).random((len(uppers[0]), width)) for each in seeds])

    def choose(self, log_probs: Any, place: int) -> Any:
        """One id for each beginning; int64 (lines, width) of float64 (lines, width, ids)."""
        scaled = log_probs / self.temperature
        shifted = (scaled - scaled.amax(dim=-1, keepdim=True)).nan_to_num(
            nan=-math.inf
        )  # all barred: no choice is right
        sums = shifted.exp().cumsum(dim=-1)
        numbers = torch.from_numpy(self.numbers[:, place])
        wanted = (numbers * sums[..., -1])[..., None]
        return torch.searchsorted(sums, wanted, right=True)[..., 0].clamp(max=sums.shape[-1] - 1)


def _best(
    lowers: Sequence[Sequence[int]], scores: Sequence[float], rules: LineRules, alphabet: Alphabet, most: int
) -> list[Answer]:
    """The lines of some beginnings that are whole, best first; ties by text."""
    answers = {}
    for ids, score in zip(lowers, scores, strict=True):
        if score > -math.inf:
            text = "".join(rules.marks.get(place) or alphabet.character(number) for place, number in enumerate(ids))
            answers[text] = Answer(text, score)
    return sorted(answers.values(), key=lambda answer: (-answer.log_prob, answer.lower))[:most]
