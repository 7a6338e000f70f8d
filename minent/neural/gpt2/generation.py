"""Text that goes on from a beginning, drawn unit by unit from a GPT-2.

Sources: Fan et al. 2018 (top-k), Holtzman et al. 2020 (top-p), Keskar et al. 2019 (repetition penalty, its §4.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from minent.errors import ModelError
from minent.neural.gpt2.model import PAD, Cache
from minent.neural.gpt2.tokenizer import MASK, Tokenizer

FEW = 256  # units that are looked at first for top-p


@dataclass(frozen=True)
class GenerationSettings:
    """How the next unit is chosen, and when a text ends.

    length : most units that are added;  least : so many are added before `stop` or the end of a document counts
    temperature : logits are divided by it; 0 takes the likeliest unit always
    top_k, top_p : only the k likeliest units, 0 for all; only the likeliest that together reach this probability
    repetition_penalty : logits of units that the text has are divided by it, or multiplied where they are negative
    stop : a text ends after this, a full stop for instance; "" for never
    seed : of what is drawn; each text has a stream of its own, whichever others are made beside it
    """

    length: int = 128
    least: int = 0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 0.95
    repetition_penalty: float = 1.0
    stop: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.length < 1 or self.least < 0 or self.top_k < 0:
            raise ValueError("length must be at least 1, least and top_k not negative")
        if self.temperature != 0 and not 0.01 <= self.temperature <= 100:
            raise ValueError(f"temperature={self.temperature}: must be 0 or between 0.01 and 100")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p={self.top_p}: must be above 0 and at most 1")
        if not 0.01 <= self.repetition_penalty <= 100:
            raise ValueError(f"repetition_penalty={self.repetition_penalty}: must be between 0.01 and 100")


@dataclass(frozen=True)
class Generated:
    """What was added to a beginning; `ended` says whether by itself, and not by length."""

    beginning: str
    text: str
    units: int
    ended: bool


def generate(
    model: Any,
    tokenizer: Tokenizer,
    beginnings: Sequence[str],
    settings: GenerationSettings,
    *,
    use_cache: bool = True,
    on_piece: Callable[[int, str], object] = lambda row, piece: None,
) -> list[Generated]:
    """One text for each beginning, all in one batch; `on_piece(row, piece)` hears of each unit at once.

    Beginnings of different lengths are padded on the left. What is longer than the model's positions is cut off at
    the left, and a text that outgrows them goes on from its last half. `use_cache=False` reads everything anew for
    each unit: slow, for comparison. ModelError: the weights are no numbers, or give none.
    """
    positions = model.config.max_position_embeddings
    writer = _Writer(tokenizer, beginnings, settings, on_piece, positions, model.config.vocab_size)
    like = model.word_embed.weight
    cache: Cache | None = None
    with torch.inference_mode():
        while not writer.done:
            if cache is None or writer.restarted:
                ids, real = pad_left(writer.contexts, like.device)
                if use_cache:
                    capacity = min(positions, ids.shape[1] + settings.length)
                    cache = Cache(model.config, len(ids), capacity, like)
                hidden = model.hidden(ids, real, cache)
            else:
                newest = torch.tensor([row[-1:] for row in writer.contexts], device=like.device)
                hidden = model.hidden(newest, None, cache)
            logits = model.head(hidden[:, -1]).float().cpu()
            if not bool(torch.isfinite(logits).all()):
                raise ModelError("the model", "gives logits that are no numbers", "its weights are of no use")
            writer.add(logits)
    return writer.results()


def pad_left(rows: Sequence[Sequence[int]], device: Any) -> tuple[Any, Any]:
    """Rows of ids as one array, shorter ones after padding: ids int64 and real bool, (rows, longest)."""
    longest = max(len(row) for row in rows)
    ids = torch.tensor([[PAD] * (longest - len(row)) + list(row) for row in rows], dtype=torch.int64)
    real = torch.tensor([[False] * (longest - len(row)) + [True] * len(row) for row in rows])
    return ids.to(device), real.to(device)


def allowed_logits(logits: Any, used: Sequence[int], forbidden: Sequence[int], settings: GenerationSettings) -> Any:
    """The logits of one text's next unit after penalty, temperature, top-k and top-p; -inf for what is left out.

    logits : float32 (vocab_size,);  used : ids that the text has
    """
    logits = logits.clone()
    if settings.repetition_penalty != 1 and used:
        at = torch.tensor(sorted(set(used)))
        seen = logits[at]
        logits[at] = torch.where(seen > 0, seen / settings.repetition_penalty, seen * settings.repetition_penalty)
    logits[list(forbidden)] = -torch.inf
    if settings.temperature == 0:
        best = int(logits.argmax())
        chosen = torch.full_like(logits, -torch.inf)
        chosen[best] = 0.0
        return chosen
    logits /= settings.temperature
    if 0 < settings.top_k < len(logits):
        logits[logits < logits.topk(settings.top_k).values[-1]] = -torch.inf
    if settings.top_p < 1:
        kept = likeliest(logits.softmax(0), settings.top_p)
        logits = torch.full_like(logits, -torch.inf).index_copy_(0, kept, logits[kept])
    return logits


def likeliest(probs: Any, mass: float) -> Any:
    """The fewest units that together have this probability, the likeliest first; int64[n]."""
    for count in (min(FEW, len(probs)), len(probs)):  # few are enough as a rule, and found much sooner
        some, order = probs.topk(count)
        before = some.cumsum(0) - some  # probability of all that are likelier
        if count == len(probs) or before[-1] + some[-1] >= mass:
            break
    return order[before < mass]


class _Writer:
    """The texts of a batch while they grow."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        beginnings: Sequence[str],
        settings: GenerationSettings,
        on_piece: Callable[[int, str], object],
        positions: int,
        rows: int,
    ) -> None:
        self.tokenizer, self.beginnings, self.settings, self.on_piece = tokenizer, beginnings, settings, on_piece
        self.ids = [[tokenizer.start, *tokenizer.encode(text)] for text in beginnings]
        self.width = min(max(len(row) for row in self.ids), positions)  # columns that the model reads, with padding
        self.restarted = False  # whether the width became smaller, so that positions count anew
        self.texts = ["" for _ in beginnings]
        self.ended = [False for _ in beginnings]
        self.added = [0 for _ in beginnings]
        self.positions = positions
        self.ends = [tokenizer.start, tokenizer.end]
        self.never = [PAD, tokenizer.unknown, tokenizer.ids.get(MASK, PAD), *range(len(tokenizer), rows)]
        self.generators = [
            torch.Generator().manual_seed(settings.seed * 1_000_003 + row) for row in range(len(self.ids))
        ]

    @property
    def done(self) -> bool:
        return all(ended or added >= self.settings.length for ended, added in zip(self.ended, self.added, strict=True))

    @property
    def contexts(self) -> list[list[int]]:
        """What the model reads of each text."""
        return [row[-self.width :] for row in self.ids]

    def add(self, logits: Any) -> None:
        """Draw the next unit of each text that goes on; one that has ended gets padding, and nobody reads on there."""
        for row, ids in enumerate(self.ids):
            if self.ended[row] or self.added[row] >= self.settings.length:
                ids.append(PAD)
                continue
            too_early = self.added[row] < self.settings.least
            forbidden = self.never + (self.ends if too_early else [])
            number = self.draw(allowed_logits(logits[row], ids, forbidden, self.settings), self.generators[row])
            ids.append(number)
            self.added[row] += 1
            if number in self.ends:
                self.ended[row] = True
                continue
            before = self.texts[row] or self.beginnings[row]
            piece = self.tokenizer.piece(number, before[-1:])
            self.texts[row] += piece
            self.on_piece(row, piece)
            stop = self.settings.stop
            if stop and self.added[row] >= self.settings.least and self.texts[row].endswith(stop):
                self.ended[row] = True
        self.restarted = self.width == self.positions
        self.width = max(self.positions // 2, 1) if self.restarted else self.width + 1

    def draw(self, logits: Any, generator: Any) -> int:
        """A unit by its probability: the same for the same logits and place in the row's stream."""
        probs = logits.double().softmax(0).cumsum(0)
        at = torch.rand(1, generator=generator, dtype=torch.float64) * probs[-1]
        return int(torch.searchsorted(probs, at, right=True).clamp(max=len(probs) - 1))

    def results(self) -> list[Generated]:
        return [Generated(*found) for found in zip(self.beginnings, self.texts, self.added, self.ended, strict=True)]
