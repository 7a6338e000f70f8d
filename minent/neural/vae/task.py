"""Training of a VAE on pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minent.errors import CorpusError
from minent.neural.batches import ShuffledBatches
from minent.neural.checkpoint import build_model
from minent.neural.device import choose_device, seed_step
from minent.neural.images.data import Images
from minent.neural.images.grid import save_grid
from minent.neural.plot import plot_losses
from minent.neural.settings import TrainingSettings, with_pairs
from minent.neural.task import Figures, Task
from minent.neural.training import TrainingResult, train
from minent.neural.vae.model import KIND, Vae, VaeConfig
from minent.neural.vae.pictures import reconstructions, samples
from minent.neural.vae.settings import HELD_OUT, MOST_HELD_OUT

FIXED = ("channels", "height", "width")  # these follow from the data
HELD_OUT_BATCH = 250
SHOWN = 64  # pictures that are drawn when a training ends


class VaeTask(Task):
    """One VAE, its pictures, and some that are held out."""

    unit = "pictures"
    memory_hint = "a smaller --batch-size, -k or --set hidden=N needs less"

    def __init__(self, model: Any, images: Images, settings: TrainingSettings, device: Any) -> None:
        super().__init__(settings, device)
        self.kind, self.config = KIND, asdict(model.config)
        self.model = model.to(device)
        self.optimizers = {
            "adam": torch.optim.Adam(model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
        }
        order = np.random.default_rng(settings.seed).permutation(len(images))
        held_out = min(MOST_HELD_OUT, int(HELD_OUT * len(images)))
        if len(order) <= held_out:
            raise CorpusError(images.source, "no picture is left to learn from")
        self.images, self.held_out = images.take(order[held_out:]), order[:held_out]
        self.judged = images.take(self.held_out) if held_out else None
        self.batches = ShuffledBatches(len(self.images), settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        self.data = hashlib.sha256(repr((images.digest(), settings.batch_size, self.config)).encode()).hexdigest()

    def batch(self, number: int) -> Any:
        """Pictures; float32 (batch, channels, height, width)."""
        return self.images.tensor(self.batches.at(number), self.device)

    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """Mean nats of a picture under the objective."""
        return self.model.nats(self.model.prepare(batch)).float().mean(), {}, len(batch)

    @property
    def is_judged(self) -> bool:
        """Whether pictures are held out."""
        return self.judged is not None

    def evaluate(self) -> Figures:
        """The objective on held-out pictures; nothing where none is held out."""
        if self.judged is None:
            return {}
        total = 0.0
        for begin in range(0, len(self.judged), HELD_OUT_BATCH):
            numbers = np.arange(begin, min(begin + HELD_OUT_BATCH, len(self.judged)))
            x = self.model.prepare(self.judged.tensor(numbers, self.device))
            total += float(self.model.nats(x).double().sum())
        return {"loss": total / len(self.judged)}


def train_vae(
    images: Images,
    folder: str | Path,
    settings: TrainingSettings,
    sizes: Sequence[str] = (),
    choices: dict[str, Any] | None = None,
    *,
    resume: bool = False,
    report: Callable[[str], object] = lambda message: None,
    progress: bool = False,
) -> TrainingResult:
    """Train a VAE and leave pictures and a plot beside it. Errors: `minent.neural.training.train`.

    choices : fields of VaeConfig; sizes : further ones as `key=value`. ValueError: no such size, or out of bounds.
    """
    channels, height, width = images.shape
    config = with_pairs(VaeConfig(channels, height, width, **(choices or {})), sizes, FIXED)
    device = choose_device(settings.device)
    seed_step(settings.seed, -1)
    task = VaeTask(Vae(config), images, settings, device)
    result = train(task, folder, resume=resume, report=report, progress=progress)
    model = build_model(folder, KIND, VaeConfig, Vae, device)  # the weights that are kept, not the last
    save_grid(Path(folder) / "samples.png", samples(model, SHOWN, settings.seed))
    shown = task.images.tensor(np.arange(min(SHOWN // 2, len(task.images))), device)
    save_grid(Path(folder) / "reconstructions.png", reconstructions(model, shown), 8)
    plot_losses(folder)
    return result
