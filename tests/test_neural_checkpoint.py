"""A trained model as a folder: it comes back as it was, and what is damaged, mixed up or cut off is refused."""

from __future__ import annotations

import dataclasses
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch
from hypothesis import given
from hypothesis import strategies as st
from line_task import SETTINGS, Line, LineConfig, make_line
from safetensors.torch import load_file

from minent.errors import ModelError, OutputError
from minent.neural import checkpoint
from minent.neural.tensors import read_tensors, write_tensors
from minent.neural.training import train


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "line"
    train(Line(SETTINGS), folder)
    return folder


def copied(source: Path, target: Path) -> Path:
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def load(folder: Path, kind: str = "line") -> Any:
    return checkpoint.build_model(folder, kind, LineConfig, make_line)


def test_a_model_comes_back_from_its_folder(trained: Path) -> None:
    model = load(trained)
    assert not model.training
    assert all(
        torch.equal(value, load_file(trained / "model.safetensors")[name]) for name, value in model.state_dict().items()
    )


def _config(model: str, config: str) -> bytes:
    return f'{{"format": "minent-neural 1", "model": "{model}", "config": {config}}}'.encode()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, "no such file"),
        ("config.json", b"", "not valid JSON"),
        ("config.json", b"[" * 100_000, "not valid JSON"),
        ("config.json", b" " * (2 << 20), "too large"),
        ("config.json", b'{"format": "minent-neural 1", "model": "other", "config": {}}', "of the kind other"),
        ("config.json", b'{"format": "minent-neural 1", "model": "line", "config": {}}', "missing: width"),
        ("config.json", b'{"format": "minent-neural 1", "model": "line", "config": {"width": "4"}}', "not of type int"),
        (
            "config.json",
            b'{"format": "minent-neural 1", "model": "line", "config": {"width": 4, "x": 1}}',
            "unknown: x",
        ),
        ("config.json", b'{"format": "minent-neural 1", "model": "line", "config": {"width": 6}}', "another config"),
        ("model.safetensors", None, "No such file|no such file"),
        ("model.safetensors", b"", "not a whole safetensors file"),
        ("model.safetensors", b"\xff" * 4096, "not a whole safetensors file"),
    ],
)
def test_a_folder_that_was_damaged_is_an_error_of_one_line(
    trained: Path, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    folder = copied(trained, tmp_path / "copy")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=message) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


@given(st.floats(0, 0.999))
def test_weights_that_were_cut_off_are_an_error(
    trained: Path, tmp_path_factory: pytest.TempPathFactory, keep: float
) -> None:
    folder = copied(trained, tmp_path_factory.mktemp("cut") / "copy")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load(folder)


def test_weights_of_another_model_are_refused(trained: Path, tmp_path: Path) -> None:
    folder = copied(trained, tmp_path / "copy")
    weights = load_file(folder / "model.safetensors")
    write_tensors(folder / "model.safetensors", {**weights, "more": torch.zeros(1)}, {})
    with pytest.raises(ModelError, match=r"0 missing, 1 unknown \(unknown more\)"):
        load(folder)
    write_tensors(folder / "model.safetensors", {**weights, "0.bias": torch.zeros(6)}, {})
    with pytest.raises(ModelError, match=r"0.bias has the shape \(6,\), the model needs \(5,\)"):
        load(folder)
    with pytest.raises(ModelError, match="of the kind line, not gpt2"):
        load(folder, "gpt2")


