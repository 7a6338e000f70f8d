"""GANs: the defining formula of each paper, beside what can be computed by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch
from torch import nn

from minent.neural.frechet import frechet_distance
from minent.neural.gan.bottleneck import Bottleneck, Encoding
from minent.neural.gan.layers import (
    normalised,
)
from minent.neural.gan.learning import GanTask, update_average
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
from minent.neural.gan.networks import Discriminator, Generator
from minent.neural.gan.settings import GanConfig, configure
from minent.neural.images.data import Images
from minent.neural.settings import TrainingSettings
from minent.neural.training import train

ARRAY = torch.tensor


class Quadratic:
    """D(x) = Σ wᵢ xᵢ² + b, whose slope is 2wx: every penalty on it can be written down."""

    def __init__(self) -> None:
        self.w = torch.tensor([1.0, -2.0, 0.5], dtype=torch.double, requires_grad=True)

    def __call__(self, x: Any) -> Any:
        return (self.w * x.flatten(1) ** 2).sum(dim=1) + 0.3

    def slope_squares(self, x: Any) -> Any:
        return (4 * self.w.detach() ** 2 * x.flatten(1) ** 2).sum(dim=1)


def pictures(seed: int, count: int = 4) -> Any:
    return torch.randn(count, 3, 1, 1, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


# zero-centred penalties (1801.04406)


def test_r1_and_r2_are_half_the_mean_squared_slope_and_have_the_gradient_of_it() -> None:
    score, x = Quadratic(), pictures(0)
    penalty = zero_centred(score, x)
    assert penalty.item() == pytest.approx(float(score.slope_squares(x).mean() / 2))
    penalty.backward()
    expected = (4 * score.w.detach() * x.flatten(1) ** 2).mean(dim=0)  # d/dw of ½ · 4 w² x²
    torch.testing.assert_close(score.w.grad, expected)


# one-centred penalty and the consistency term (1704.00028, 1803.01541)


def test_gp_looks_at_places_between_real_and_generated_pictures() -> None:
    score, x = Quadratic(), pictures(1)
    same = one_centred(score, x, x)  # between a picture and itself there is only itself
    assert same.item() == pytest.approx(float(((score.slope_squares(x).sqrt() - 1) ** 2).mean()))
    torch.manual_seed(5)
    found = one_centred(score, x, pictures(2))
    torch.manual_seed(5)
    share = torch.rand(4, 1, 1, 1, dtype=torch.double)
    between = share * x + (1 - share) * pictures(2)
    assert found.item() == pytest.approx(float(((score.slope_squares(between).sqrt() - 1) ** 2).mean()))


def test_gp_is_zero_for_a_critic_of_slope_one() -> None:
    weights = torch.tensor([0.6, 0.8, 0.0], dtype=torch.double)
    assert one_centred(lambda x: x.flatten(1) @ weights, pictures(1), pictures(2)).item() < 1e-9


def test_the_consistency_term_is_the_distance_above_the_margin() -> None:
    scores = ARRAY([1.0, 2.0]), ARRAY([1.5, 2.0])
    features = ARRAY([[1.0, 1.0], [0.0, 2.0]]), ARRAY([[1.0, 3.0], [0.0, 2.0]])
    found = consistency((scores[0], features[0]), (scores[1], features[1]), margin=0.2)
    assert found.item() == pytest.approx(((0.25 + 0.1 * 2.0 - 0.2) + 0.0) / 2)


def test_ct_compares_two_passes_that_differ_by_dropout() -> None:
    judge = Discriminator(configure(1, 8, "dcgan", penalty="ct", width=4))
    x = torch.randn(6, 1, 8, 8)
    first, second = judge(x), judge(x)
    pair = (first.score, first.features), (second.score, second.features)
    assert consistency(*pair, margin=0.0).item() > 0
    judge.eval()
    same = judge(x), judge(x)
    assert consistency((same[0].score, same[0].features), (same[1].score, same[1].features), 0.0).item() == 0


# noise regulariser of f-GANs (1705.09367)


def test_roth_weighs_the_slope_by_how_wrong_the_discriminator_is() -> None:
    score, real, fake = Quadratic(), pictures(3), pictures(4)
    phi_real, phi_fake = torch.sigmoid(score(real)).detach(), torch.sigmoid(score(fake)).detach()
    expected = ((1 - phi_real) ** 2 * score.slope_squares(real)).mean()
    expected = (expected + (phi_fake**2 * score.slope_squares(fake)).mean()) / 2
    assert jensen_shannon_slope(score, real, fake).item() == pytest.approx(float(expected))


# spectral normalisation (1802.05957)


def test_spectral_norm_divides_by_the_largest_singular_value() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(5, 7, 3)
    sigma = float(np.linalg.svd(layer.weight.detach().flatten(1).numpy(), compute_uv=False)[0])
    raw = layer.weight.detach().clone()
    layer = normalised(layer, True).train()
    for _ in range(200):
        layer(torch.randn(1, 5, 4, 4))  # one power iteration each
    torch.testing.assert_close(layer.weight, raw / sigma, rtol=1e-4, atol=1e-5)
    singular = np.linalg.svd(layer.weight.detach().flatten(1).numpy(), compute_uv=False)
    assert singular[0] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("architecture", ["dcgan", "resnet", "biggan"])
def test_every_weight_of_a_spectral_discriminator_comes_to_norm_one(architecture: str) -> None:
    judge = Discriminator(configure(1, 8, architecture, spectral_norm=True, width=4, classes=3))
    layers = list(judge.modules())
    for _ in range(60):
        judge(torch.randn(4, 1, 8, 8), torch.arange(4) % 3)
    if architecture == "biggan":  # in both players
        generator = Generator(configure(1, 8, architecture, width=4, classes=3))
        layers += [layer for layer in generator.modules() if layer is not generator.net.embedding]
        for _ in range(60):
            generator(torch.randn(4, 64), torch.arange(4) % 3)
    weights = [layer.weight for layer in layers if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding)]
    assert len(weights) >= 3
    for weight in weights:
        assert float(torch.linalg.matrix_norm(weight.detach().flatten(1), 2)) == pytest.approx(1.0, abs=0.02)


# variational discriminator bottleneck (1810.00821)


def test_the_dual_variable_follows_the_kl_above_its_capacity_and_is_never_negative() -> None:
    layer = Bottleneck(3, GanConfig(1, 8, bottleneck=0.5, bottleneck_rate=0.1))
    for kl, beta in ((2.5, 0.2), (1.5, 0.3), (0.0, 0.25), (-9.0, 0.0), (0.4, 0.0)):
        layer.update(kl)
        assert float(layer.beta) == pytest.approx(beta, abs=1e-6)
    layer.update(10.5)
    assert float(layer.price(ARRAY(2.0))) == pytest.approx(1.0 * (2.0 - 0.5))


def test_the_kl_of_the_bottleneck_is_that_of_torch_and_its_code_has_these_moments() -> None:
    encoding = Encoding(ARRAY([[0.5, -1.0]]), ARRAY([[0.2, -0.7]]))
    normal = torch.distributions.Normal(encoding.mean, encoding.log_sigma.exp())
    kl = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(encoding.kl(), kl)
    torch.manual_seed(0)
    many = Encoding(*(each.expand(40000, 2) for each in encoding)).sample()
    torch.testing.assert_close(many.mean(0), encoding.mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(many.std(0), encoding.log_sigma[0].exp(), atol=0.03, rtol=0)


def test_the_generator_is_judged_by_the_mean_of_the_bottleneck() -> None:
    judge = Discriminator(configure(1, 8, "dcgan", bottleneck=0.5, width=4, penalty="r1"))
    x = torch.randn(5, 1, 8, 8)
    assert torch.equal(judge(x, mean=True).score, judge(x, mean=True).score)
    assert not torch.equal(judge(x).score, judge(x).score)


def test_the_average_of_the_weights_decays_exponentially() -> None:
    model, average = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    values = [1.0, 5.0, -2.0]
    expected, statistic = 1.0, 0.0  # the weight and the running mean at the start
    for value in values:
        model.weight.data.fill_(value)
        model.running_mean.fill_(value)
        model.num_batches_tracked.fill_(abs(value))
        update_average(average, model, 0.9)
        expected = 0.9 * expected + 0.1 * value
        assert average.weight[0].item() == pytest.approx(expected)
        assert average.running_mean[0].item() == pytest.approx(0.9 * statistic + 0.1 * value)
        statistic = average.running_mean[0].item()
        assert average.num_batches_tracked == abs(value)  # copied


# IntroVAE (1807.06358)


def test_introvae_pushes_generated_pictures_from_the_prior_up_to_the_margin() -> None:
    real, fakes = ARRAY([1.0, 3.0]), [ARRAY([4.0, 12.0]), ARRAY([9.0, 9.0])]
    assert intro_encoder_loss(real, fakes, 0.5, 10.0).item() == pytest.approx(2.0 + 0.5 * ((6 + 0) / 2 + 1.0))
    assert intro_generator_loss(fakes, 0.5).item() == pytest.approx(0.5 * (8.0 + 9.0))


# losses, and the distance of TTUR's paper (1706.08500)


def test_the_losses_are_those_of_their_papers() -> None:
    real, fake = ARRAY([2.0, 0.5]), ARRAY([-2.0, 0.5])
    assert discriminator_loss("hinge", real, fake).item() == pytest.approx((0 + 0.5) / 2 + (0 + 1.5) / 2)
    assert discriminator_loss("wasserstein", real, fake).item() == pytest.approx(-0.75 - 1.25)
    assert discriminator_loss("least-squares", real, fake).item() == pytest.approx((1 + 0.25) / 2 + (4 + 0.25) / 2)
    cross = -(torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean())
    assert discriminator_loss("non-saturating", real, fake).item() == pytest.approx(cross.item())
    assert generator_loss("hinge", fake).item() == generator_loss("wasserstein", fake).item() == pytest.approx(0.75)
    assert generator_loss("least-squares", fake).item() == pytest.approx((9 + 0.25) / 2)
    assert generator_loss("non-saturating", fake).item() == pytest.approx(-torch.sigmoid(fake).log().mean().item())


def test_each_player_has_its_own_learning_rate_and_a_schedule_keeps_their_ratio(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 1, 8, 8), dtype=np.uint8)
    config = configure(1, 8, "dcgan", width=4, lr_d=4e-3, lr_g=1e-3)
    settings = TrainingSettings(steps=4, batch_size=8, device="cpu", schedule="linear", clip=0.0)
    task = GanTask(config, Images(pixels, None, (), (), "noise"), settings)
    seen = []
    update = task.update

    def watch(step: int) -> Any:
        seen.append([task.optimizers[name].param_groups[0]["lr"] for name in ("judge", "generator")])
        owned = {id(value) for group in task.optimizers["judge"].param_groups for value in group["params"]}
        assert owned == {id(value) for value in task.judge.parameters()}
        return update(step)

    task.update = watch  # type: ignore[method-assign]
    train(task, tmp_path)
    shares = [1.0, 0.75, 0.5, 0.25]
    np.testing.assert_allclose(seen, [[4e-3 * share, 1e-3 * share] for share in shares])


def test_the_frechet_distance_is_that_of_normal_distributions() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(x, x + np.array([1, 0, -2, 0])) == pytest.approx(5.0)
    assert frechet_distance(x, 3 * x) == pytest.approx(
        4 * float(x.mean(0) @ x.mean(0)) + 4 * np.trace(np.cov(x, rowvar=False))
    )
    one, two = np.diag([1.0, 4.0]), np.diag([9.0, 1.0])
    base = rng.normal(size=(400, 2))
    base = (base - base.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(base, rowvar=False))).T
    found = frechet_distance(base @ np.sqrt(one), base @ np.sqrt(two))
    assert found == pytest.approx((1 - 3) ** 2 + (2 - 1) ** 2)
    with pytest.raises(ValueError, match="two rows or more"):
        frechet_distance([[1.0]], [[1.0], [2.0]])


@pytest.mark.parametrize(
    "change",
    [
        *({"architecture": "x"}, {"loss": "x"}, {"penalty": "x"}, {"size": 9}, {"width": 10**6}, {"ema": 1.0}),
        *({"penalty": "gp"}, {"penalty": "roth", "loss": "hinge"}, {"grow": 5}, {"style_mixing": 0.5}),
        *({"penalty": "ct", "loss": "wasserstein"}, {"architecture": "introvae", "penalty": "r1"}),
        {"architecture": "style", "spectral_norm": True},
    ],
)
def test_rules_that_do_not_fit_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(change)) if len(change) == 1 else "penalty|style"):
        dataclasses.replace(GanConfig(1, 16), **change)
