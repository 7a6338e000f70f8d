"""GPT2_ML's checkpoints: a TensorFlow bundle becomes a model whose logits are those of the NumPy oracle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("tokenizers")

import naive_gpt2
import tf_bundle
import torch
from hypothesis import given
from hypothesis import strategies as st

from minent.errors import ModelError
from minent.neural import gpt2
from minent.neural.gpt2.bundle import Bundle
from minent.neural.gpt2.convert import check, convert, shapes_of, sources
from minent.neural.gpt2.crc32c import crc32c, unmask
from minent.neural.gpt2.files import read_sizes
from minent.neural.gpt2.generation import pad_left
from minent.neural.gpt2.model import Cache, GPT2Config

HEADS, SIZES = 3, {"vocab": 23, "hidden": 12, "blocks": 2, "heads": 3, "wide": 20, "positions": 16}
CONFIG = GPT2Config(23, 12, 2, HEADS, 20, 16)
ENTRIES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "。", "红", "楼", "梦", "宝", "玉"]


@pytest.fixture(scope="module")
def variables() -> dict[str, np.ndarray]:
    return naive_gpt2.variables_of(**SIZES)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_text("".join(f"{entry}\n" for entry in ENTRIES), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def written(variables: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix of a checkpoint that also holds what training leaves there."""
    prefix = tmp_path_factory.mktemp("checkpoint") / "model.ckpt-7"
    slots = {f"{name}/adafactor_vr": np.zeros(3, np.float32) for name in list(variables)[:3]}
    tf_bundle.write_bundle(prefix, {**variables, **slots, "global_step": np.array(7, np.int64)})
    return prefix


@pytest.fixture(scope="module")
def folder(written: Path, vocabulary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("converted") / "model"
    convert(written, CONFIG, vocabulary, output)
    return output


def test_the_logits_of_a_converted_checkpoint_are_those_of_the_oracle(
    folder: Path, variables: dict[str, np.ndarray]
) -> None:
    ids = [2, 6, 7, 8, 5, 22, 9]
    model = gpt2.load(folder)
    with torch.no_grad():
        logits = model(torch.tensor([ids]))
    assert logits.dtype == torch.float32
    np.testing.assert_allclose(logits[0].numpy(), naive_gpt2.logits_of(variables, ids, HEADS), atol=1e-4, rtol=0)


@pytest.mark.parametrize("parts", [[1] * 8, [3, 1, 4], [6, 2], [8]])
def test_the_logits_with_a_cache_are_those_of_the_oracle(
    folder: Path, variables: dict[str, np.ndarray], parts: list[int]
) -> None:
    ids = [2, 6, 7, 8, 5, 22, 9, 10]
    model = gpt2.load(folder)
    cache = Cache(CONFIG, 1, len(ids), model.word_embed.weight)
    with torch.no_grad():
        found = [model(part[None], None, cache) for part in torch.tensor(ids).split(parts)]
    expected = naive_gpt2.logits_of(variables, ids, HEADS)
    np.testing.assert_allclose(torch.cat(found, 1)[0].numpy(), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("with_cache", [False, True])
def test_texts_padded_on_the_left_have_the_logits_that_they_have_alone(
    folder: Path, variables: dict[str, np.ndarray], with_cache: bool
) -> None:
    rows = [[2, 6, 7, 8, 5], [2, 9], [2, 10, 10, 6]]
    model = gpt2.load(folder)
    ids, real = pad_left(rows, "cpu")
    cache = Cache(CONFIG, 3, 8, model.word_embed.weight) if with_cache else None
    with torch.no_grad():
        logits = model(ids, real, cache)
        after = None if cache is None else model(torch.tensor([[6], [7], [8]]), None, cache)
    for row, text in enumerate(rows):
        expected = naive_gpt2.logits_of(variables, text, HEADS)
        np.testing.assert_allclose(logits[row, -len(text) :].numpy(), expected, atol=1e-4, rtol=0)
        if after is not None:
            expected = naive_gpt2.logits_of(variables, [*text, 6 + row], HEADS)[-1:]
            np.testing.assert_allclose(after[row].numpy(), expected, atol=1e-4, rtol=0)


def test_all_772_variables_of_mega_have_their_place() -> None:
    wanted = sources(48)
    names = [source.name for source in wanted.values()]
    assert len(set(names)) == 772
    shapes = shapes_of(read_sizes("mega", 21130))
    assert shapes.keys() == wanted.keys()
    found = {wanted[name].name: shape[::-1] if wanted[name].transposed else shape for name, shape in shapes.items()}
    assert found["newslm/embeddings/word_embed"] == (21130, 1536)
    assert found["newslm/embeddings/pos_embed"] == (1024, 1536)
    assert found["newslm/layer00/intermediate/kernel"] == (1536, 6144)
    assert found["newslm/layer47/output/kernel"] == (6144, 1536)
    assert found["newslm/layer09/context_projection_layer/bias"] == (1536,)
    assert found["newslm/layer31/LayerNorm_mlp_ln1/beta"] == (1536,)
    assert check("mega", {**found, "global_step": ()}, read_sizes("mega")).vocab_size == 21130


def test_the_sizes_with_a_name_are_those_of_the_released_files(shared_data: Path) -> None:
    for name in ("base", "large", "mega"):
        path = shared_data / "gpt2_ml" / f"{name}.json"
        if not path.exists():
            pytest.skip(f"needs {path.name}")
        size = json.loads(path.read_text())["vocab_size"]
        assert read_sizes(str(path)) == read_sizes(name, size)


def _without(name: str) -> Callable[[Path, dict[str, np.ndarray]], None]:
    return lambda prefix, found: tf_bundle.write_bundle(prefix, {k: v for k, v in found.items() if k != name})


def _with(name: str, values: np.ndarray) -> Callable[[Path, dict[str, np.ndarray]], None]:
    return lambda prefix, found: tf_bundle.write_bundle(prefix, {**found, name: values})


def _cut(suffix: str, keep: float) -> Callable[[Path, dict[str, np.ndarray]], None]:
    def damage(prefix: Path, found: dict[str, np.ndarray]) -> None:
        tf_bundle.write_bundle(prefix, found)
        path = Path(f"{prefix}{suffix}")
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])

    return damage


