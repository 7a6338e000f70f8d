"""The game: one trainer for all architectures, losses and penalties."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from minent.errors import ModelError
from minent.files import display_path, output_errors
from minent.neural import checkpoint
from minent.neural.batches import ShuffledBatches
from minent.neural.device import choose_device, seed_step
from minent.neural.gan.growing import growth_at, shrink_to
from minent.neural.gan.layers import orthogonal_penalty
from minent.neural.gan.losses import (
    consistency,
    discriminator_loss,
    generator_loss,
    intro_encoder_loss,
    intro_generator_loss,
    jensen_shannon_slope,
    one_centred,
    zero_centred,
)
from minent.neural.gan.networks import make_generator, make_judge
from minent.neural.gan.settings import GROWING, PENALTY_WEIGHTS, GanConfig
from minent.neural.images.data import Images
from minent.neural.images.grid import save_grid
from minent.neural.settings import TrainingSettings
from minent.neural.task import Figures, Task, check_finite
from minent.neural.training import TrainingResult, train

SAMPLES = "samples"  # folder of the grids that are drawn while it trains
DRIFT = 0.001  # weight of the squared scores of real pictures in PGGAN's Wasserstein loss (1710.10196, A.1)
GRID = 8  # rows of one, and columns where there are no classes
MOST_COLUMNS = 32
STATISTICS = ("running_mean", "running_var")  # of batch norm


class GanTask(Task):
    """Two players and the pictures that one of them imitates.

    folder : where grids of samples are written at every evaluation; None: nowhere
    """

    kind = "gan"
    unit = "images"
    memory_hint = "a smaller --batch-size, --size or --set width=N needs less"

    def __init__(
        self, config: GanConfig, images: Images, settings: TrainingSettings, folder: str | Path | None = None
    ) -> None:
        super().__init__(settings, choose_device(settings.device))
        if settings.precision != "fp32" or settings.accumulate != 1:
            raise ValueError("GANs are trained with precision=fp32 and accumulate=1")
        if config.classes and images.labels is None:
            raise ValueError("--conditional: the pictures have no labels")
        seed_step(settings.seed, -1)
        self.rules, self.config = config, dataclasses.asdict(config)
        self.model = make_generator(config).to(self.device)
        self.judge = make_judge(config).to(self.device)
        self.average = copy.deepcopy(self.model).requires_grad_(False) if config.ema else None
        betas, decay = (config.beta_1, config.beta_2), settings.weight_decay
        self.optimizers = {
            "generator": torch.optim.Adam(self.model.parameters(), config.lr_g, betas, weight_decay=decay),
            "judge": torch.optim.Adam(self.judge.parameters(), config.lr_d, betas, weight_decay=decay),
        }
        self.images, self.folder = images, folder
        self.batches = ShuffledBatches(len(images), settings.batch_size, settings.seed)
        self.steps_per_epoch = max(1, len(self.batches) // config.critic_steps)
        self.data = f"{images.digest()} {settings.batch_size}"

    def batch(self, number: int) -> Any:
        """Pictures (batch, channels, size, size) from −1 to 1, and labels (batch,) or None."""
        numbers = self.batches.at(number)
        labels = None
        if self.rules.classes and self.images.labels is not None:
            labels = torch.from_numpy(self.images.labels[numbers]).to(self.device)
        return self.images.tensor(numbers, self.device) * 2 - 1, labels

    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """A game has two losses: `update` takes them in turn."""
        raise NotImplementedError

    def modules(self) -> Mapping[str, Any]:
        """Both players, and the average of the first."""
        players = {"model": self.model, "judge": self.judge}
        return players | ({"average": self.average} if self.average is not None else {})

    def best_weights(self) -> Mapping[str, Any]:
        """The generator, as an average over the steps where one is kept."""
        weights: Mapping[str, Any] = (self.average or self.model).state_dict()
        return weights

    def update(self, step: int) -> tuple[Figures, int]:
        """Steps of the judge, then one of the generator."""
        rules = self.rules
        growth = growth_at(step, rules.grow, rules.doublings)
        if rules.architecture in GROWING:
            for net in (self.model.net, self.judge.body):
                net.growth.fill_(growth)
        figures: Figures = {}
        amount = 0
        for part in range(rules.critic_steps):
            real, labels = self.batch(step * rules.critic_steps + part)
            if growth < rules.doublings:
                real = shrink_to(real, rules.base, growth)
            play = self.intro_judge if rules.architecture == "introvae" else self.play_judge
            figures |= self.take_step("judge", step, *play(real, labels))
            amount += len(real)
        self.judge.requires_grad_(False)
        play = self.intro_generator if rules.architecture == "introvae" else self.play_generator
        figures |= self.take_step("generator", step, *play(real, labels))
        self.judge.requires_grad_(True)
        if self.average is not None:
            update_average(self.average, self.model, decay_at(step, rules.ema))
        return {"loss": figures["generator"], **figures}, amount

    def take_step(self, player: str, step: int, loss: Any, figures: Figures) -> Figures:
        """Let one player go down its loss; TrainingError where it is no number."""
        told = {player: loss.item(), **figures}
        check_finite(told, step)
        loss.backward()
        self.clip_and_step(step, player)
        return told

    def fake(self, count: int, labels: Any) -> Any:
        """Generated pictures, with their graph."""
        return self.model(torch.randn(count, self.rules.latent, device=self.device), labels)

    def play_judge(self, real: Any, labels: Any) -> tuple[Any, Figures]:
        """Loss of the discriminator: both scores, the penalty, the price of the bottleneck."""
        with torch.no_grad():
            fake = self.fake(len(real), labels)
        of_real, of_fake = self.judge(real, labels), self.judge(fake, labels)
        loss = discriminator_loss(self.rules.loss, of_real.score, of_fake.score)
        if self.rules.architecture == "progressive" and self.rules.loss == "wasserstein":
            loss = loss + DRIFT * of_real.score.square().mean()
        figures = {"real_score": of_real.score.mean().item(), "fake_score": of_fake.score.mean().item()}
        if self.judge.bottleneck is not None:
            kl = (of_real.kl.mean() + of_fake.kl.mean()) / 2
            loss = loss + self.judge.bottleneck.price(kl)
            self.judge.bottleneck.update(kl.item())
            figures |= {"kl": kl.item(), "beta": float(self.judge.bottleneck.beta)}
        if self.rules.penalty != "none":
            penalty = self.penalty(real, fake, labels, of_real)
            figures["penalty"] = penalty.item()
            loss = loss + penalty
        return loss, figures

    def penalty(self, real: Any, fake: Any, labels: Any, of_real: Any) -> Any:
        """What the discriminator pays, by its weight."""
        rules = self.rules
        weight = PENALTY_WEIGHTS[rules.penalty] if rules.penalty_weight is None else rules.penalty_weight

        def score(images: Any) -> Any:
            return self.judge(images, labels).score

        if rules.penalty in ("r1", "r2"):
            return weight * zero_centred(score, real if rules.penalty == "r1" else fake)
        if rules.penalty == "roth":
            return weight * jensen_shannon_slope(score, real, fake)
        penalty = weight * one_centred(score, real, fake)
        if rules.penalty == "ct":
            again = self.judge(real, labels)  # with other units dropped
            pair = (of_real.score, of_real.features), (again.score, again.features)
            penalty = penalty + rules.consistency * consistency(*pair, rules.margin)
        return penalty

    def play_generator(self, real: Any, labels: Any) -> tuple[Any, Figures]:
        """Loss of the generator: its score, and the orthogonal regularisation."""
        fake = self.fake(len(real), labels)
        loss = generator_loss(self.rules.loss, self.judge(fake, labels, mean=True).score)
        if not self.rules.orthogonal:
            return loss, {}
        uneven = orthogonal_penalty(self.model, leave_out=("embedding",))
        return loss + self.rules.orthogonal * uneven, {"orthogonal": uneven.item()}

    def intro_judge(self, real: Any, labels: Any) -> tuple[Any, Figures]:
        """Loss of IntroVAE's encoder: a VAE's on real pictures, and generated ones pushed away from the prior."""
        rules = self.rules
        encoding = self.judge(real)
        rebuilt = self.model(encoding.sample())
        with torch.no_grad():
            sampled = self.fake(len(real), None)
        fake_kls = [self.judge(each.detach()).kl() for each in (rebuilt, sampled)]
        loss = intro_encoder_loss(encoding.kl(), fake_kls, rules.intro_weight, rules.intro_margin)
        error = half_square(rebuilt, real)
        figures = {"kl": encoding.kl().mean().item(), "fake_kl": fake_kls[1].mean().item(), "error": error.item()}
        return loss + rules.vae_weight * error, figures

    def intro_generator(self, real: Any, labels: Any) -> tuple[Any, Figures]:
        """Loss of IntroVAE's generator: rebuild real pictures, and bring generated ones near the prior."""
        self.optimizers["generator"].zero_grad(set_to_none=True)  # the encoder's loss went through it
        rebuilt, sampled = self.model(self.judge(real).sample()), self.fake(len(real), None)
        loss = intro_generator_loss([self.judge(each).kl() for each in (rebuilt, sampled)], self.rules.intro_weight)
        return loss + self.rules.vae_weight * half_square(rebuilt, real), {}

    def evaluate(self) -> Figures:
        """Draw the same latents again: samples/STEP.png, a column of each class where there are a few of them."""
        if self.folder is not None:
            folder = Path(self.folder) / SAMPLES
            if not (Path(self.folder) / checkpoint.CONFIG).exists():  # so that the folder is known as a model's
                checkpoint.save_config(self.folder, self.kind, self.config)
            with output_errors(str(folder)):
                folder.mkdir(exist_ok=True)
            seed_step(self.settings.seed, -2)
            columns = self.rules.classes if 1 < self.rules.classes <= MOST_COLUMNS else GRID
            pictures = draw(self.average or self.model, GRID * columns)
            path = folder / f"{self.drawn_at():07d}.png"
            save_grid(path, pictures, columns)
            self.outdated = tuple(name for name in self.outdated if name != f"{SAMPLES}/{path.name}")
        return {}

    def drawn_at(self) -> int:
        """Steps that the generator has taken."""
        state = self.optimizers["generator"].state
        return int(next(iter(state.values()))["step"]) if state else 0


