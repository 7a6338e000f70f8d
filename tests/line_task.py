"""A tiny model, and its training, for the tests of what all neural models share."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from minent.neural.batches import ShuffledBatches
from minent.neural.device import choose_device, seed_step
from minent.neural.settings import TrainingSettings
from minent.neural.task import Task

SETTINGS = TrainingSettings(
    steps=23, batch_size=7, device="cpu", log_every=4, schedule="cosine", warmup=5, checkpoint_minutes=0
)


@dataclasses.dataclass(frozen=True)
class LineConfig:
    width: int
    name: str = "line"
    dropout: float = 0.3


def make_line(config: LineConfig) -> Any:
    return torch.nn.Sequential(
        torch.nn.Linear(config.width, 5),
        torch.nn.BatchNorm1d(5),
        torch.nn.Dropout(config.dropout),
        torch.nn.Linear(5, 1),
    )


class Line(Task):
    """Fits the sum of a few numbers, with dropout and noise, so that whatever is random counts."""

    kind = "line"

    def __init__(self, settings: TrainingSettings, optimizer: Any = torch.optim.AdamW, fails_at: int = -1) -> None:
        super().__init__(settings, choose_device(settings.device))
        seed_step(settings.seed, -1)
        config = LineConfig(4)
        self.config, self.data = dataclasses.asdict(config), f"line {settings.batch_size}"
        self.model = make_line(config)
        self.optimizers = {"one": optimizer(self.model.parameters(), lr=settings.learning_rate)}
        rng = torch.Generator().manual_seed(9)
        self.x = torch.randn(40, 4, generator=rng)
        self.y = self.x.sum(1, keepdim=True)
        self.batches = ShuffledBatches(40, settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        self.extras = {"note.txt": b"kept"}
        self.fails_at, self.scale = fails_at, 1.0

    def batch(self, number: int) -> Any:
        if number == self.fails_at:
            raise KeyboardInterrupt
        rows = torch.from_numpy(self.batches.at(number))
        return self.x[rows], self.y[rows]

    def loss(self, batch: Any) -> Any:
        x, y = batch
        found = self.model(x + 0.1 * torch.randn_like(x))
        return self.scale * ((found - y) ** 2).mean(), {"twice": 2.0}, len(x)

    @property
    def is_judged(self) -> bool:
        return True

    def evaluate(self) -> dict[str, float]:
        return {"loss": float(((self.model(self.x) - self.y) ** 2).mean())}