def test_of_a_process_that_dies_the_old_model_is_left_or_the_new_one_or_none(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, states = copied(trained, tmp_path / "line"), []
    rename = os.replace

    def watched(*paths: str) -> None:
        for moment in "before", "after":
            states.append(copied(folder, tmp_path / f"{len(states)}"))
            if moment == "before":
                rename(*paths)

    other = Line(dataclasses.replace(SETTINGS, seed=1, steps=1, epochs=None))
    other.extras = {"note.txt": b"another", "more.txt": b""}
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", watched)
        train(other, folder)
    known = [weights_and_note(trained), weights_and_note(folder)]
    found = []
    for state in states:
        with suppress(ModelError):
            found.append((weights_and_note(state), (state / "training.safetensors").exists()))
    assert found[0] == (known[0], False) and found[-1] == (known[1], True)  # the old one is not gone on with
    assert len(found) < len(states) and all(each in known for each, _ in found)


def weights_and_note(folder: Path) -> tuple[list[float], bytes]:
    """What a folder holds. ModelError: of two models."""
    model = load(folder)
    checkpoint.require_extras(folder, "note.txt")
    return torch.cat([each.flatten() for each in model.parameters()]).tolist(), (folder / "note.txt").read_bytes()


@pytest.mark.parametrize("content", [b"changed", None])
def test_a_file_that_was_not_written_with_the_weights_is_refused(
    trained: Path, tmp_path: Path, content: bytes | None
) -> None:
    folder = copied(trained, tmp_path / "copy")
    checkpoint.require_extras(folder, "note.txt")
    with pytest.raises(ModelError, match=r"config\.json: does not belong to model\.safetensors"):
        checkpoint.require_extras(folder, "note.txt", "config.json")
    (folder / "note.txt").unlink()
    if content is not None:
        (folder / "note.txt").write_bytes(content)
    with pytest.raises(ModelError, match=r"note\.txt: does not belong to model\.safetensors; the folder was mixed up"):
        checkpoint.require_extras(folder, "note.txt")
    tensors, metadata = read_tensors(folder / "model.safetensors")
    write_tensors(folder / "model.safetensors", tensors, metadata | {"extras": "[" * 9000})
    with pytest.raises(ModelError, match=r"note\.txt: does not belong"):
        checkpoint.require_extras(folder, "note.txt")
    del metadata["extras"]
    write_tensors(folder / "model.safetensors", tensors, metadata)
    checkpoint.require_extras(folder, "note.txt")  # weights of another program


def test_a_folder_that_cannot_be_made_is_told_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.refuse_folder(tmp_path / "a" / "b")
    asked: list[Path] = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append(path))  # as for somebody who may not write
    with pytest.raises(OutputError, match="b: permission denied"):
        checkpoint.refuse_folder(tmp_path / "a" / "b")
    assert asked == [tmp_path] and not (tmp_path / "a").exists()


def test_weights_of_mixed_types_and_of_whole_numbers_are_refused(trained: Path, tmp_path: Path) -> None:
    folder = copied(trained, tmp_path / "copy")
    weights = load_file(folder / "model.safetensors")
    for type_, name in ((torch.int32, "int32"), (torch.bfloat16, "bfloat16")):
        changed = {**weights, "0.weight": weights["0.weight"].to(type_)}
        write_tensors(folder / "model.safetensors", changed, {})
        with pytest.raises(ModelError, match=rf"0\.(weight|bias) is of the type ({name}|float32)"):
            load(folder)


def test_tensors_of_all_types_are_read_by_the_library_as_they_were_written(tmp_path: Path) -> None:
    tensors = {
        "a": torch.arange(6, dtype=torch.float32).reshape(2, 3).t(),
        "b": torch.tensor(3, dtype=torch.int64),
        "c": torch.tensor([1, 2, 3], dtype=torch.uint8),
        "d": torch.tensor([1.5, -2], dtype=torch.bfloat16),
        "e": torch.zeros(0, 4),
        "f": torch.tensor([True, False]),
        "g": torch.tensor([0.1], dtype=torch.float64),
    }
    write_tensors(tmp_path / "t.safetensors", tensors, {"红": "楼"})
    for found in (load_file(tmp_path / "t.safetensors"), read_tensors(tmp_path / "t.safetensors")[0]):
        assert found.keys() == tensors.keys()
        assert all(
            torch.equal(found[name], tensors[name]) and found[name].dtype == tensors[name].dtype for name in found
        )
    assert read_tensors(tmp_path / "t.safetensors")[1] == {"红": "楼"}
