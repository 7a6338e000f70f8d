"""f-VAE: the flow has an inverse and the determinant of its Jacobian, and the limits of the model are VAE and flow."""

from __future__ import annotations

import dataclasses
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch

from minent.errors import ModelError, TrainingError
from minent.neural import fvae
from minent.neural.checkpoint import save_model
from minent.neural.fvae.learning import FvaeTask, parameters_of, train_fvae, with_size_of
from minent.neural.fvae.model import ActNorm, Coupling, Flow, Fvae, Split, bits_per_dimension
from minent.neural.fvae.settings import FvaeConfig
from minent.neural.settings import TrainingSettings
from minent.neural.tensors import stream_tensors
from minent.neural.training import train

SMALL = FvaeConfig(channels=1, size=4, levels=2, blocks=1, width=3, depth=2, flow_width=3)
SETTINGS = TrainingSettings(steps=8, batch_size=8, device="cpu", log_every=2, evaluate_every=4)


def disturbed(module: Any, seed: int = 0, amount: float = 0.3) -> Any:
    """The module with weights at random, so that nothing is the identity by its start."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(amount * torch.randn_like(parameter))
    return module.double().eval()


def images(count: int, size: int = 4, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, size, size), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_flow_can_be_inverted(channels: int) -> None:
    config = dataclasses.replace(SMALL, channels=channels, size=8, levels=3, depth=4, flow_width=16)
    flow = disturbed(Flow(config), amount=0.05).float()
    x = torch.randn(16, channels, 8, 8)
    z, _ = flow(x)
    assert (flow.inverse(z) - x).abs().max() <= 1e-4
    assert (flow(flow.inverse(z))[0] - z).abs().max() <= 1e-4
    assert (z - x.flatten(1)).abs().max() > 0.1


@pytest.mark.parametrize("seed", range(3))
def test_the_log_determinant_of_the_flow_is_that_of_autograds_jacobian(seed: int) -> None:
    flow = disturbed(Flow(SMALL), seed)
    x = torch.randn(1, 1, 4, 4, dtype=torch.double)
    jacobian = torch.autograd.functional.jacobian(lambda v: flow(v.view(1, 1, 4, 4))[0].flatten(), x.flatten())
    assert jacobian.shape == (16, 16)
    torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], flow(x)[1][0])
    assert flow(x)[1].abs() > 0.1


@pytest.mark.parametrize("make", [lambda: ActNorm(4), lambda: Coupling(4, 5)])
def test_each_step_of_the_flow_has_the_determinant_of_its_jacobian_and_an_inverse(make: Any) -> None:
    step = disturbed(make())
    x = torch.randn(2, 4, 2, 3, dtype=torch.double)
    y, log_det = step(x)
    torch.testing.assert_close(step.inverse(y), x)
    for row in range(2):
        jacobian = torch.autograd.functional.jacobian(lambda v: step(v.view(1, 4, 2, 3))[0].flatten(), x[row].flatten())
        torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], log_det[row])


def test_a_split_has_the_determinant_of_its_jacobian_and_an_inverse() -> None:
    split = disturbed(Split(4))
    x = torch.randn(1, 4, 2, 2, dtype=torch.double)
    kept, latent, log_det = split(x)
    torch.testing.assert_close(split.inverse(kept, latent), x)

    def flat(v: Any) -> Any:
        return torch.cat([part.flatten() for part in split(v.view(1, 4, 2, 2))[:2]])

    jacobian = torch.autograd.functional.jacobian(flat, x.flatten())
    torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], log_det[0])


def test_the_first_batch_of_a_training_leaves_actnorm_with_mean_0_and_deviation_1() -> None:
    step = ActNorm(3).train()
    x = 5 + 3 * torch.randn(50, 3, 4, 4)
    y, _ = step(x)
    assert y.mean(dim=(0, 2, 3)).abs().max() < 1e-4
    assert (y.std(dim=(0, 2, 3)) - 1).abs().max() < 1e-4
    again, _ = step(x + 1)  # not normalised a second time
    assert (again - y).abs().min() > 0.1


def test_the_limit_with_a_scale_for_each_dimension_and_no_flow_is_the_plain_vae() -> None:
    """With u = ±1 in each dimension, the means over u and −u of a quadratic form are those over a normal u."""
    model = disturbed(Fvae(dataclasses.replace(SMALL, model="vae")))
    x = torch.randn(3, 1, 4, 4, dtype=torch.double)
    mean, scale = model.encoder(x)
    sigma = (model.log_noise + scale).exp()
    kl = 0.5 * (mean**2 + sigma**2 - 1 - 2 * sigma.log()).flatten(1).sum(1)
    for seed in range(3):
        torch.manual_seed(seed)
        u = torch.randint(0, 2, x.shape).double() * 2 - 1
        found, expected = 0.0, kl
        for signed in (u, -u):
            found = found + model.bound(x, signed).nats / 2
            log_prob = torch.distributions.Normal(model.decoder(mean + sigma * signed), model.log_sigma.exp()).log_prob(
                x
            )
            expected = expected - log_prob.flatten(1).sum(1) / 2
        torch.testing.assert_close(found, expected)


def test_the_limit_with_the_identity_for_encoder_and_decoder_is_a_flow_on_noisy_data() -> None:
    """At their start E and G are the identity, so that G∘F⁻¹ undoes F: what is left is the flow of x + σ₁u."""
    torch.manual_seed(1)
    model = Fvae(dataclasses.replace(SMALL, sigma=0.3, noise=0.2)).double().eval()
    disturbed(model.flow)
    x, u = torch.randn(2, 5, 1, 4, 4, dtype=torch.double).unbind()
    torch.testing.assert_close(model.reconstruct(x), x)
    glow = Fvae(dataclasses.replace(SMALL, model="glow")).double().eval()
    glow.flow.load_state_dict(model.flow.state_dict())
    noisy = glow.bound(x + 0.2 * u).nats
    square = (u**2).flatten(1).sum(1)
    constants = 0.5 * square * (0.2 / 0.3) ** 2 + 16 * math.log(0.3 / 0.2) - 0.5 * square
    torch.testing.assert_close(model.bound(x, u).nats, noisy + constants, rtol=1e-6, atol=1e-6)


def test_the_loss_is_formula_8_5_up_to_its_constants() -> None:
    model = disturbed(Fvae(SMALL))
    x, u = torch.randn(2, 3, 1, 4, 4, dtype=torch.double).unbind()
    s1, s2 = model.log_noise.exp(), model.log_sigma.exp()
    h = s1 * u + model.encoder(x)[0]
    z, log_det = model.flow(h)
    loss = 0.5 * (((model.decoder(h) - x) / s2) ** 2).flatten(1).sum(1) + 16 * s2.log() + 0.5 * (z**2).sum(1)
    loss = loss - (log_det + 16 * s1.log())
    constants = 8 * math.log(2 * math.pi) - 0.5 * (u**2).flatten(1).sum(1)
    torch.testing.assert_close(model.bound(x, u).nats, loss + constants)
    assert model.decode(z).sub(model.decoder(h)).abs().max() < 1e-6


def test_the_flow_alone_is_a_density_that_sums_to_one() -> None:
    """exp(−nats) over a grid of the plane; a flow of two pixels by two, two of them held at the latent's inverse."""
    config = FvaeConfig(1, 2, model="glow", levels=1, depth=2, flow_width=4)
    model = disturbed(Fvae(config))
    torch.manual_seed(0)
    centre = model.sample(4000).double()
    proposal = torch.distributions.Normal(centre.mean(0), 2 * centre.std(0))
    x = proposal.sample((40000,))
    with torch.no_grad():
        weights = (-model.bound(x).nats - proposal.log_prob(x).flatten(1).sum(1)).exp()
    assert weights.mean() == pytest.approx(1.0, abs=0.05)


