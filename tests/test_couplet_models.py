"""The couplet models against NumPy, and what their logits may know."""

from __future__ import annotations

from itertools import product

import pytest

torch = pytest.importorskip("torch")

import naive_couplet  # noqa: E402
import numpy as np  # noqa: E402

from minent.neural.couplet.aligned import Aligned, AlignedConfig  # noqa: E402
from minent.neural.couplet.characters import Alphabet  # noqa: E402
from minent.neural.couplet.gated_cnn import GatedCnn, GatedCnnConfig  # noqa: E402
from minent.neural.couplet.pairs import Pairs  # noqa: E402
from minent.neural.couplet.task import CodedPairs, lower_nats  # noqa: E402

CHARACTERS = "天地风雨山水"
SMALL = AlignedConfig(CHARACTERS, dim=8, heads=2, encoder_layers=2, decoder_layers=2, dropout=0.3)
TAGGER = GatedCnnConfig(CHARACTERS, dim=6, layers=3, width=3)


def shaken(model):
    """The model in evaluation mode with weights that are all different from their beginnings (norms, biases, too)."""
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model.double().eval()


@pytest.fixture(scope="module")
def aligned():
    return shaken(Aligned(SMALL))


@pytest.fixture(scope="module")
def tagger():
    return shaken(GatedCnn(TAGGER))


def weights_of(model):
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def lines(time, count=3, seed=0):
    return np.random.default_rng(seed).integers(0, len(CHARACTERS) + 1, (count, time))


@pytest.mark.parametrize("time", [1, 2, 7, 40])
def test_the_gated_cnn_gives_what_numpy_gives(tagger, time: int) -> None:
    upper = lines(time)
    with torch.no_grad():
        found = tagger(torch.from_numpy(upper)).log_softmax(-1).numpy()
    assert found.shape == (3, time, len(CHARACTERS) + 1)
    for row, line in zip(found, upper, strict=True):
        np.testing.assert_allclose(row, naive_couplet.gated_cnn(weights_of(tagger), 3, line), atol=1e-10)


@pytest.mark.parametrize("time", [1, 2, 7, 40])
def test_the_aligned_model_gives_what_numpy_gives(aligned, time: int) -> None:
    upper, lower = lines(time), lines(time, seed=1)
    with torch.no_grad():
        found = aligned(torch.from_numpy(upper), torch.from_numpy(lower)).log_softmax(-1).numpy()
    assert found.shape == (3, time, len(CHARACTERS) + 1)
    for row, above, below in zip(found, upper, lower, strict=True):
        wanted = naive_couplet.aligned(weights_of(aligned), 2, 2, 2, above, below)
        np.testing.assert_allclose(row, wanted, atol=1e-5)  # angles are float32


def test_the_aligned_model_knows_the_lower_characters_before_a_place_and_no_others(aligned) -> None:
    upper, lower = (torch.from_numpy(lines(6, count=1, seed=seed)) for seed in (0, 1))
    with torch.no_grad():
        before = aligned(upper, lower)
        for place in range(6):
            changed = lower.clone()
            changed[0, place] = (changed[0, place] + 1) % (len(CHARACTERS) + 1)
            differs = (aligned(upper, changed) != before).any(dim=-1)[0]
            assert not differs[: place + 1].any()
            assert differs[place + 1 :].all()


@pytest.mark.parametrize("name", ["aligned", "tagger"])
def test_every_logit_knows_the_whole_upper_line(name: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(name)
    upper, lower = (torch.from_numpy(lines(4, count=1, seed=seed)) for seed in (0, 1))
    with torch.no_grad():
        before = model(upper, lower)
        for place in range(4):
            changed = upper.clone()
            changed[0, place] = (changed[0, place] + 1) % (len(CHARACTERS) + 1)
            assert (model(changed, lower) != before).any(dim=-1).all()


@pytest.mark.parametrize("name", ["aligned", "tagger"])
def test_logits_place_by_place_are_those_of_the_whole_line(name: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(name)
    upper, lower = (torch.from_numpy(lines(5, seed=seed)) for seed in (0, 1))
    with torch.no_grad():
        whole = model(upper, lower)
        read = model.read(upper)
        for place in range(5):
            torch.testing.assert_close(model.next_logits(read, lower[:, :place]), whole[:, place])


@pytest.mark.parametrize("name", ["aligned", "tagger"])
def test_the_probabilities_of_all_lower_lines_sum_to_one(name: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(name)
    lowers = ["".join(line) for line in product(CHARACTERS + "？", repeat=3)]  # ？ stands for all unknown ones
    pairs = CodedPairs(Pairs(["风雨风"] * len(lowers), lowers), Alphabet(CHARACTERS))
    nats = lower_nats(model, pairs, "cpu")
    assert np.exp(-nats).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("config", "change", "problem"),
    [
        (AlignedConfig, {"dim": 10, "heads": 4}, "multiple"),
        (AlignedConfig, {"encoder_layers": 10**9}, "encoder_layers"),
        (AlignedConfig, {"dim": 0}, "dim"),
        (AlignedConfig, {"dropout": 1.0}, "dropout"),
        (GatedCnnConfig, {"width": 4}, "odd"),
        (GatedCnnConfig, {"layers": 10**9}, "layers"),
        (GatedCnnConfig, {"characters": "天天"}, "twice"),
        (GatedCnnConfig, {"characters": "天\x1b"}, "printed"),
        (GatedCnnConfig, {"characters": ""}, "none"),
    ],
)
def test_sizes_out_of_their_bounds_are_refused(config, change, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        config(**{"characters": CHARACTERS, **change})


def test_the_gated_cnn_has_the_sizes_of_the_article() -> None:
    config = GatedCnnConfig(CHARACTERS)
    assert (config.dim, config.layers, config.width, config.dropout) == (128, 6, 3, 0.25)
    model = GatedCnn(config)
    convolutions = 6 * (3 * 128 * 256 + 256)
    assert sum(parameter.numel() for parameter in model.parameters()) == convolutions + 7 * 128 + 7 * 128 + 7
    assert model.embedding.weight.abs().max() <= 0.05  # Keras' initial values
