"""GANs: what the networks of the papers are made of: growing, styles, BigGAN's parts, and how they begin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch
from torch import nn

from minent.neural.gan.growing import GrowingBody, GrowingGenerator, growth_at, shrink_to
from minent.neural.gan.layers import (
    ConditionalNorm,
    EqualConvolution,
    EqualLinear,
    adain,
    minibatch_deviation,
    orthogonal_penalty,
    pixel_norm,
    truncated_normal,
)
from minent.neural.gan.networks import Discriminator, Generator, make_generator, make_judge
from minent.neural.gan.settings import ARCHITECTURES, configure

# PGGAN (1710.10196)


def test_pixel_norm_gives_every_pixel_the_mean_square_one() -> None:
    x = pixel_norm(5 * torch.randn(2, 6, 3, 4))
    torch.testing.assert_close(x.square().mean(dim=1), torch.ones(2, 3, 4), rtol=1e-4, atol=1e-4)


def test_minibatch_deviation_adds_one_channel_with_the_mean_deviation_over_the_batch() -> None:
    x = torch.randn(4, 3, 2, 2)
    found = minibatch_deviation(x)
    assert found.shape == (4, 4, 2, 2)
    assert torch.equal(found[:, :3], x)
    expected = float(np.std(x.numpy(), axis=0).mean())
    torch.testing.assert_close(found[:, 3], torch.full((4, 2, 2), expected))
    assert float(minibatch_deviation(x[:1].expand(4, -1, -1, -1))[:, 3].max()) < 1e-3  # all alike


def test_equalised_layers_scale_weights_of_deviation_one_by_hes_constant() -> None:
    torch.manual_seed(0)
    convolution, linear = EqualConvolution(8, 200, 3), EqualLinear(50, 300)
    assert float(convolution.weight.detach().std()) == pytest.approx(1.0, abs=0.03)
    x = torch.randn(2, 8, 4, 4)
    plain = nn.functional.conv2d(x, convolution.weight * math.sqrt(2 / 72), padding=1)
    torch.testing.assert_close(convolution(x), plain)
    torch.testing.assert_close(linear(torch.ones(1, 50)), (linear.weight * math.sqrt(2 / 50)).sum(1)[None])


def test_a_layer_of_a_hundredth_of_the_rate_begins_like_the_others_and_moves_a_hundredth_as_far() -> None:
    steps = []
    for rate in (1.0, 0.01):
        torch.manual_seed(0)
        layer = EqualLinear(50, 30, rate=rate)
        x = torch.randn(4, 50)
        before = layer(x).detach()
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.001, eps=1e-12)
        layer(x).sum().backward()
        optimizer.step()
        steps.append((before, layer(x).detach() - before))
    (first, far), (second, near) = steps
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(near, far / 100, rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("architecture", ["progressive", "style"])
@pytest.mark.parametrize("level", [1, 2])
def test_a_new_resolution_fades_in_without_a_jump(architecture: str, level: int) -> None:
    torch.manual_seed(0)
    config = configure(1, 16, architecture, width=4, grow=5, style_mixing=None)
    generator, body = GrowingGenerator(config).eval(), GrowingBody(config).eval()
    z = torch.randn(3, config.latent)

    def at(growth: float) -> tuple[Any, Any]:
        generator.growth.fill_(growth)
        body.growth.fill_(growth)
        torch.manual_seed(1)
        images = generator(z)
        real = shrink_to(torch.linspace(-1, 1, 256).view(1, 1, 16, 16).expand(3, -1, -1, -1), 4, growth)
        return images, body(real)

    (before, judged_before), (just_after, judged_after) = at(level - 1), at(level - 1 + 1e-4)
    assert just_after.shape[-1] == 2 * before.shape[-1]
    torch.testing.assert_close(just_after, nn.functional.interpolate(before, scale_factor=2), atol=2e-3, rtol=0)
    torch.testing.assert_close(judged_after, judged_before, atol=2e-3, rtol=0)
    (almost, judged_almost), (whole, judged_whole) = at(level - 1e-4), at(level)
    torch.testing.assert_close(almost, whole, atol=2e-3, rtol=0)
    torch.testing.assert_close(judged_almost, judged_whole, atol=2e-3, rtol=0)
    half = at(level - 0.5)[0]
    assert (half - whole).abs().max() > 1e-3


def test_growth_goes_up_in_turns_and_stops_at_full_size() -> None:
    assert [growth_at(step, 4, 2) for step in range(0, 21, 2)] == [0, 0, 0, 0.5, 1, 1, 1, 1.5, 2, 2, 2]
    assert growth_at(0, 0, 3) == 3


# StyleGAN (1812.04948)


def test_adain_gives_each_channel_the_mean_and_deviation_of_the_style() -> None:
    x, scale, bias = 3 + 2 * torch.randn(2, 5, 6, 7), torch.rand(2, 5) + 0.5, torch.randn(2, 5)
    y = adain(x, scale, bias)
    torch.testing.assert_close(y.mean(dim=(2, 3)), bias, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(y.std(dim=(2, 3), unbiased=False), scale, atol=1e-4, rtol=1e-4)


def style_generator(**changes: Any) -> Any:
    torch.manual_seed(0)
    return Generator(configure(1, 16, "style", width=4, **changes))


def test_the_truncation_of_style_draws_styles_towards_their_mean() -> None:
    net = style_generator().net
    net.train()
    z = torch.randn(2000, 64)
    for _ in range(3000):
        net.styles(z[:50], 1.0)
    torch.testing.assert_close(net.mean_style, net.styles(z[:50], 1.0).mean(0), atol=1e-3, rtol=1e-2)
    net.eval()
    whole, half, none = (net.styles(z, psi) for psi in (1.0, 0.5, 0.0))
    torch.testing.assert_close(half - net.mean_style, 0.5 * (whole - net.mean_style))
    torch.testing.assert_close(none, net.mean_style.expand_as(none))


def test_mixed_styles_take_the_small_resolutions_from_one_latent_and_the_large_from_another() -> None:
    net = style_generator(style_mixing=1.0).net
    z = torch.randn(3, 64)
    _, styles = net.train().start(z, None, 1.0)
    own = net.styles(z, 1.0)
    assert torch.equal(styles[0], own)
    assert not torch.equal(styles[-1], own)
    _, plain = net.eval().start(z, None, 1.0)
    assert all(torch.equal(style, own) for style in plain)


def test_noise_inputs_change_a_picture_only_where_they_have_strength() -> None:
    generator = style_generator().eval()
    z = torch.randn(2, 64)
    assert torch.equal(generator(z), generator(z))  # the strengths start at 0
    with torch.no_grad():
        for stage in generator.net.stages:
            stage.noise.fill_(0.5)
    assert not torch.equal(generator(z), generator(z))


# BigGAN (1809.11096)


def test_the_orthogonal_penalty_is_that_of_the_products_of_different_rows() -> None:
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0, 0.0], [3.0, 1.0, 1.0]]))
    assert orthogonal_penalty(layer).item() == pytest.approx(2 * 5.0**2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[9.0, 0.0, 0.0], [0.0, 0.1, 0.0]]))  # norms are free
    assert orthogonal_penalty(layer).item() == 0
    assert orthogonal_penalty(nn.ModuleDict({"embedding": nn.Linear(3, 2)}), ("embedding",)) == 0


def test_truncated_latents_are_a_normal_distribution_without_its_ends() -> None:
    torch.manual_seed(0)
    z = truncated_normal((50_000,), 0.7)
    assert z.abs().max() <= 0.7
    inside = torch.randn(200_000)
    inside = inside[inside.abs() <= 0.7]
    quantiles = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95])
    torch.testing.assert_close(z.quantile(quantiles), inside.quantile(quantiles), atol=0.02, rtol=0)
    assert truncated_normal((9,), 0.0).abs().max() == 0


def test_conditional_norm_scales_and_shifts_each_picture_by_its_class() -> None:
    torch.manual_seed(0)
    norm = ConditionalNorm(2, 3).train()
    x, classes = 4 + 3 * torch.randn(90, 2, 5, 5), torch.eye(3)[torch.arange(90) % 3]
    y = norm(x, classes)
    plain = (x - x.mean(dim=(0, 2, 3), keepdim=True)) / x.std(dim=(0, 2, 3), unbiased=False, keepdim=True)
    scale, shift = norm.project.weight.T[1].chunk(2)
    expected = plain[1::3] * (1 + scale[:, None, None]) + shift[:, None, None]
    torch.testing.assert_close(y[1::3], expected, atol=1e-3, rtol=1e-3)


def test_each_part_of_the_latent_of_biggan_reaches_its_own_block() -> None:
    torch.manual_seed(0)
    net = Generator(configure(1, 16, "biggan", width=4, latent=12, classes=2)).net
    assert net.parts == [4, 4, 4]
    assert [block.norm_1.project.weight.shape[1] for block in net.blocks] == [32 + 4, 32 + 4]


def test_biggan_begins_with_orthogonal_weights() -> None:
    game = configure(1, 16, "biggan", width=4, latent=12, classes=2)
    for player in (Generator(game).net, Discriminator(game).body):
        for name, parameter in player.named_parameters():
            if parameter.dim() >= 2 and "embedding" not in name:
                matrix = parameter.detach().flatten(1)
                matrix = matrix if len(matrix) <= matrix.shape[1] else matrix.T
                torch.testing.assert_close(matrix @ matrix.T, torch.eye(len(matrix)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_players_begin_without_biases(architecture: str) -> None:
    game = configure(1, 16, architecture, width=4)
    for player in (make_generator(game), make_judge(game)):
        biases = [parameter for name, parameter in player.named_parameters() if name.endswith("bias")]
        assert biases and not any(bias.any() for bias in biases)
