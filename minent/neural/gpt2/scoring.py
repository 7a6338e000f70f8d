"""Bits per character of a text under a GPT-2."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from minent.errors import ModelError
from minent.neural.gpt2.text import CodedText
from minent.neural.gpt2.tokenizer import Tokenizer
from minent.progress import progress_bar

MOST_NATS = 700.0  # of a unit; beyond, and where the weights are no numbers, there is no perplexity
CODE_POINT_BITS = math.log2(0x110000)  # to write down a character that the vocabulary does not have


@dataclass(frozen=True)
class Score:
    """How much information a text has under a model.

    characters : that the units stand for (without white space under BERT's vocabulary);  units : of the vocabulary
    unknown : characters that the vocabulary does not have; each costs its [UNK] and 20.1 bits more
    bits : of the whole text
    """

    characters: int
    units: int
    unknown: int
    bits: float

    @property
    def bits_per_character(self) -> float:
        return self.bits / self.characters

    @property
    def perplexity_per_unit(self) -> float:
        return math.exp((self.bits - self.unknown * CODE_POINT_BITS) * math.log(2) / self.units)

    def to_dict(self) -> dict[str, Any]:
        return {
            "characters": self.characters,
            "units": self.units,
            "unknown": self.unknown,
            "bits": self.bits,
            "bits_per_character": self.bits_per_character,
            "perplexity_per_unit": self.perplexity_per_unit,
        }


def score(model: Any, tokenizer: Tokenizer, text: CodedText, *, batch_size: int = 8, progress: bool = False) -> Score:
    """Score every unit of a text once, given at least half a window of what stands before it where there is that much.

    The first unit of a document is scored after [CLS]; [CLS] itself costs nothing. ModelError: the weights are no
    numbers, or give none.
    """
    length = min(model.config.max_position_embeddings, max(len(text.ids) - 1, 1))
    step = max(length // 2, 1)
    device = model.word_embed.weight.device
    ids = text.ids.astype(np.int64)
    last = max(len(ids) - 1 - length, 0)
    starts = [*range(0, last, step), last]
    nats, units, scored_to = 0.0, 0, 0  # targets ids[1 : scored_to + 1] are done
    with torch.inference_mode(), progress_bar(len(ids), "unit", "score", progress) as advance:
        for at in range(0, len(starts), batch_size):
            some = np.array(starts[at : at + batch_size])
            found = torch.from_numpy(ids[some[:, None] + np.arange(length + 1)]).to(device)
            hidden = model.hidden(found[:, :-1])  # (windows, length, hidden)
            for row, start in enumerate(some.tolist()):
                fresh = scored_to - start
                targets = found[row, fresh + 1 :]
                losses = F.cross_entropy(model.head(hidden[row, fresh:]).float(), targets, reduction="none")
                counted = targets != tokenizer.start
                nats += float(losses[counted].double().sum())
                units += int(counted.sum())
                advance(start + length - scored_to)
                scored_to = start + length
    if not nats / units < MOST_NATS:
        raise ModelError("the model", f"gives a unit of the text {nats / units} nats", "its weights are of no use")
    bits = nats / math.log(2) + text.unknown * CODE_POINT_BITS
    return Score(text.characters, units, text.unknown, bits)
