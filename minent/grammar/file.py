"""The file of a grammar: a ZIP of NumPy arrays (npz) without pickles; checked when it is read."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.errors import CorpusError
from minent.files import atomic_open, describe_os_error, display_path
from minent.grammar.bonds import Bonds
from minent.grammar.ccm import Ccm
from minent.grammar.dmv import Dmv
from minent.grammar.edges import Edges
from minent.grammar.grammar import Grammar
from minent.grammar.text import FIRST_WORD
from minent.kernels.ccm import LENGTHS

FORMAT = "minent-grammar"
VERSION = 1
LARGEST = 1 << 28  # bytes of all arrays together
MOST_SYMBOLS = 1 << 13
MOST_MODELS = 64
PROBABILITY_SLACK = 1e-3  # float32 probabilities that should sum to 1


class GrammarError(CorpusError):
    """A file is not a grammar, or a damaged one."""


def save_grammar(grammar: Grammar, path: str | os.PathLike[str]) -> None:
    """Write a grammar; the file appears whole or not at all, and equal grammars give equal bytes.

    Arrays, `C` classes with those of marks and rare words, `S` symbols of a model, `ids` = words + 2:
    header     uint8 — JSON in UTF-8: format, version, models, about
    words      uint8 — the vocabulary in UTF-8, each word followed by a line feed
    counts     int64[ids]
    dmvK_symbols int32[ids], dmvK_root float32[S], dmvK_stop float32[S, 2, 2], dmvK_attach float32[2, S, S],
    dmvK_frequency float64[S] — for model K from 0 on; probabilities, see kernels/dmv.py
    ccm_classes int32[ids], ccm_yields float64[4, C, C], ccm_contexts float64[C, C] — see kernels/ccm.py
    edge_begin, edge_end float64[ids], edge_pair_begin, edge_pair_end float64[C, C]
    bond_keys int64[m], bond_counts int32[m], bond_ratios float64[C, C]
    """
    header = {"format": FORMAT, "version": VERSION, "models": len(grammar.dmvs), "about": grammar.about}
    arrays: dict[str, NDArray[Any]] = {
        "header": _bytes(json.dumps(header, ensure_ascii=False, sort_keys=True)),
        "words": _bytes("".join(word + "\n" for word in grammar.words)),
        "counts": grammar.counts,
    }
    for number, dmv in enumerate(grammar.dmvs):
        arrays[f"dmv{number}_symbols"] = dmv.symbols
        arrays[f"dmv{number}_frequency"] = dmv.frequency
        for name in ("root", "stop", "attach"):
            arrays[f"dmv{number}_{name}"] = getattr(dmv, name).astype(np.float32)
    for room, part, names in _PARTS:
        for name in names:
            arrays[f"{room}_{name}"] = getattr(getattr(grammar, part), name)
    with atomic_open(path) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


_PARTS = (
    ("ccm", "ccm", ("classes", "yields", "contexts")),
    ("edge", "edges", ("begin", "end", "pair_begin", "pair_end")),
    ("bond", "bonds", ("keys", "counts", "ratios")),
)


def load_grammar(path: str | os.PathLike[str]) -> Grammar:
    """Read a grammar. Nothing in the file is run: pickles are refused, and every array is checked for its type, shape
    and range before it is used.

    Errors: GrammarError, in one line, whatever is wrong.

    >>> load_grammar("none.npz")
    Traceback (most recent call last):
    minent.grammar.file.GrammarError: none.npz: no such file or folder
    """
    name = display_path(path)
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise GrammarError(name, f"holds more than {LARGEST >> 20} MiB", "no grammar is so large")
            arrays = {}
            for entry in archive.infolist():
                arrays[entry.filename.removesuffix(".npy")] = _read_array(archive.read(entry))
    except OSError as error:
        raise GrammarError(name, describe_os_error(error)) from error
    except GrammarError:
        raise
    except Exception as error:  # a damaged archive, or the header of an array, can raise nearly anything
        raise GrammarError(name, "is no grammar, or a damaged one", "make one with minent grammar") from error
    return _Checked(name, arrays).grammar()


def _read_array(data: bytes) -> NDArray[Any]:
    """An array in NumPy's format, of plain values only and of just the size that its header tells; else ValueError."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("another version of the array format")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    rest = data[stream.tell() :]
    if dtype.hasobject or by_column or math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError("an array of objects, by columns, or of another size than it tells")
    return np.frombuffer(rest, dtype=dtype).reshape(shape)


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)