def test_eight_bits_are_what_uniform_noise_needs() -> None:
    assert bits_per_dimension(math.log(2) * 10, 10) == pytest.approx(8.0)


@pytest.mark.parametrize("name", ["glow", "vae"])
def test_the_models_can_be_given_the_size_of_the_f_vae(name: str) -> None:
    whole = FvaeConfig(channels=1, size=28)
    other = with_size_of(dataclasses.replace(whole, model=name), whole)
    assert parameters_of(other) == pytest.approx(parameters_of(whole), rel=0.02)


@pytest.mark.parametrize("name", ["fvae", "glow", "vae"])
def test_a_training_lowers_the_bound_and_its_folder_gives_the_model_back(tmp_path: Path, name: str) -> None:
    data = np.repeat(images(2, 8), 64, axis=0)
    config = dataclasses.replace(SMALL, size=8, model=name, width=8, flow_width=8)
    task = FvaeTask(config, data, data[:16], dataclasses.replace(SETTINGS, steps=60, learning_rate=0.01, clip=50.0))
    task.model.train()
    before = float(task.loss(task.batch(0))[0].detach())
    result = train(task, tmp_path / "model")
    assert result.best["loss"] < before - 0.1
    model = fvae.load(tmp_path / "model")
    x = torch.rand(3, 1, 8, 8)
    assert model.reconstruct(x).shape == model.sample(3, 0.7).shape == x.shape
    if name == "glow":
        torch.testing.assert_close(model.reconstruct(x), x, atol=1e-3, rtol=0)


