"""What the training of a GPT-2 has of its own: windows of a text, its optimiser, held-out bits per character."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from typing import Any

import numpy as np
import torch

from minent.errors import CorpusError
from minent.neural.batches import ShuffledBatches
from minent.neural.device import choose_device, seed_step
from minent.neural.gpt2.files import VOCABULARY
from minent.neural.gpt2.model import GPT2, GPT2Config
from minent.neural.gpt2.text import CodedText, windows
from minent.neural.gpt2.tokenizer import Tokenizer
from minent.neural.settings import TrainingSettings
from minent.neural.task import Figures, Task

TRAIN = TrainingSettings(epochs=3, batch_size=16, learning_rate=1e-3, warmup=100, schedule="cosine", weight_decay=0.01)
FINETUNE = TrainingSettings(epochs=1, batch_size=1, accumulate=8, learning_rate=1e-4, warmup=50, schedule="linear")
OPTIMIZERS = ("adamw", "adafactor")
HELD_OUT_WINDOWS = 64  # that an evaluation looks at


class LanguageModelling(Task):
    """Predict each unit of a text from those before it.

    The last `held_out` share of the text is not trained on. `optimizer` : adafactor keeps two vectors for each matrix,
    AdamW two matrices. `recompute` : activations are computed again for the gradient instead of kept. `window` : units
    of an example; a new model has as many positions. ValueError: the model has fewer positions, or another choice that
    cannot be; CorpusError: too little text.
    """

    unit = "characters"
    kind = GPT2.kind
    memory_hint = "a smaller --batch-size (with more of --set accumulate=N), --window or --recompute needs less"

    def __init__(
        self,
        settings: TrainingSettings,
        tokenizer: Tokenizer,
        text: CodedText,
        config: GPT2Config | None = None,
        model: GPT2 | None = None,
        *,
        window: int | None = None,
        held_out: float = 0.05,
        optimizer: str = "adamw",
        recompute: bool = False,
        place: str = "the corpus",
    ) -> None:
        super().__init__(settings, choose_device(settings.device))
        config = model.config if model is not None else config
        if config is None:
            raise ValueError("give a model, or the sizes of a new one")
        self.window = window or config.max_position_embeddings
        if self.window > config.max_position_embeddings:
            raise ValueError(f"window={self.window}: the model has {config.max_position_embeddings} positions")
        if not 0 <= held_out <= 0.5:
            raise ValueError(f"held_out={held_out}: must be between 0 and 0.5")
        if model is None:  # positions that no example has would not be trained
            config = dataclasses.replace(config, max_position_embeddings=self.window)
        self.config = dataclasses.asdict(config)
        split = len(text.ids) - math.ceil(len(text.ids) * held_out)
        self.trained, self.held_out = text.ids[:split], text.ids[split:]
        if len(self.trained) <= self.window:
            problem = f"{len(self.trained):,} units to learn from are too few for windows of {self.window}"
            raise CorpusError(place, problem, "a smaller --window needs fewer")
        if held_out > 0 and len(self.held_out) < 2:
            raise CorpusError(place, f"a share of {held_out:g} is too little to judge by", "choose a larger --held-out")
        seed_step(settings.seed, -1)
        self.model = (GPT2(config).initialize() if model is None else model).to(self.device)
        self.model.recompute = recompute
        self.characters_per_unit = text.characters / len(text.ids)
        self.batches = ShuffledBatches((len(self.trained) - 1) // self.window, settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        shape = f"{text.digest} {self.window} {held_out} {settings.batch_size} {settings.accumulate} {optimizer}"
        self.data = hashlib.blake2b(shape.encode(), digest_size=16).hexdigest()
        self.extras = {VOCABULARY: tokenizer.to_bytes()}
        self.optimizers = {optimizer: make_optimizer(optimizer, self.model, settings)}

    def batch(self, number: int) -> tuple[Any, Any]:
        """Windows that follow one another without a gap, from a place that differs from epoch to epoch."""
        epoch = number // len(self.batches)
        shift = int(np.random.default_rng((self.settings.seed, epoch, 1)).integers(self.window))
        last = len(self.trained) - 1 - self.window
        starts = np.minimum(self.batches.at(number) * self.window + shift, last)
        ids, targets = windows(self.trained, starts, self.window)
        return ids.to(self.device), targets.to(self.device)

    def loss(self, batch: tuple[Any, Any]) -> tuple[Any, Figures, int]:
        ids, targets = batch
        loss = self.model.loss(ids, targets)
        return loss, {}, round(targets.numel() * self.characters_per_unit)

    @property
    def is_judged(self) -> bool:
        """Whether text is held out."""
        return len(self.held_out) > 1

    def evaluate(self) -> Figures:
        """Nats of a unit in windows that are spread over the held-out text, and bits of a character."""
        if len(self.held_out) < 2:
            return {}
        length = min(self.window, len(self.held_out) - 1)
        count = min(HELD_OUT_WINDOWS, (len(self.held_out) - 1) // length)
        starts = np.linspace(0, len(self.held_out) - 1 - length, count).astype(np.int64)
        total = 0.0
        for at in range(0, count, self.settings.batch_size):
            some = starts[at : at + self.settings.batch_size]
            ids, targets = windows(self.held_out, some, length)
            total += self.model.loss(ids.to(self.device), targets.to(self.device)).item() * len(some)
        nats = total / count
        return {"loss": nats, "bits_per_character": nats / math.log(2) / self.characters_per_unit}


def make_optimizer(name: str, model: GPT2, settings: TrainingSettings) -> Any:
    """The optimiser of this name for a model. Weight decay spares biases and norms."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in model.parameters() if parameter.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    if name == "adafactor":
        return torch.optim.Adafactor(groups, lr=settings.learning_rate)
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98))