class _Checked:
    """Arrays of a file; whatever is asked of them is checked."""

    def __init__(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.name, self.arrays = name, arrays

    def grammar(self) -> Grammar:
        header = self._header()
        words = self._words()
        ids = len(words) + FIRST_WORD
        counts = self._array("counts", np.int64, (ids,), 0, 1 << 53)
        dmvs = tuple(self._dmv(f"dmv{number}", ids) for number in range(header["models"]))
        classes = self._array("ccm_classes", np.int32, (ids,), 0, MOST_SYMBOLS)
        size = int(classes.max()) + 1
        square = (size, size)
        ccm = Ccm(
            classes,
            self._array("ccm_yields", np.float64, (LENGTHS, *square), 1e-12, 1e12),
            self._array("ccm_contexts", np.float64, square, 1e-12, 1e12),
        )
        edges = Edges(
            *(self._array(f"edge_{name}", np.float64, (ids,), -100, 100) for name in ("begin", "end")),
            *(self._array(f"edge_{name}", np.float64, square, -100, 100) for name in ("pair_begin", "pair_end")),
        )
        keys = self._array("bond_keys", np.int64, (None,), 0, ids * ids)
        bonds = Bonds(
            keys,
            self._array("bond_counts", np.int32, (len(keys),), 0, 1 << 31),
            self._array("bond_ratios", np.float64, square, 1e-12, 1e12),
        )
        if (np.diff(keys) <= 0).any():
            raise self._damaged("bond_keys do not rise")
        return Grammar(words, counts, dmvs, ccm, edges, bonds, header["about"])

    def _header(self) -> dict[str, Any]:
        try:
            header = json.loads(self._text("header"))
        except (ValueError, RecursionError) as error:
            raise self._damaged("its header is no JSON") from error
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise GrammarError(self.name, "is no grammar", "make one with minent grammar")
        if header.get("version") != VERSION:
            problem = f"has format {header.get('version')!r}, this program reads {VERSION}"
            raise GrammarError(self.name, problem, "make it anew with minent grammar")
        models = header.get("models")
        if type(models) is not int or not 0 < models <= MOST_MODELS or not isinstance(header.get("about"), dict):
            raise self._damaged("its header is incomplete")
        return header

    def _words(self) -> tuple[str, ...]:
        text = self._text("words")
        words = text.split("\n")
        if words.pop() or len(set(words)) != len(words) or "" in words:
            raise self._damaged("its words are not distinct lines")
        return tuple(words)

    def _dmv(self, room: str, ids: int) -> Dmv:
        symbols = self._array(f"{room}_symbols", np.int32, (ids,), 0, MOST_SYMBOLS)
        size = len(self._array(f"{room}_frequency", np.float64, (None,), 1e-15, 1))
        if int(symbols.max()) >= size:
            raise self._damaged(f"{room}_symbols has a symbol without parameters")
        root = self._array(f"{room}_root", np.float32, (size,), 1e-15, 1).astype(np.float64)
        stop = self._array(f"{room}_stop", np.float32, (size, 2, 2), 1e-9, 1).astype(np.float64)
        attach = self._array(f"{room}_attach", np.float32, (2, size, size), 1e-15, 1).astype(np.float64)
        if abs(root.sum() - 1) > PROBABILITY_SLACK or (abs(attach.sum(axis=-1) - 1) > PROBABILITY_SLACK).any():
            raise self._damaged(f"probabilities of {room} do not sum to 1")
        return Dmv(symbols, root, stop, attach, self.arrays[f"{room}_frequency"])

    def _text(self, key: str) -> str:
        data = self._array(key, np.uint8, (None,), 0, 256)
        try:
            return data.tobytes().decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise self._damaged(f"{key} is not UTF-8") from error

    def _array(
        self, key: str, dtype: type[np.generic], shape: tuple[int | None, ...], least: float, most: float
    ) -> NDArray[Any]:
        """An array with this dtype, of this shape (None: any length) and with values from `least` to `most`."""
        array = self.arrays.get(key)
        if array is None:
            raise self._damaged(f"{key} is missing")
        fits = len(array.shape) == len(shape) and all(
            want in (None, have) for want, have in zip(shape, array.shape, strict=True)
        )
        if array.dtype != np.dtype(dtype) or not fits:
            raise self._damaged(f"{key} is {array.dtype}{list(array.shape)}")
        if array.size and not (least <= array.min() and array.max() <= most):
            raise self._damaged(f"{key} has a value out of range")
        return array

    def _damaged(self, problem: str) -> GrammarError:
        return GrammarError(self.name, f"is damaged: {problem}", "make it anew with minent grammar")