def test_a_resumed_training_ends_as_one_that_was_not_interrupted(tmp_path: Path) -> None:
    data = images(20)
    whole = FvaeTask(SMALL, data, data[:4], SETTINGS)
    train(whole, tmp_path / "whole")
    train_fvae(SMALL, data, data[:4], tmp_path / "parts", dataclasses.replace(SETTINGS, steps=3))
    train_fvae(SMALL, data, data[:4], tmp_path / "parts", SETTINGS, resume=True)
    for one, two in zip(
        whole.model.state_dict().values(), fvae_after(tmp_path / "parts", data).state_dict().values(), strict=True
    ):
        assert torch.equal(one, two)
    with pytest.raises(ModelError, match="trained with another data"):
        train_fvae(SMALL, images(20, seed=1), data[:4], tmp_path / "parts", SETTINGS, resume=True)


def fvae_after(folder: Path, data: Any) -> Any:
    """The model as the training of a folder left it."""
    task = FvaeTask(SMALL, data, data[:4], dataclasses.replace(SETTINGS, steps=1))
    train(task, folder, resume=True)
    return task.model


def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    data = images(20)
    train_fvae(SMALL, data, data[:4], tmp_path, dataclasses.replace(SETTINGS, steps=4))
    kept = (tmp_path / "model.safetensors").read_bytes()
    task = FvaeTask(SMALL, data, data[:4], SETTINGS)
    task.batch = lambda number: torch.full((8, 1, 4, 4), math.nan)  # type: ignore[method-assign]
    with pytest.raises(TrainingError, match=r"step 4: the loss is nan; --resume goes on from step 4"):
        train(task, tmp_path, resume=True)
    assert (tmp_path / "model.safetensors").read_bytes() == kept


def test_the_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"format": "minent-neural 1", "model": "gan", "config": {}}')
    with pytest.raises(ModelError, match="holds a model of the kind gan, not fvae"):
        fvae.load(tmp_path)


def test_channels_that_are_in_no_order_are_refused(tmp_path: Path) -> None:
    model = Fvae(SMALL)
    model.flow.levels[0][1].order[0] = 99
    save_model(tmp_path, "fvae", dataclasses.asdict(SMALL), partial(stream_tensors, model.state_dict()))
    with pytest.raises(ModelError, match="is not an order of 4 channels"):
        fvae.load(tmp_path)


@pytest.mark.parametrize(
    "change", [{"model": "x"}, {"size": 30}, {"width": 10**9}, {"levels": 0}, {"sigma": 0.0}, {"channels": 9}]
)
def test_sizes_out_of_bounds_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        dataclasses.replace(FvaeConfig(1, 28), **change)
