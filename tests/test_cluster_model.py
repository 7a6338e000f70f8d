"""The clustering VAE: its loss beside the article's formula, and the scores of classes beside slow ones."""

from __future__ import annotations

import math
from typing import Any

import naive_words
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from minent.neural.cluster import neighbours  # noqa: E402
from minent.neural.cluster.encoder import NormalisedEncoder  # noqa: E402
from minent.neural.cluster.evaluation import own_draws  # noqa: E402
from minent.neural.cluster.kmeans import k_means  # noqa: E402
from minent.neural.cluster.loss import change, cluster_loss, shared_information  # noqa: E402
from minent.neural.cluster.model import ClusterConfig, ClusterVae  # noqa: E402
from minent.neural.cluster.pictures import conditional_samples, members  # noqa: E402
from minent.neural.cluster.scores import agreement, best_matching  # noqa: E402
from minent.neural.cluster.settings import ARTICLE, RECIPE, TRAINING, ClusterSettings  # noqa: E402
from minent.neural.cluster.task import ClusterTask  # noqa: E402
from minent.neural.images.data import Images  # noqa: E402
from minent.neural.settings import TrainingSettings  # noqa: E402


def small_model() -> Any:
    torch.manual_seed(0)
    model = ClusterVae(ClusterConfig(1, 6, 5, classes=3, latent=4, judge=8))
    with torch.no_grad():
        model.centres.normal_()
    return model


def test_the_article_s_loss_is_its_formula() -> None:
    model, x = small_model(), torch.rand(7, 1, 6, 5)
    torch.manual_seed(1)
    loss, figures = cluster_loss(model, x, x, 0, ARTICLE)
    torch.manual_seed(1)
    with torch.no_grad():
        mean, log_var = model.encode(x)
        z = mean + torch.exp(log_var / 2) * torch.randn_like(mean)
        drawn, probs = model.decode(z), torch.softmax(model.judge(z), -1)
    total = 0.0
    for i in range(7):
        total += 2.5 * 0.5 * float(((x[i] - drawn[i]) ** 2).sum())
        for y in range(3):
            of_class = 0.5 * (-float(log_var[i].sum()) + float(((z[i] - model.centres[y].detach()) ** 2).sum()))
            total += float(probs[i, y]) * (of_class + math.log(float(probs[i, y])))
    assert loss.item() == pytest.approx(total / 7, rel=1e-4)
    assert set(figures) == {"reconstruction", "prior", "entropy"}


def test_the_article_s_recipe_is_as_it_was_published() -> None:
    training = TRAINING["article"]
    assert (training.epochs, training.batch_size, training.learning_rate) == (50, 100, 1e-3)
    assert (training.schedule, training.clip, training.weight_decay) == ("constant", 0, 0)
    model = ClusterVae(ClusterConfig(1, 28, 28))
    assert not model.centres.any() and model.centres.shape == (10, 20)
    # weights as Keras counts them: encoder, two full layers of 20, decoder, classifier 20-256-10, ten means
    encoder = (9 * 32 + 32) + (9 * 32 * 32 + 32) + (9 * 32 * 64 + 64) + (9 * 64 * 64 + 64)
    decoder = (20 * 3136 + 3136) + 2 * (9 * 64 * 64 + 64) + (9 * 64 * 32 + 32) + (9 * 32 * 32 + 32) + (9 * 32 + 1)
    rest = 2 * (3136 * 20 + 20) + (20 * 256 + 256) + (256 * 10 + 10) + 10 * 20
    assert sum(parameter.numel() for parameter in model.parameters()) == encoder + decoder + rest


def test_warm_up_lets_the_cluster_terms_rise() -> None:
    model, x = small_model(), torch.rand(4, 1, 6, 5)
    found = []
    for step, steps in ((0, 0), (0, 4), (1, 4), (9, 4)):
        torch.manual_seed(1)
        loss, figures = cluster_loss(model, x, x, step, ClusterSettings(warmup_steps=steps))
        found.append(loss.item() - 2.5 * figures["reconstruction"])
    whole = figures["prior"] + figures["entropy"]
    assert found == pytest.approx([whole, whole / 4, whole / 2, whole], abs=1e-4)