def half_square(rebuilt: Any, real: Any) -> Any:
    """½‖x̂ − x‖², a mean over the pictures."""
    return 0.5 * (rebuilt - real).square().flatten(1).sum(dim=1).mean()


def decay_at(step: int, decay: float) -> float:
    """The decay of the average, less at first, so that it forgets the weights that the generator began with.

    >>> round(decay_at(0, 0.999), 2), decay_at(100_000, 0.999)
    (0.1, 0.999)
    """
    return min(decay, (1 + step) / (10 + step))


def update_average(average: Any, model: Any, decay: float) -> None:
    """Weights, and the statistics of batch norm that go with them, go 1 − decay of the way to the model's.

    Other buffers are the model's.
    """
    with torch.no_grad():
        for mean, value in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for (name, mean), value in zip(average.named_buffers(), model.buffers(), strict=True):
            if name.endswith(STATISTICS):
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)


def draw(generator: Any, count: int, truncation: float | None = None, label: int | None = None) -> Any:
    """Pictures from 0 to 1, (count, channels, size, size), on the CPU; classes in turn where there are any."""
    labels = None
    if generator.config.classes:
        device = next(generator.parameters()).device
        labels = torch.arange(count, device=device) % generator.config.classes
        if label is not None:
            labels = torch.full_like(labels, label)
    found = []
    with torch.no_grad():
        for at in range(0, count, 500):
            part = None if labels is None else labels[at : at + 500]
            found.append(generator.sample(min(500, count - at), part, truncation).cpu())
    return ((torch.cat(found) + 1) / 2).nan_to_num(0.0).clamp(0, 1)


def train_gan(
    config: GanConfig,
    images: Images,
    folder: str | Path,
    settings: TrainingSettings,
    *,
    resume: bool = False,
    report: Callable[[str], object] = lambda message: None,
    progress: bool = False,
) -> TrainingResult:
    """Train both players. ModelError: `resume` with other rules. Errors: those of `minent.neural.training.train`."""
    if resume:
        earlier = checkpoint.read_config(folder, "gan", GanConfig)
        for name, value in vars(config).items():
            if getattr(earlier, name) != value:
                problem = f"was trained with {name}={getattr(earlier, name)}, not {value}"
                raise ModelError(display_path(folder), problem, "give the options it was begun with")
    task = GanTask(config, images, settings, folder)
    sizes = [sum(each.numel() for each in player.parameters()) for player in (task.model, task.judge)]
    report(f"{config.architecture}: {sizes[0]:,} parameters of the generator, {sizes[1]:,} of its judge")
    if not resume:
        old = (Path(folder) / SAMPLES).glob("[0-9]" * 7 + ".png")
        task.outdated = tuple(f"{SAMPLES}/{path.name}" for path in old)
    return train(task, folder, resume=resume, report=report, progress=progress)
