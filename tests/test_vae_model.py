"""The objectives of the VAE beside closed forms: a linear-Gaussian model, whose exact likelihood is known."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from minent.neural.images.data import Images  # noqa: E402
from minent.neural.images.networks import ConvDecoder, ConvEncoder  # noqa: E402
from minent.neural.vae.evaluation import evaluate_vae  # noqa: E402
from minent.neural.vae.model import Vae, VaeConfig, divergence, log_mean_exp  # noqa: E402
from minent.neural.vae.pictures import WAY, interpolations, latent_grid, reconstructions  # noqa: E402


def linear_gaussian(optimal: bool, seed: int = 0) -> tuple[Any, Any, Any]:
    """A model x = W z + b + noise of 3 × 2 pixels and 2 latent numbers; pictures of it; their exact ln q(x).

    With `optimal` the encoder gives the exact posterior N(M⁻¹Wᵀ(x − b)/s, M⁻¹), M = I + WᵀW/s, whose covariance is
    diagonal because the columns of W are orthogonal.
    """
    torch.manual_seed(seed)
    model = Vae(VaeConfig(1, 3, 2, likelihood="gaussian", latent=2, layers=0)).double()
    columns, _ = torch.linalg.qr(torch.randn(6, 2, dtype=torch.float64))
    weights = columns * torch.tensor([1.5, 0.7])
    bias = torch.randn(6, dtype=torch.float64)
    with torch.no_grad():
        model.log_sigma.fill_(-0.4)
        model.decoder[1].weight.copy_(weights)
        model.decoder[1].bias.copy_(bias)
        noise = float(model.variance())
        if optimal:
            precision = 1 + (weights**2).sum(0) / noise  # (2,), the diagonal of M
            model.mean.weight.copy_((weights / noise / precision).T)
            model.mean.bias.copy_(-model.mean.weight @ bias)
            model.log_var.weight.zero_()
            model.log_var.bias.copy_(-torch.log(precision))
    x = torch.randn(40, 2, dtype=torch.float64) @ weights.T + bias + math.sqrt(noise) * torch.randn(40, 6).double()
    covariance = weights @ weights.T + noise * torch.eye(6, dtype=torch.float64)
    exact = torch.distributions.MultivariateNormal(bias, covariance).log_prob(x)
    return model, x.reshape(-1, 1, 3, 2), exact


def test_with_the_exact_posterior_every_weight_is_the_likelihood() -> None:
    model, x, exact = linear_gaussian(optimal=True)
    with torch.no_grad():
        assert torch.allclose(model.log_weights(x, 7), exact.expand(7, -1), atol=1e-9)


def test_the_elbo_is_the_likelihood_less_the_divergence_of_the_posterior() -> None:
    model, x, exact = linear_gaussian(optimal=True)
    with torch.no_grad():
        model.mean.bias += 0.3
        model.log_var.bias += 0.5
        log_var = model.log_var.bias
        true = -model.log_var.bias + 0.5  # −ln of the exact variance
        gap = 0.5 * (torch.exp(log_var + true) + 0.3**2 * torch.exp(true) - 1 - log_var - true).sum(-1)
        drawn = model.log_weights(x, 20_000)
        assert torch.allclose(drawn.mean(0), exact - gap, atol=0.05)
        torch.manual_seed(1)
        closed = torch.stack([model.nats(x) for _ in range(3000)]).mean(0)
    assert torch.allclose(-closed, exact - gap, atol=0.15)


def test_bounds_come_down_to_the_exact_likelihood_of_a_poor_encoder() -> None:
    model, x, exact = linear_gaussian(optimal=False)
    with torch.no_grad():
        model.log_var.weight *= 0.1
        model.mean.weight *= 0.1
        drawn = model.log_weights(x, 60_000)
        bounds = [-log_mean_exp(drawn.unflatten(0, (-1, k)).transpose(0, 1)).mean() for k in (1, 10, 100, 60_000)]
    assert all(lower > upper for lower, upper in pairwise(bounds))
    assert bounds[0] - -exact.mean() > 0.5 and abs(bounds[-1] + exact.mean()) < 0.05


def test_prior_samples_give_the_exact_likelihood_where_the_prior_is_close() -> None:
    model, x, exact = linear_gaussian(optimal=False)
    with torch.no_grad():
        found = log_mean_exp(model.log_prior_likelihoods(x, 200_000))
    assert torch.allclose(found, exact, atol=0.2)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_iwae_with_one_sample_is_the_sampled_elbo(likelihood: str, network: str) -> None:
    config = VaeConfig(1, 9, 6, likelihood=likelihood, network=network, latent=3, hidden=8)
    torch.manual_seed(0)
    model = Vae(config)
    x = torch.rand(5, 1, 9, 6).round()
    found, gradients = [], []
    for objective in ("elbo-sampled", "iwae"):
        model.config = dataclasses.replace(config, objective=objective)
        torch.manual_seed(3)
        nats = model.nats(x)
        model.zero_grad()
        nats.mean().backward()
        found.append(nats.detach())
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in model.parameters()]))
    assert torch.equal(*found) and torch.allclose(*gradients, atol=1e-7)


def test_the_divergence_is_that_of_torch() -> None:
    mean, log_var = torch.randn(4, 3), torch.randn(4, 3)
    normal = torch.distributions.Normal(mean, torch.exp(0.5 * log_var))
    wanted = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(-1)
    assert torch.allclose(divergence(mean, log_var), wanted, atol=1e-5)


def test_the_bernoulli_likelihood_is_that_of_torch() -> None:
    model = Vae(VaeConfig(1, 4, 5, latent=2, hidden=4))
    x, logits = torch.rand(3, 1, 4, 5).round(), torch.randn(3, 1, 4, 5)
    wanted = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    assert torch.allclose(model.log_likelihood(x, logits), wanted, atol=1e-5)


@pytest.mark.parametrize("size", [(28, 28), (32, 20), (7, 9), (1, 1)])
def test_the_decoder_gives_back_the_size_of_the_picture(size: tuple[int, int]) -> None:
    shape = (3, *size)
    encoder, decoder = ConvEncoder(shape, (4, 8)), ConvDecoder(5, shape, (4, 8))
    assert encoder(torch.zeros(2, *shape)).shape == (2, encoder.size)
    assert decoder(torch.zeros(2, 5)).shape == (2, *shape)


@pytest.mark.parametrize("side", [6, 7])
def test_a_convolution_of_stride_2_is_padded_as_keras_does(side: int) -> None:
    encoder = ConvEncoder((1, side, side), (1,))
    x = torch.rand(1, 1, side, side)
    with torch.no_grad():
        encoder.layers[0].weight.fill_(1.0)
        encoder.layers[1].weight.zero_()
        encoder.layers[1].weight[0, 0, 1, 1] = 1.0
        found = encoder(x).reshape(-(-side // 2), -1)
    total = max((-(-side // 2) - 1) * 2 + 3 - side, 0)  # TensorFlow: the smaller half of the zeros stands before
    wide = np.zeros((side + total, side + total))
    wide[total // 2 : total // 2 + side, total // 2 : total // 2 + side] = x[0, 0].numpy()
    wanted = [[wide[2 * i : 2 * i + 3, 2 * j : 2 * j + 3].sum() for j in range(len(found))] for i in range(len(found))]
    assert np.allclose(found.numpy(), wanted, atol=1e-5)


def test_evaluation_gives_bounds_that_fall_and_counts_units_in_use() -> None:
    model, x, _ = linear_gaussian(optimal=True)
    model = model.float()
    pixels = (x.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    images = Images(pixels, None, (), (), "test")
    with torch.no_grad():
        model.mean.weight[1].zero_()  # the second latent number no longer listens
    figures = evaluate_vae(model, images, (1, 3, 50), seed=0)
    assert figures["L_1"] > figures["L_3"] > figures["L_50"]
    assert figures["active_units"] == 1 and figures["pictures"] == 40
    assert figures == evaluate_vae(model, images, (1, 3, 50), seed=0)
    wanted = torch.exp(model.log_var.bias).tolist()
    assert figures["posterior_variances"] == pytest.approx(wanted, abs=1e-4)


def test_pictures_have_the_form_that_a_grid_needs() -> None:
    model = Vae(VaeConfig(1, 5, 4, latent=2, hidden=6)).eval()
    x = torch.rand(6, 1, 5, 4)
    assert reconstructions(model, x).shape == (12, 1, 5, 4) and torch.equal(reconstructions(model, x)[::2], x)
    ways = interpolations(model, x)
    assert ways.shape == (3 * WAY, 1, 5, 4)
    assert torch.allclose(ways[[0, WAY - 1]], model.picture(model.encode(x[:2])[0]), atol=1e-6)
    assert latent_grid(model, 3).shape == (9, 1, 5, 4)
    assert torch.allclose(latent_grid(model, 3)[4], model.picture(torch.zeros(1, 2))[0], atol=1e-6)
    with pytest.raises(ValueError, match="two latent numbers"):
        latent_grid(Vae(VaeConfig(1, 5, 4, latent=3, hidden=6)), 3)


@pytest.mark.parametrize(
    "values",
    [
        {"height": 0},
        {"width": 10**9},
        {"latent": 10**9},
        {"layers": -1},
        {"samples": 0},
        {"objective": "magic"},
        {"hidden": 8192, "layers": 16},
        {"network": "conv", "height": 1024, "width": 1024, "latent": 4096},
    ],
)
def test_a_configuration_out_of_bounds_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        VaeConfig(**({"channels": 1, "height": 28, "width": 28} | values))