def test_the_article_s_loss_of_one_number_done_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pixel, one latent number, two classes: μ = ±1, z = 1 exactly, p(y|z) = (3/4, 1/4), x = 1 drawn as ½."""
    model = ClusterVae(ClusterConfig(1, 1, 1, classes=2, latent=1, network="mlp", decoder="mlp"))
    with torch.no_grad():
        model.centres.copy_(torch.tensor([[1.0], [-1.0]]))
    monkeypatch.setattr(model.mean, "forward", lambda features: torch.ones(1, 1))
    monkeypatch.setattr(model.log_var, "forward", lambda features: torch.full((1, 1), math.log(4.0)))
    monkeypatch.setattr(model, "draw", lambda mean, log_var: mean)
    monkeypatch.setattr(model.judge, "forward", lambda z: torch.tensor([[math.log(3.0), 0.0]]))
    monkeypatch.setattr(model, "decode", lambda z: torch.full((1, 1, 1, 1), 0.5))
    x = torch.ones(1, 1, 1, 1)
    loss, figures = cluster_loss(model, x, x, 0, ARTICLE)
    assert figures["reconstruction"] == pytest.approx(0.5 * 0.25)
    assert figures["prior"] == pytest.approx(0.75 * 0.5 * (0 - math.log(4)) + 0.25 * 0.5 * (4 - math.log(4)))
    assert figures["entropy"] == pytest.approx(0.75 * math.log(0.75) + 0.25 * math.log(0.25), abs=1e-6)
    assert loss.item() == pytest.approx(
        2.5 * 0.125 + 0.5 - 0.5 * math.log(4) + 0.75 * math.log(3) - math.log(4), abs=1e-6
    )


def test_classes_of_two_views_tell_of_each_other() -> None:
    sure, even = torch.eye(3).repeat(2, 1) * 50, torch.zeros(6, 3)
    one = torch.eye(3)[:1].repeat(6, 1) * 50
    found = [shared_information(torch.cat([z, z]))[0].item() for z in (sure, even, one)]
    assert found == pytest.approx([math.log(3), 0, 0], abs=1e-5)
    # of eight pairs, p(0, 0) = 1/2, p(1, 1) = 1/4, p(0, 1) = p(1, 0) = 1/8 once the table is symmetric
    left, right = torch.eye(2)[[0, 0, 1, 0]] * 50, torch.eye(2)[[0, 0, 1, 1]] * 50
    by_hand = 0.5 * math.log(0.5 / 0.625**2) + 0.25 * math.log(0.25 / 0.375**2)
    by_hand += 0.25 * math.log(0.125 / (0.625 * 0.375))
    for evenness in (1.0, 2.0):
        information, size = shared_information(torch.cat([left, right]), evenness)
        entropy = -0.625 * math.log(0.625) - 0.375 * math.log(0.375)
        assert information.item() == pytest.approx(by_hand, abs=1e-5)
        assert size.item() == pytest.approx(by_hand + 2 * (evenness - 1) * entropy, abs=1e-5)


def test_what_a_class_draws_is_foreign_where_centres_are_alike() -> None:
    model = small_model()
    with torch.no_grad():
        for parameter in model.judge.parameters():
            parameter.zero_()
    assert model.foreign(50).item() == pytest.approx(math.log(3))
    with torch.no_grad():  # p(y|z) by the first three numbers of z, of which each class has another large one
        model.centres.copy_(100 * torch.eye(3, 4))
        model.judge[0].weight.copy_(torch.eye(8, 4))
        model.judge[2].weight.copy_(torch.eye(3, 8))
    assert model.foreign(50).item() == pytest.approx(0, abs=1e-6)


def test_draws_of_classes_that_lie_apart_are_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_model()
    monkeypatch.setattr(model, "sample", lambda kind, count: torch.full((count, 1, 6, 5), float(kind)))
    monkeypatch.setattr(model, "classify", lambda x: torch.eye(3)[x[:, 0, 0, 0].long()])
    assert own_draws(model, seed=0) == 1
    monkeypatch.setattr(model, "classify", lambda x: torch.eye(3)[[1]].expand(len(x), 3))
    assert own_draws(model, seed=0) == pytest.approx(1 / 3)


@given(st.integers(2, 12), st.integers(1, 4), st.integers(1, 4), st.integers(0, 5))
def test_neighbours_are_the_nearest_of_their_part(count: int, wanted: int, parts: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 1, 3, 2), dtype=np.uint8)
    examples = Images(pixels, None, (), (), "test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "PART", -(-count // parts))
        patch.setattr(neighbours, "AT_ONCE", 3)
        found = neighbours.find_neighbours(examples, wanted)
    parts = -(-count // -(-count // parts))
    assert found.shape == (count, max(0, min(wanted, count // parts - 1)))
    flat = pixels.reshape(count, -1) / 255
    for place, row in enumerate(found):
        own = [other for other in range(place % parts, count, parts) if other != place]
        distances = sorted(float(((flat[place] - flat[other]) ** 2).sum()) for other in own)
        assert set(row.tolist()) <= set(own) and len(set(row.tolist())) == len(row)
        assert [float(((flat[place] - flat[other]) ** 2).sum()) for other in row] == pytest.approx(
            distances[: len(row)], abs=1e-4
        )


def test_other_views_are_of_the_example_or_of_a_neighbour() -> None:
    pixels = (np.arange(8, dtype=np.uint8)[:, None, None, None] // 2 * 80) + np.arange(8, dtype=np.uint8)[
        :, None, None, None
    ]
    examples = Images(np.broadcast_to(pixels, (8, 1, 3, 2)).copy(), None, (), (), "test")
    model, device = ClusterVae(ClusterConfig(1, 3, 2, latent=2)), torch.device("cpu")
    settings = TrainingSettings(steps=1, batch_size=8)
    for near, partners in ((0.0, {0}), (1.0, {1}), (0.5, {0, 1})):
        choices = ClusterSettings(information=1.0, nearest=1, nearest_share=near)
        task = ClusterTask(model, examples, choices, settings, device)
        _, x, other = task.batch(0)
        first, second = ((255 * view[:, 0, 0, 0]).round().long().tolist() for view in (x, other))
        found = {int(a != b) for a, b in zip(first, second, strict=True)}
        assert found == partners and [a // 80 for a in first] == [b // 80 for b in second]
        assert torch.equal(task.batch(0)[2], other)  # the same whenever it is asked for


@pytest.mark.parametrize("sides", [(28, 28), (7, 5), (1, 1)])
def test_the_normalised_encoder_takes_pictures_of_any_size_and_batches_of_one(sides: tuple[int, int]) -> None:
    encoder = NormalisedEncoder((2, *sides))
    x = torch.rand(4, 2, *sides)
    assert encoder(x).shape == (4, encoder.size) and encoder(x[:1]).shape == (1, encoder.size)
    assert encoder.eval()(x[:1]).shape == (1, encoder.size)
    products = sum(parameter.numel() for parameter in encoder.parameters() if parameter.dim() > 1)
    assert NormalisedEncoder.weights(2, *sides) == products


def test_no_change_leaves_pictures_as_they_are_and_a_shift_moves_them() -> None:
    x = torch.rand(3, 1, 8, 8)
    assert torch.allclose(change(x, ClusterSettings()), x, atol=1e-5)
    dot = torch.zeros(200, 1, 9, 9)
    dot[:, :, 4, 4] = 1
    moved = change(dot, ClusterSettings(shift=0.2))  # up to 1.8 pixels
    places = (moved[:, 0] * torch.arange(9.0)[:, None]).sum((1, 2)) / moved.sum((1, 2, 3))
    assert 1.4 < (places - 4).abs().max() <= 1.81 and places.mean() == pytest.approx(4, abs=0.3)
    line = torch.zeros(50, 1, 9, 9)
    line[:, :, :, 4] = 1
    slanted = change(line, ClusterSettings(slant=0.5))[:, 0]
    assert torch.allclose(slanted[:, 4], line[:, 0, 4], atol=1e-5)  # the middle row stays
    ends = (slanted * torch.arange(9.0)).sum(2) / slanted.sum(2)
    assert torch.allclose(ends[:, 0] - 4, 4 - ends[:, 8], atol=1e-4) and 1.5 < (ends[:, 0] - 4).abs().max() <= 2.01
    picture = torch.rand(30, 1, 5, 6)
    mirrored = change(picture, ClusterSettings(flip=0.5))
    kinds = {
        (bool(torch.allclose(a, b, atol=1e-5)), bool(torch.allclose(a, b.flip(2), atol=1e-5)))
        for a, b in zip(mirrored, picture, strict=True)
    }
    assert kinds == {(True, False), (False, True)}
    words = torch.zeros(4, 5, 1, 1)
    assert not torch.equal(change(words, ClusterSettings(noise=0.1)), words)


tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 9), min_size=width, max_size=width), min_size=1, max_size=5)
)


@given(tables)
def test_the_best_matching_is_that_of_all_permutations(gains: list[list[int]]) -> None:
    rows, columns = best_matching(gains)
    assert len(set(rows.tolist())) == len(set(columns.tolist())) == len(rows) == min(len(gains), len(gains[0]))
    assert int(np.array(gains)[rows, columns].sum()) == naive_words.best_sum(gains)


def test_scores_of_an_example_done_by_hand() -> None:
    figures = agreement([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 1])
    assert figures["majority"] == pytest.approx(5 / 6)  # classes are called 0, 1, 1
    assert figures["one_to_one"] == pytest.approx(4 / 6)
    true, found = (
        math.log(6) - (2 * math.log(2) + 4 * math.log(4)) / 6,
        math.log(6) - (3 * math.log(3) + 2 * math.log(2)) / 6,
    )
    mutual = true + found - (math.log(6) - (2 * math.log(2) + 2 * math.log(2)) / 6)
    assert figures["nmi"] == pytest.approx(2 * mutual / (true + found))
    assert figures["homogeneity"] == pytest.approx(mutual / true)
    assert figures["completeness"] == pytest.approx(mutual / found)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30), st.permutations(range(4)))
@example([(0, 0)] * 3 + [(1, 0)] * 2 + [(2, 0)], [0, 2, 1, 3])  # one true class: no entropy, not a rounded one
def test_names_of_classes_do_not_matter(pairs: list[tuple[int, int]], order: list[int]) -> None:
    found, true = zip(*pairs, strict=True)
    one, other = agreement(found, true), agreement([order[kind] for kind in found], true)
    assert one == pytest.approx(other)
    assert 0 <= one["one_to_one"] <= one["majority"] <= 1
    assert agreement(true, true)["nmi"] == pytest.approx(1)


def test_scores_need_two_lists_of_one_length() -> None:
    for found, true in (([], []), ([0], [0, 1])):
        with pytest.raises(ValueError, match="one length"):
            agreement(found, true)


def test_k_means_finds_clusters_that_lie_apart() -> None:
    torch.manual_seed(0)
    true = torch.arange(90) % 3
    x = torch.eye(3)[true] * 20 + torch.randn(90, 3)
    assert agreement(k_means(x, 3, seed=0).numpy(), true.numpy())["one_to_one"] == 1
    assert len(set(k_means(torch.zeros(5, 2), 3, seed=0).tolist())) <= 3
    assert sorted(k_means(torch.tensor([[0.0], [1.0], [5.0]]), 3, seed=1).tolist()) == [0, 1, 2]


def test_pictures_have_a_row_for_each_class() -> None:
    model = small_model().eval()
    drawn = conditional_samples(model, 2, seed=0)
    assert drawn.shape == (6, 1, 6, 5)
    with torch.no_grad():
        means = conditional_samples(model, 1, seed=0, deviation=0)
        assert torch.allclose(means, model.decode(model.centres), atol=1e-6)
    pixels = np.arange(1, 5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 6, 5), dtype=np.uint8)
    sheet = members(np.array([0, 2, 0, 2]), Images(pixels, None, (), (), "test"), 3, seed=0)
    rows = sheet[:, 0, 0, 0].reshape(3, 3)
    assert sorted(rows[0].tolist()) == [0, 1, 3] and not rows[1].any() and sorted(rows[2].tolist()) == [0, 2, 4]


@pytest.mark.parametrize(
    "values",
    [
        {"classes": 0},
        {"heads": 101},
        {"heads": -1},
        {"latent": 10**6},
        {"network": "lstm"},
        {"output": "tanh"},
        {"channels": 1 << 16, "judge": 9999},
    ],
)
def test_a_configuration_out_of_bounds_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ClusterConfig(**({"channels": 1, "height": 8, "width": 8} | values))


@pytest.mark.parametrize(
    "values", [{"information": -1.0}, {"stretch": 1.0}, {"noise": float("nan")}, {"flip": 1.5}, {"starts": 0}]
)
def test_weights_of_the_loss_that_make_no_sense_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        ClusterSettings(**values)


def test_the_default_recipe_uses_every_term() -> None:
    torch.manual_seed(0)
    model = ClusterVae(ClusterConfig(1, 6, 5, network="batchnorm", latent=4, heads=2, fine=7))
    x = torch.rand(5, 1, 6, 5)
    loss, figures = cluster_loss(model, x, x, 3, RECIPE["default"])
    loss.backward()
    assert math.isfinite(loss.item())
    assert set(figures) == {"reconstruction", "prior", "entropy", "information", "finer", "foreign"}
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.heads.parameters())