def _flip(suffix: str, at: float) -> Callable[[Path, dict[str, np.ndarray]], None]:
    def damage(prefix: Path, found: dict[str, np.ndarray]) -> None:
        tf_bundle.write_bundle(prefix, found)
        path = Path(f"{prefix}{suffix}")
        data = bytearray(path.read_bytes())
        data[int(len(data) * at)] ^= 4
        path.write_bytes(bytes(data))

    return damage


DATA = ".data-00000-of-00001"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_without("newslm/layer01/query_layer/kernel"), "1 of 36 variables are missing"),
        (_with("newslm/layer02/query_layer/kernel", np.zeros((12, 12), np.float32)), "has 3 blocks"),
        (_with("newslm/layer01/query_layer/kernel", np.zeros((12, 13), np.float32)), r"has the shape \(12, 13\)"),
        (_with("newslm/layer01/query_layer/kernel", np.zeros((12, 12), np.int32)), None),
        (_with("newslm/embeddings/word_embed", np.zeros((7, 12), np.float32)), "only 7 rows"),
        (_cut(".index", 0.6), "not the index"),
        (_cut(".index", 0.0), "not the index"),
        (_cut(DATA, 0.6), "cut off"),
        (_cut(DATA, 0.0), "cut off"),
        (_flip(DATA, 0.5), "checksum"),
        (_flip(".index", 0.3), "wrong checksum"),
        (lambda prefix, found: tf_bundle.write_bundle(prefix, found, compression=1), "compressed"),
        (lambda prefix, found: tf_bundle.write_bundle(prefix, found, named=2), "overlap"),
        (_with("x" * 1025, np.zeros(1, np.float32)), "a name that is too long"),
        (lambda prefix, found: None, "no such file"),
    ],
)
def test_a_checkpoint_that_is_wrong_or_cut_off_is_an_error_and_leaves_no_weights(
    tmp_path: Path,
    variables: dict[str, np.ndarray],
    vocabulary: Path,
    damage: Callable[[Path, dict[str, np.ndarray]], None],
    message: str | None,
) -> None:
    damage(tmp_path / "model.ckpt", variables)
    if message is None:  # whole numbers are converted
        convert(tmp_path / "model.ckpt", CONFIG, vocabulary, tmp_path / "out")
        assert not gpt2.load(tmp_path / "out").layers[1].query.weight.any()
        return
    with pytest.raises(ModelError, match=message) as caught:
        convert(tmp_path / "model.ckpt", CONFIG, vocabulary, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out" / "model.safetensors").exists()
    with pytest.raises(ModelError):
        gpt2.load(tmp_path / "out")


def test_an_index_of_too_many_tensors_is_refused(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minent.neural.gpt2.bundle.MOST_TENSORS", 39)
    with pytest.raises(ModelError, match="more than 39 tensors"):
        Bundle(written)
    monkeypatch.setattr("minent.neural.gpt2.bundle.MOST_TENSORS", 40)
    assert len(Bundle(written).entries) == 40


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_an_index_with_changed_bytes_gives_an_error_or_the_same_names(
    written: Path, tmp_path_factory: pytest.TempPathFactory, at: int, patch: bytes
) -> None:
    original = Path(f"{written}.index").read_bytes()
    at %= len(original)
    changed = (original[:at] + patch + original[at + len(patch) :])[: len(original)]
    prefix = tmp_path_factory.mktemp("changed") / "model"
    Path(f"{prefix}.index").write_bytes(changed)
    try:
        names = Bundle(prefix).entries.keys()
    except ModelError:
        return
    assert names == Bundle(written).entries.keys()


@given(st.binary(max_size=64), st.integers(0, 70_000))
def test_the_checksum_of_many_bytes_is_that_of_one_byte_after_another(some: bytes, zeros: int) -> None:
    data = some + bytes(zeros % 300) + some[::-1]
    assert crc32c(np.frombuffer(data, np.uint8)) == tf_bundle.crc32c(data)
    assert unmask(tf_bundle.masked(tf_bundle.crc32c(data))) == tf_bundle.crc32c(data)


def test_the_checksum_of_data_in_lanes_is_that_of_one_byte_after_another() -> None:
    data = np.random.default_rng(0).integers(0, 256, 70_001).astype(np.uint8)
    assert crc32c(data) == tf_bundle.crc32c(data.tobytes())
    assert crc32c(np.frombuffer(b"123456789", np.uint8)) == 0xE3069283  # RFC 3720


def test_bfloat16_halves_the_file_and_is_read_as_such(
    written: Path, folder: Path, vocabulary: Path, tmp_path: Path
) -> None:
    convert(written, CONFIG, vocabulary, tmp_path / "half", precision="bf16")
    half = gpt2.load(tmp_path / "half")
    assert half.dtype == torch.bfloat16
    full = gpt2.load(tmp_path / "half", precision="fp32")
    wanted = gpt2.load(folder).layers[0].query.weight
    assert torch.equal(full.layers[0].query.weight, wanted.to(torch.bfloat16).float())
    sizes = [(path / "model.safetensors").stat().st_size for path in (tmp_path / "half", folder)]
    assert abs(sizes[1] - sizes[0] - 2 * CONFIG.parameters) < 100  # their headers differ a little


@pytest.mark.slow
def test_a_checkpoint_that_tensorflow_wrote_has_the_logits_of_the_oracle(
    tmp_path: Path, variables: dict[str, np.ndarray], vocabulary: Path
) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    v1 = tensorflow.compat.v1
    with tensorflow.Graph().as_default(), v1.Session() as session:
        for name, values in variables.items():
            v1.get_variable(name, initializer=values, use_resource=False)
        v1.train.get_or_create_global_step()
        v1.get_variable("newslm/layer00/query_layer/kernel/adafactor_vc", initializer=np.ones(12, np.float32))
        session.run(v1.global_variables_initializer())
        prefix = v1.train.Saver().save(session, str(tmp_path / "model.ckpt"), global_step=7)
    convert(prefix, CONFIG, vocabulary, tmp_path / "out")
    ids = [2, 6, 7, 8, 5, 22, 9]
    with torch.no_grad():
        logits = gpt2.load(tmp_path / "out")(torch.tensor([ids]))[0].numpy()
    np.testing.assert_allclose(logits, naive_gpt2.logits_of(variables, ids, HEADS), atol=1e-4, rtol=0)
