"""The unknown-word model of a lexicon: weights of all strings of up to four units, and its file beside the lexicon."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.corpus.units import DIGIT, HAN, LATIN, unit_classes
from minent.errors import LexiconError
from minent.files import STDOUT_NAMES, describe_os_error, display_path

FORMAT_VERSION = 1
SUFFIX = ".model.npz"
FIRST_TEXT = 4  # ids below are the boundary, any number, any Latin run, any rare character
CLASS_TEXTS = ("", "<N>", "<L>", "")
STAMP = (1980, 1, 1, 0, 0, 0)  # of every member of the file: equal models are equal bytes
LONGEST_HEADER = 1_000  # bytes
UNIT_LIMIT, COUNT_LIMIT = 1 << 16, 1 << 30

DIACRITICS = frozenset(map(chr, range(0x300, 0x370)))  # they continue a run of Latin letters

COLUMNS = {"units": 8, "pair_factors": 2}
DTYPES = {
    "minent_word_model": "<i8",
    "lexicon": "|u1",
    "texts": "|u1",
    "units": "<f4",
    "scalars": "<f8",
    "pairs": "<u4",
    "pair_factors": "<f4",
    "words": "<u8",
    "word_counts": "<i8",
}


@dataclass(frozen=True, eq=False)
class UnknownModel:
    """Weights of strings of one to four units, words of the lexicon or not (docs/formats.md).

    whole_runs : a run of Latin letters or of digits is one unit (`--units run`)
    texts : the text of each unit, V in all; 0 is the boundary, 1 `<N>`, 2 `<L>`, 3 any rare character
    units : float32[V, 8];  scalars : float64[8] — columns and entries as in kernels/sweep.py
    pairs : uint32[p], ascending, `left << 16 | right`;  pair_factors : float32[p, 2] — spelling, PMI expert
    words : uint64[w], ascending, 16 bits a unit, the last lowest;  word_counts : int64[w]
    """

    whole_runs: bool
    texts: tuple[str, ...]
    units: NDArray[np.float32]
    scalars: NDArray[np.float64]
    pairs: NDArray[np.uint32]
    pair_factors: NDArray[np.float32]
    words: NDArray[np.uint64]
    word_counts: NDArray[np.int64]

    def to_bytes(self, digest: str) -> bytes:
        """The content of its file, equal bytes for equal models. `digest` is that of the lexicon it belongs to."""
        arrays = {
            "minent_word_model": np.array([FORMAT_VERSION, self.whole_runs], np.int64),
            "lexicon": np.frombuffer(digest.encode(), np.uint8),
            "texts": np.frombuffer("\n".join(self.texts).encode(), np.uint8),
            **{name: getattr(self, name) for name in list(DTYPES)[3:]},
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                member = io.BytesIO()
                np.lib.format.write_array(member, np.ascontiguousarray(array, DTYPES[name]), (1, 0), False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy", STAMP), member.getvalue())
        return buffer.getvalue()


def model_path(path: str | os.PathLike[str]) -> str:
    """Where the model of a lexicon file is: x.tsv → x.model.npz, any other name with the suffix behind it."""
    name = os.fspath(path)
    return (name[: -len(".tsv")] if name.endswith(".tsv") else name) + SUFFIX


def has_model_beside(path: str | os.PathLike[str]) -> bool:
    """Whether a lexicon is a regular file, or is to become one, and a file has the name of its model."""
    return _is_regular(path) and os.path.isfile(model_path(path))


def save_model(model: UnknownModel | None, digest: str, path: str | os.PathLike[str]) -> None:
    """Write the model beside the lexicon file `path`, or remove the one of an earlier lexicon if there is none now.

    Nothing is done beside a lexicon that is no regular file (`-`, /dev/null); a file of that name that is no model
    of ours stays.
    """
    from minent.files import atomic_open

    if model is not None and _is_regular(path):
        with atomic_open(model_path(path), "wb") as file:
            file.write(model.to_bytes(digest))
    elif has_model_beside(path) and _is_ours(model_path(path)):
        with suppress(OSError):  # it is ignored beside a lexicon that is not its own
            os.remove(model_path(path))


def load_model(path: str | os.PathLike[str], digest: str) -> UnknownModel | None:
    """The model beside a lexicon file; None if there is none, or one that belongs to another lexicon.

    Memory is at most a few times the size of the file, whatever stands in it. Errors: LexiconError if it is damaged.
    """
    if not has_model_beside(path):
        return None
    name = model_path(path)
    try:
        with open(name, "rb") as file, zipfile.ZipFile(file) as archive:
            _check_version(_array(archive, "minent_word_model"))
            arrays = {member: _array(archive, member) for member in DTYPES}
        if arrays["lexicon"].tobytes() != digest.encode():
            return None
        return _checked(arrays)
    except OSError as error:
        raise LexiconError(display_path(name), describe_os_error(error)) from error
    except Exception as error:  # a damaged archive can raise nearly anything
        problem = str(error) if type(error) is _Damage else "not a whole word model"
        raise LexiconError(display_path(name), problem, "remove it, or build the lexicon again") from None


class _Damage(Exception):
    """What is wrong with a model, for a message."""


def _is_regular(path: str | os.PathLike[str]) -> bool:
    return os.fspath(path) not in STDOUT_NAMES and (os.path.isfile(path) or not os.path.exists(path))


def _is_ours(name: str) -> bool:
    try:
        with zipfile.ZipFile(name) as archive:
            return archive.namelist()[:1] == ["minent_word_model.npy"]
    except Exception:
        return False


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array. Nothing is unpacked and nothing unpickled: what is read is never larger than the file."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type != zipfile.ZIP_STORED:
        raise _Damage(f"{name} is compressed")
    data = archive.read(info)
    member = io.BytesIO(data)
    if np.lib.format.read_magic(member) != (1, 0):
        raise _Damage(f"{name} is no array of format 1.0")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(member, max_header_size=LONGEST_HEADER)
    wanted = np.dtype(DTYPES[name])
    if dtype != wanted or fortran:
        raise _Damage(f"{name} is of type {dtype}, not {wanted}")
    columns = (COLUMNS[name],) if name in COLUMNS else ()
    rows = shape[0] if shape else -1
    if rows < 0 or shape[1:] != columns:
        raise _Damage(f"{name} has the shape {shape}")
    size = rows * (columns[0] if columns else 1) * wanted.itemsize  # exact: Python's integers
    if size != len(data) - member.tell():
        raise _Damage(f"{name} has the shape {shape} and {len(data) - member.tell()} bytes")
    array: NDArray[Any] = np.frombuffer(data, wanted, offset=member.tell()).reshape(shape)
    return array


def _check_version(head: NDArray[np.int64]) -> None:
    if head.shape != (2,) or head[0] != FORMAT_VERSION or head[1] not in (0, 1):
        version = head[0] if head.size else "?"
        raise _Damage(f"word model format {version}, this minent reads format {FORMAT_VERSION}")


def _checked(arrays: Mapping[str, NDArray[Any]]) -> UnknownModel:
    """The model of these arrays; _Damage where they cannot be one."""
    whole_runs = bool(arrays["minent_word_model"][1])
    texts = tuple(arrays["texts"].tobytes().decode().split("\n"))
    if not FIRST_TEXT <= len(texts) <= UNIT_LIMIT or texts[:FIRST_TEXT] != CLASS_TEXTS:
        raise _Damage("texts are no units")
    if len(set(texts[FIRST_TEXT:])) < len(texts) - FIRST_TEXT or not _are_units(texts[FIRST_TEXT:], whole_runs):
        raise _Damage("texts are no distinct units")
    pairs, words = len(arrays["pairs"]), len(arrays["words"])
    rows = {"units": len(texts), "scalars": 8, "pair_factors": pairs, "word_counts": words}
    for name, wanted in rows.items():
        if len(arrays[name]) != wanted:
            raise _Damage(f"{name} has {len(arrays[name])} rows, not {wanted}")
    for name in ("units", "scalars", "pair_factors"):
        if not (np.isfinite(arrays[name]).all() and (arrays[name] >= 0).all()):
            raise _Damage(f"{name} has a value that is not finite and at least 0")
    if not arrays["scalars"][1] > 0:
        raise _Damage("the total is not above 0")
    counts = arrays["word_counts"]
    if not ((counts >= 1) & (counts < COUNT_LIMIT)).all():
        raise _Damage("word_counts has a count below 1 or above 2^30")
    _check_keys(arrays["pairs"].astype(np.uint64), arrays["words"], len(texts))
    arrays = {name: array.astype(array.dtype.newbyteorder("="), copy=False) for name, array in arrays.items()}
    return UnknownModel(whole_runs, texts, **{name: arrays[name] for name in list(DTYPES)[3:]})


def _check_keys(pairs: NDArray[np.uint64], words: NDArray[np.uint64], units: int) -> None:
    for name, keys in (("pairs", pairs), ("words", words)):
        if (keys[1:] <= keys[:-1]).any():
            raise _Damage(f"{name} are not ascending")
        if not _are_packed(keys, units):
            raise _Damage(f"{name} have a unit that is not there")
    if (pairs <= 0xFFFF).any():
        raise _Damage("pairs have a single unit")
    for shift in (0, 16, 32):
        inside = words[words >> np.uint64(shift) > 0xFFFF] >> np.uint64(shift) & np.uint64(0xFFFFFFFF)
        places = np.searchsorted(pairs, inside)
        if len(inside) and (places.max() == len(pairs) or (pairs[places] != inside).any()):
            raise _Damage("words have a pair that is not in pairs")


def _are_packed(keys: NDArray[np.uint64], units: int) -> bool:
    """Whether these are strings of the units from 1 on."""
    started = np.zeros(len(keys), np.bool_)
    for shift in (48, 32, 16, 0):
        unit = keys >> np.uint64(shift) & np.uint64(0xFFFF)
        if (unit >= units).any() or (started & (unit == 0)).any():
            return False
        started |= unit > 0
    return bool(started.all())


def _are_units(texts: tuple[str, ...], whole_runs: bool) -> bool:
    """Whether each text is one Han character, letter or digit, or, with whole runs, a run of Latin letters."""
    classes = unit_classes()
    for text in texts:
        kinds = [int(classes[ord(char)]) for char in text]
        if whole_runs and kinds[:1] == [LATIN]:
            if any(kind != LATIN and char not in DIACRITICS for kind, char in zip(kinds, text, strict=True)):
                return False
        elif len(kinds) != 1 or kinds[0] not in ((HAN,) if whole_runs else (HAN, LATIN, DIGIT)):
            return False
    return True
