"""What each player of a GAN goes down: the sum that its paper says, and the weights that it may move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from torch.nn import functional  # noqa: E402

from minent.neural.device import seed_step  # noqa: E402
from minent.neural.gan.learning import GanTask  # noqa: E402
from minent.neural.gan.settings import configure  # noqa: E402
from minent.neural.images.data import Images  # noqa: E402
from minent.neural.settings import TrainingSettings  # noqa: E402

COUNT = 6


def task_of(architecture: str = "dcgan", **rules: Any) -> Any:
    pixels = np.random.default_rng(1).integers(0, 256, (COUNT, 1, 8, 8), dtype=np.uint8)
    config = configure(1, 8, architecture, width=4, latent=5, **rules)
    settings = TrainingSettings(steps=1, batch_size=COUNT, device="cpu", clip=0.0)
    return GanTask(config, Images(pixels, None, (), (), "noise"), settings)


def fresh(task: Any) -> Any:
    """The real pictures; whatever is drawn now is drawn again after the next call."""
    real, _ = task.batch(0)
    seed_step(5, 0)
    return real


def slopes(task: Any, images: Any) -> tuple[Any, Any]:
    images = images.detach().clone().requires_grad_(True)
    scores = task.judge(images).score
    return torch.autograd.grad(scores.sum(), images, create_graph=True)[0].flatten(1), scores


def moved(player: Any) -> list[bool]:
    return [parameter.grad is not None and bool(parameter.grad.any()) for parameter in player.parameters()]


def expected_penalty(task: Any, name: str, real: Any, fake: Any, of_real: Any) -> Any:
    """Each as its paper writes it, with its weight."""
    if name in ("r1", "r2"):  # γ/2 E‖∇D‖², γ = 10
        slope, _ = slopes(task, real if name == "r1" else fake)
        return 10 / 2 * (slope**2).sum(1).mean()
    if name == "roth":  # γ/2 (E (1 − φ)²‖∇ψ‖² + E φ²‖∇ψ‖²), γ = 2
        at_real, real_score = slopes(task, real)
        at_fake, fake_score = slopes(task, fake)
        of_truth = (1 - torch.sigmoid(real_score)) ** 2 * (at_real**2).sum(1)
        return 2 / 2 * (of_truth.mean() + (torch.sigmoid(fake_score) ** 2 * (at_fake**2).sum(1)).mean())
    share = torch.rand(COUNT, 1, 1, 1)
    slope, _ = slopes(task, fake + share * (real - fake))
    penalty = 10 * ((slope.norm(dim=1) - 1) ** 2).mean()
    if name == "ct":  # λ₂ E max(0, d(D, D) + 0.1 d(D_, D_) − M′), λ₂ = 2, M′ = 0
        again = task.judge(real)
        of_scores = (of_real.score - again.score) ** 2
        penalty = penalty + 2 * (of_scores + 0.1 * ((of_real.features - again.features) ** 2).mean(1)).mean()
    return penalty


@pytest.mark.parametrize("name", ["r1", "r2", "roth", "gp", "ct"])
def test_a_discriminator_pays_for_its_mistakes_and_its_penalty(name: str) -> None:
    task = task_of(penalty=name)
    loss, figures = task.play_judge(fresh(task), None)
    loss.backward()
    found = [parameter.grad.clone() for parameter in task.judge.parameters()]
    assert not any(moved(task.model))
    task.judge.zero_grad()
    real = fresh(task)
    with torch.no_grad():
        fake = task.model(torch.randn(COUNT, 5))
    of_real, of_fake = task.judge(real), task.judge(fake)
    mistakes = functional.softplus(-of_real.score).mean() + functional.softplus(of_fake.score).mean()
    if name in ("gp", "ct"):
        mistakes = of_fake.score.mean() - of_real.score.mean()
    penalty = expected_penalty(task, name, real, fake, of_real)
    (mistakes + penalty).backward()
    assert loss.item() == pytest.approx((mistakes + penalty).item(), rel=1e-5)
    assert figures["penalty"] == pytest.approx(penalty.item(), rel=1e-5) and penalty.item() > 0
    for parameter, gradient in zip(task.judge.parameters(), found, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-6)


def test_a_bottleneck_costs_what_its_dual_variable_says_and_raises_it() -> None:
    task = task_of(bottleneck=0.5, bottleneck_rate=0.01, penalty="r1")
    task.judge.bottleneck.beta.fill_(0.25)
    loss, figures = task.play_judge(fresh(task), None)
    real = fresh(task)
    with torch.no_grad():
        fake = task.model(torch.randn(COUNT, 5))
    of_real, of_fake = task.judge(real), task.judge(fake)
    kl = (of_real.kl.mean() + of_fake.kl.mean()) / 2
    wanted = functional.softplus(-of_real.score).mean() + functional.softplus(of_fake.score).mean()
    wanted = wanted + 0.25 * (kl - 0.5) + expected_penalty(task, "r1", real, fake, of_real)
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert figures["beta"] == pytest.approx(max(0, 0.25 + 0.01 * (kl.item() - 0.5)), rel=1e-5)


def test_the_critic_of_pggan_also_pays_for_drifting_from_zero() -> None:
    task = task_of("progressive", ema=0, grow=0)
    loss, figures = task.play_judge(fresh(task), None)
    real = fresh(task)
    with torch.no_grad():
        fake = task.model(torch.randn(COUNT, 5))
    of_real = task.judge(real)
    wanted = task.judge(fake).score.mean() - of_real.score.mean() + 0.001 * (of_real.score**2).mean()
    assert loss.item() - figures["penalty"] == pytest.approx(wanted.item(), rel=1e-4, abs=1e-5)


def test_a_generator_is_judged_and_kept_orthogonal_while_its_judge_stays() -> None:
    task = task_of("resnet", orthogonal=0.1, spectral_norm=False)
    task.judge.requires_grad_(False)
    loss, figures = task.play_generator(fresh(task), None)
    loss.backward()
    assert all(moved(task.model)) and not any(moved(task.judge))
    fresh(task)
    judged = -task.judge(task.model(torch.randn(COUNT, 5))).score.mean()
    assert figures["orthogonal"] > 0
    assert loss.item() == pytest.approx(judged.item() + 0.1 * figures["orthogonal"], rel=1e-5)


def test_introvae_pulls_real_pictures_to_the_prior_and_pushes_its_own_away() -> None:
    task = task_of("introvae", vae_weight=0.5, intro_weight=0.25, intro_margin=30.0)
    loss, _ = task.intro_judge(fresh(task), None)
    loss.backward()
    found = [parameter.grad.clone() for parameter in task.judge.parameters()]
    task.judge.zero_grad()
    real = fresh(task)
    encoding = task.judge(real)
    rebuilt = task.model(encoding.sample())
    with torch.no_grad():
        sampled = task.model(torch.randn(COUNT, 5))
    wanted = encoding.kl().mean() + 0.5 * 0.5 * ((rebuilt - real) ** 2).flatten(1).sum(1).mean()
    for pictures in (rebuilt.detach(), sampled):  # the encoder sees them, but does not change them
        wanted = wanted + 0.25 * torch.clamp(30 - task.judge(pictures).kl(), min=0).mean()
    wanted.backward()
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
    for parameter, gradient in zip(task.judge.parameters(), found, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-5)


def test_introvae_brings_generated_pictures_to_the_prior() -> None:
    task = task_of("introvae", vae_weight=0.5, intro_weight=0.25)
    task.intro_judge(fresh(task), None)[0].backward()  # leaves gradients in the generator, which are not its own
    task.judge.requires_grad_(False)
    loss, _ = task.intro_generator(fresh(task), None)
    assert all(parameter.grad is None for parameter in task.model.parameters())
    real = fresh(task)
    rebuilt, sampled = task.model(task.judge(real).sample()), task.model(torch.randn(COUNT, 5))
    wanted = 0.25 * (task.judge(rebuilt).kl().mean() + task.judge(sampled).kl().mean())
    wanted = wanted + 0.5 * 0.5 * ((rebuilt - real) ** 2).flatten(1).sum(1).mean()
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
