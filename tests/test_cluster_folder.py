"""The folder of a clustering VAE: of an earlier version, of a training that failed, of one that found no memory."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from safetensors.torch import load_file  # noqa: E402

from minent.cli import main  # noqa: E402
from minent.errors import ModelError, OutputError, TrainingError  # noqa: E402
from minent.neural import cluster  # noqa: E402
from minent.neural.checkpoint import prepare_folder  # noqa: E402
from minent.neural.cluster import task  # noqa: E402
from minent.neural.cluster.model import ClusterConfig, ClusterVae  # noqa: E402
from minent.neural.cluster.settings import ARTICLE  # noqa: E402
from minent.neural.cluster.task import ClusterTask, train_clusters  # noqa: E402
from minent.neural.images.data import Images  # noqa: E402
from minent.neural.settings import TrainingSettings  # noqa: E402
from minent.neural.tensors import read_metadata, write_tensors  # noqa: E402

FIELDS = {"classes": 3, "latent": 4, "hidden": 8, "judge": 8, "network": "mlp", "decoder": "mlp"}
SETTINGS = TrainingSettings(steps=2, batch_size=4, device="cpu", clip=0.0)


def pictures() -> Images:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 1, 6, 5), dtype=np.uint8)
    return Images(pixels, None, (), (), "test")


def trained(folder: Path, **changes: Any) -> Path:
    train_clusters(pictures(), folder, SETTINGS, ARTICLE, fields=FIELDS | changes)
    return folder


def change_configs(folder: Path, of_file: dict[str, Any], of_weights: dict[str, Any]) -> None:
    """Write other configurations into config.json and into the weights."""
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(content | {"config": of_file}))
    path = folder / "model.safetensors"
    weights, metadata = load_file(path), read_metadata(path)
    write_tensors(path, weights, metadata | {"config": json.dumps(of_weights)})


def test_a_folder_without_the_fields_of_a_later_version_has_their_defaults(tmp_path: Path) -> None:
    folder = trained(tmp_path / "model")
    whole = json.loads((folder / "config.json").read_text())["config"]
    early = {key: value for key, value in whole.items() if key != "output"}  # its default is what was trained
    for of_file, of_weights in ((early, early), (whole, early), (early, whole)):
        change_configs(folder, of_file, of_weights)
        assert cluster.load(folder).config.output == "sigmoid"


def test_a_folder_with_fields_that_nobody_knows_or_that_differ_is_refused(tmp_path: Path) -> None:
    folder = trained(tmp_path / "model")
    whole = json.loads((folder / "config.json").read_text())["config"]
    for of_file, of_weights, message in (
        (whole | {"colour": 1}, whole, "unknown: colour"),
        (whole, whole | {"colour": 1}, "belongs to another config"),
        (whole, whole | {"output": "linear"}, "belongs to another config"),
        ({key: value for key, value in whole.items() if key != "latent"}, whole, "belongs to another config"),
        (whole, ["no", "object"], "belongs to another config"),
    ):
        change_configs(folder, of_file, of_weights)
        with pytest.raises(ModelError, match=message):
            cluster.load(folder)


def test_a_training_that_failed_before_its_first_checkpoint_can_be_repeated_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(self: Any, z: Any) -> Any:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory")

    with monkeypatch.context() as patch:
        patch.setattr(ClusterVae, "decode", greedy)
        with pytest.raises(
            TrainingError,
            match=r"step 0: out of memory .*; fewer --classes, a smaller --batch-size",
        ):
            trained(tmp_path / "model")
    assert not (tmp_path / "model").exists()
    assert trained(tmp_path / "model") and cluster.load(tmp_path / "model").config.latent == 4


def test_the_starts_of_a_training_lock_its_folder_and_count_among_its_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    step = task._trial_step

    def with_another_training(one: Any, number: int) -> float:
        with pytest.raises(OutputError, match="another training is at work there"):
            train_clusters(pictures(), folder, SETTINGS, ARTICLE, fields=FIELDS)
        time.sleep(0.1)
        return step(one, number)

    monkeypatch.setattr(task, "TRIAL_STEPS", 2)
    monkeypatch.setattr(task, "_trial_step", with_another_training)
    _, result = train_clusters(pictures(), folder, SETTINGS, dataclasses.replace(ARTICLE, starts=3), fields=FIELDS)
    assert result.seconds >= 3 * 2 * 0.1
    last = (folder / "metrics.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["seconds"] == round(result.seconds, 3)


def test_a_log_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"epoch": 1, "accuracy": 0.9}\n')
    with pytest.raises(OutputError, match="other things"):
        prepare_folder(tmp_path)
    (tmp_path / "metrics.jsonl").write_text('{"step": 50, "loss": 1.0}\n')
    assert prepare_folder(tmp_path) == []


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("std::bad_alloc")],
    ids=["cuda", "python", "allocator"],
)
def test_memory_that_a_model_needs_before_its_training_is_one_line_that_says_what_to_lower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def greedy(self: Any, config: Any) -> None:
        raise error

    monkeypatch.setattr(ClusterVae, "__init__", greedy)
    Image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")
    for name in "ab":
        Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    data, folder = str(tmp_path), str(tmp_path / "model")
    code = main(["neural", "cluster", "train", "--folder", data, "-o", folder, "--threads", "1", "-q"])
    told = capsys.readouterr().err
    assert code == 1 and told.count("\n") == 1
    assert "out of memory; a smaller model (--set), smaller or less data" in told


def test_a_training_of_a_version_with_fewer_settings_goes_on(tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True)
    class Later(ClusterConfig):
        new: int = 3

    def data_of(config: ClusterConfig) -> str:
        return ClusterTask(ClusterVae(config), pictures(), ARTICLE, SETTINGS, torch.device("cpu")).data

    before = data_of(ClusterConfig(1, 6, 5, latent=4))
    assert data_of(Later(1, 6, 5, latent=4)) == before
    assert data_of(Later(1, 6, 5, latent=4, new=4)) != before != data_of(ClusterConfig(1, 6, 5, latent=5))


def test_of_several_starts_the_one_of_the_least_loss_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "TRIAL_STEPS", 2)
    told: list[str] = []
    choices = dataclasses.replace(ARTICLE, starts=3)
    model, _ = train_clusters(pictures(), tmp_path / "three", SETTINGS, choices, fields=FIELDS, report=told.append)
    losses = [float(line.split("loss ")[1].split()[0]) for line in told if line.startswith("start ")]
    assert len(set(losses)) == 3
    begun: list[dict[str, Any]] = []
    begin = ClusterTask.begin

    def watched(self: Any, weights: dict[str, Any] | None = None) -> None:
        begin(self, weights)
        begun.append({name: value.clone() for name, value in self.model.state_dict().items()})

    monkeypatch.setattr(ClusterTask, "begin", watched)
    again, _ = train_clusters(pictures(), tmp_path / "again", SETTINGS, choices, fields=FIELDS)
    assert len(begun) == 5  # as it was made, three starts, the best of them
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())
    # three short trainings by hand: the one of the least loss has the weights that the long one begins with
    of_start = []
    for weights in begun[1:4]:
        one = ClusterTask(ClusterVae(again.config), pictures(), choices, SETTINGS, torch.device("cpu"))
        one.begin(weights)
        found = []
        for step in range(2):
            torch.manual_seed(step)
            found.append(one.update(step)[0]["loss"])
        of_start.append((sum(found) / 2, one.model.state_dict()))
    assert [loss for loss, _ in of_start] == pytest.approx(losses, rel=1e-3)
    least = min(of_start, key=lambda pair: pair[0])[1]
    assert all(torch.allclose(value, begun[4][name], atol=1e-6) for name, value in least.items())
