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

from minent.neural.cluster.kmeans import k_means  # noqa: E402
from minent.neural.cluster.loss import change, cluster_loss, imbalance, uncertainty  # noqa: E402
from minent.neural.cluster.model import ClusterConfig, ClusterVae  # noqa: E402
from minent.neural.cluster.pictures import conditional_samples, members  # noqa: E402
from minent.neural.cluster.scores import agreement, best_matching  # noqa: E402
from minent.neural.cluster.settings import ARTICLE, RECIPE, TRAINING, ClusterSettings  # noqa: E402
from minent.neural.images.data import Images  # noqa: E402


def small_model() -> Any:
    torch.manual_seed(0)
    model = ClusterVae(ClusterConfig(1, 6, 5, classes=3, latent=4, judge=8))
    with torch.no_grad():
        model.centres.normal_()
    return model


def test_the_article_s_loss_is_its_formula() -> None:
    model, x = small_model(), torch.rand(7, 1, 6, 5)
    torch.manual_seed(1)
    loss, figures = cluster_loss(model, x, 0, ARTICLE)
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


def test_warm_up_lets_the_cluster_term_rise() -> None:
    model, x = small_model(), torch.rand(4, 1, 6, 5)
    found = []
    for step, steps in ((0, 0), (0, 4), (1, 4), (9, 4)):
        torch.manual_seed(1)
        loss, figures = cluster_loss(model, x, step, ClusterSettings(warmup_steps=steps))
        found.append(loss.item() - 2.5 * figures["reconstruction"] - figures["prior"])
    entropy = figures["entropy"]
    assert found == pytest.approx([entropy, entropy / 4, entropy / 2, entropy], abs=1e-4)


def test_balance_is_least_where_all_classes_are_used_and_sharpness_where_each_is_sure() -> None:
    even, sure = torch.full((6, 3), 1 / 3).log(), (torch.eye(3).repeat(2, 1) + 1e-12).log()
    one = (torch.eye(3)[:1].repeat(6, 1) + 1e-12).log()
    assert [imbalance(logs).item() for logs in (even, sure, one)] == pytest.approx([0, 0, math.log(3)], abs=1e-5)
    assert [uncertainty(logs).item() for logs in (even, sure, one)] == pytest.approx([math.log(3), 0, 0], abs=1e-5)


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
    [{"classes": 0}, {"latent": 10**6}, {"network": "lstm"}, {"output": "tanh"}, {"channels": 1 << 16, "judge": 9999}],
)
def test_a_configuration_out_of_bounds_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ClusterConfig(**({"channels": 1, "height": 8, "width": 8} | values))


@pytest.mark.parametrize("values", [{"consistency": -1.0}, {"stretch": 1.0}, {"noise": float("nan")}])
def test_weights_of_the_loss_that_make_no_sense_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        ClusterSettings(**values)


def test_the_default_recipe_uses_every_term() -> None:
    loss, figures = cluster_loss(small_model(), torch.rand(5, 1, 6, 5), 3, RECIPE["default"])
    assert math.isfinite(loss.item())
    assert set(figures) == {"reconstruction", "prior", "entropy", "imbalance", "uncertainty", "disagreement"}
