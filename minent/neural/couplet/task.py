"""Training of a couplet model: pairs in batches of equal length, cross-entropy of the true lower line."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from minent.neural.batches import EqualLengthBatches
from minent.neural.couplet.characters import Alphabet
from minent.neural.couplet.pairs import Pairs
from minent.neural.settings import TrainingSettings
from minent.neural.task import Figures, Task

EVALUATION_CHARACTERS = 2048  # of lines that are judged at once


class CoupletTask(Task):
    """One couplet model, its pairs and its held-out pairs."""

    unit = "characters"

    def __init__(
        self, kind: str, model: Any, pairs: Pairs, held_out: Pairs, settings: TrainingSettings, device: Any
    ) -> None:
        super().__init__(settings, device)
        self.kind, self.config = kind, asdict(model.config)
        self.model = model.to(device)
        self.optimizers = {"adam": model.optimizer(settings.learning_rate, settings.weight_decay)}
        alphabet = Alphabet(model.config.characters)
        self.pairs = CodedPairs(pairs, alphabet)
        self.held_out = CodedPairs(held_out, alphabet)
        self.batches = EqualLengthBatches(self.pairs.lengths, settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        lines = (pairs.upper, pairs.lower, held_out.upper, held_out.lower)
        told = repr((*lines, settings.batch_size, settings.accumulate)).encode()
        self.data = hashlib.sha256(told).hexdigest()

    def batch(self, number: int) -> Any:
        """The batch of this number: two int64 tensors (batch, time)."""
        return self.pairs.tensors(self.batches.at(number), self.device)

    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """Mean nats of a true lower character."""
        upper, lower = batch
        logits = self.model(upper, lower)
        return functional.cross_entropy(logits.flatten(0, 1).float(), lower.flatten()), {}, lower.numel()

    @property
    def is_judged(self) -> bool:
        """Whether pairs are held out."""
        return len(self.held_out) > 0

    def evaluate(self) -> Figures:
        """Nats and perplexity of a held-out lower character; nothing where no pair is held out."""
        if not len(self.held_out):
            return {}
        loss = float(lower_nats(self.model, self.held_out, self.device).sum()) / int(self.held_out.lengths.sum())
        return {"loss": loss, "perplexity": float(np.exp(loss))}


class CodedPairs:
    """Pairs as ids, found by number. lengths : int64[n], characters of a line"""

    def __init__(self, pairs: Pairs, alphabet: Alphabet) -> None:
        self.upper = [np.array(alphabet.ids(line), dtype=np.int64) for line in pairs.upper]
        self.lower = [np.array(alphabet.ids(line), dtype=np.int64) for line in pairs.lower]
        self.lengths = np.array([len(line) for line in self.upper], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.upper)

    def tensors(self, numbers: Any, device: Any) -> tuple[Any, Any]:
        """Upper and lower lines of one length; int64 (batch, time)."""
        lines = (np.stack([side[number] for number in numbers]) for side in (self.upper, self.lower))
        upper, lower = (torch.from_numpy(side).to(device) for side in lines)
        return upper, lower

    def groups(self, characters: int) -> list[Any]:
        """All numbers in groups of one length and of about so many characters."""
        order = np.argsort(self.lengths, kind="stable")
        found = []
        for group in np.split(order, np.flatnonzero(np.diff(self.lengths[order])) + 1):
            size = max(1, characters // int(self.lengths[group[0]]))
            found += [group[at : at + size] for at in range(0, len(group), size)]
        return found


def lower_nats(model: Any, pairs: CodedPairs, device: Any) -> Any:
    """Nats of every lower line, −ln p(lower | upper), where all characters without an id are one; float64[n]."""
    nats = np.zeros(len(pairs))
    with torch.no_grad():
        for numbers in pairs.groups(EVALUATION_CHARACTERS):
            upper, lower = pairs.tensors(numbers, device)
            each = functional.cross_entropy(model(upper, lower).transpose(1, 2).float(), lower, reduction="none")
            nats[numbers] = each.cpu().double().sum(dim=1).numpy()
    return nats
