"""Training of the taggers: the lexicon's boundaries, each tagger those of its fold."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from minent.neural.batches import ShuffledBatches
from minent.neural.segment.elements import EDGE
from minent.neural.segment.segmenter import KIND
from minent.neural.segment.settings import MOST_HELD_OUT, LearningSettings
from minent.neural.segment.text import NOTHING, STEPS, CodedText
from minent.neural.settings import TrainingSettings
from minent.neural.task import Figures, Task


class TaggerTask(Task):
    """Two taggers and their text."""

    kind = KIND
    unit = "characters"

    def __init__(
        self, model: Any, text: CodedText, settings: TrainingSettings, learning: LearningSettings, device: Any
    ) -> None:
        super().__init__(settings, device)
        self.config = asdict(model.config)
        self.model = model.to(device)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
        )
        self.optimizers = {"adam": optimizer}
        self.learning = learning
        self.windows = Windows(text, learning.window, model.before, model.after)
        order = np.random.default_rng(settings.seed).permutation(len(self.windows))
        held_out = min(MOST_HELD_OUT, int(learning.held_out * len(order)))
        self.held_out, self.learned = np.sort(order[:held_out]), np.sort(order[held_out:])
        self.batches = ShuffledBatches(len(self.learned), settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        told = repr((text.digest(), asdict(learning), settings.batch_size)).encode()
        self.data = hashlib.sha256(told).hexdigest()

    def batch(self, number: int) -> Any:
        """The windows of this number, see Windows.tensors."""
        return self.windows.tensors(self.learned[self.batches.at(number)], self.device)

    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """Mean nats of a boundary under the lexicon's probabilities, over both taggers."""
        ids, targets, folds = batch
        odds = self.model(ids)
        nats = [boundary_nats(odds[:, fold], targets, folds == fold) for fold in range(odds.shape[1])]
        return sum(nats) / len(nats), {}, targets.numel()

    @property
    def is_judged(self) -> bool:
        """Whether text is held out."""
        return len(self.held_out) > 0

    def evaluate(self) -> Figures:
        """On held-out text, for strings of the fold that a tagger has not learned from: nats, and the share of places
        at which it agrees with the lexicon."""
        if not len(self.held_out):
            return {}
        nats = agreed = places = 0.0
        for at in range(0, len(self.held_out), self.settings.batch_size):
            numbers = self.held_out[at : at + self.settings.batch_size]
            ids, targets, folds = self.windows.tensors(numbers, self.device)
            odds = self.model(ids).float()
            for fold in range(odds.shape[1]):
                strange = (folds != fold) & (targets >= 0)
                count = int(strange.sum())
                nats += float(boundary_nats(odds[:, fold], targets, strange)) * count
                agreed += float((((odds[:, fold] > 0) == (targets > 0.5)) & strange).sum())
                places += count
        return {"loss": nats / max(places, 1), "agreement": agreed / max(places, 1)}


class Windows:
    """Coded text in windows of one size, each with what the taggers see before and after it."""

    def __init__(self, text: CodedText, window: int, before: int, after: int) -> None:
        count = -(-len(text.ids) // window)
        self.ids = np.full(before + count * window + after, EDGE, dtype=np.int32)
        self.ids[before : before + len(text.ids)] = text.ids
        marks = np.full((2, count * window), NOTHING, dtype=np.uint8)
        marks[:, : len(text.ids)] = text.targets, text.folds
        self.targets, self.folds = marks.reshape(2, count, window)
        self.width = before + window + after
        self.window = window

    def __len__(self) -> int:
        return len(self.targets)

    def tensors(self, numbers: NDArray[np.int64], device: Any) -> tuple[Any, Any, Any]:
        """Some windows: ids int64 (batch, before + window + after); targets float32 and folds uint8 (batch, window).

        A target below 0: there is nothing to learn.
        """
        ids = self.ids[numbers[:, None] * self.window + np.arange(self.width)].astype(np.int64)
        steps = self.targets[numbers]
        targets = np.where(steps == NOTHING, -1.0, steps / STEPS).astype(np.float32)
        found = (torch.from_numpy(each).to(device) for each in (ids, targets, self.folds[numbers]))
        first, second, third = found
        return first, second, third


def boundary_nats(odds: Any, targets: Any, counted: Any) -> Any:
    """Mean cross-entropy of boundaries, of log-odds and probabilities, where `counted` and a target is not below 0."""
    counted = counted & (targets >= 0)
    nats = functional.binary_cross_entropy_with_logits(odds.float(), targets.clamp(min=0), reduction="none")
    return (nats * counted).sum() / counted.sum().clamp(min=1)
