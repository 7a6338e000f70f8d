"""idx files, plain or compressed → pictures and labels.

Source: yann.lecun.com/exdb/mnist, "the IDX file format": two zeros, type, number of axes, sizes (big-endian), values.
"""

from __future__ import annotations

import math
import os
import re
import struct

import numpy as np
from numpy.typing import NDArray

from minent.corpus.codecs import open_file, read_blocks, unpack
from minent.errors import CorpusError
from minent.files import describe_os_error, display_path
from minent.neural.images.data import Images
from minent.neural.images.settings import LARGEST_SIDE

UNSIGNED_BYTE = 8
LARGEST = 1 << 34  # values of one file
PARTS = {"train": ("train",), "test": ("t10k", "test")}  # how the names of the files of a split begin
WAY = "Fashion-MNIST: Debian's package dataset-fashion-mnist, in /usr/share/datasets/fashion-mnist"


def read_idx(path: str, axes: int) -> NDArray[np.uint8]:
    """The unsigned bytes of an idx file with so many axes. CorpusError: another type, cut off, or too long.

    Memory is asked for as values arrive, not as the header promises.
    """
    shown = display_path(path)
    with open_file(path) as file:
        stream, _ = unpack(read_blocks(file, shown), shown)
        head = stream.read(4)
        if len(head) < 4 or head[:2] != b"\0\0":
            raise CorpusError(shown, "not an idx file: it does not begin with two zeros")
        if head[2] != UNSIGNED_BYTE or head[3] != axes:
            raise CorpusError(
                shown, f"an idx file of type {head[2]} with {head[3]} axes; needed: bytes (8), {axes} axes"
            )
        sizes = stream.read(4 * axes)
        if len(sizes) < 4 * axes:
            raise CorpusError(shown, "is cut off within its header")
        shape = struct.unpack(f">{axes}I", sizes)
        size = math.prod(shape)
        if size > LARGEST or any(side > LARGEST_SIDE for side in shape[1:]):
            raise CorpusError(shown, f"promises {' × '.join(map(str, shape))} values, more than is read")
        values = bytearray()
        for block in stream:
            values += block
            if len(values) > size:
                raise CorpusError(shown, f"goes on after the {size:,} values that it promises")
    if len(values) < size:
        raise CorpusError(shown, f"is cut off: {len(values):,} of {size:,} values")
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def has_idx_files(folder: str) -> bool:
    """Whether a folder holds a file that is named like the images of a split."""
    return any(_find(folder, prefix, "images") for prefixes in PARTS.values() for prefix in prefixes)


def read_idx_folder(folder: str, split: str) -> Images:
    """The pictures and labels of a folder named as those of MNIST are: train-images-idx3-ubyte, t10k-labels-….

    Labels may be missing. `all` is train, then test. CorpusError: no such files, or they do not belong together.
    """
    if split == "all":
        train, test = read_idx_folder(folder, "train"), read_idx_folder(folder, "test")
        if train.shape != test.shape or (train.labels is None) != (test.labels is None):
            raise CorpusError(display_path(folder), "its train and test files do not have the same form")
        labels = None
        if train.labels is not None and test.labels is not None:
            labels = np.concatenate([train.labels, test.labels])
        pixels = np.concatenate([train.pixels, test.pixels])
        return Images(pixels, labels, max(train.label_names, test.label_names, key=len), (), train.source)
    shown = display_path(folder)
    images = next((path for prefix in PARTS[split] if (path := _find(folder, prefix, "images"))), None)
    if images is None:
        raise CorpusError(shown, f"holds no file {PARTS[split][0]}-images-idx3-ubyte(.gz)", WAY)
    pixels = read_idx(images, 3)[:, None]
    found = next((path for prefix in PARTS[split] if (path := _find(folder, prefix, "labels"))), None)
    labels = None if found is None else read_idx(found, 1).astype(np.int64)
    if labels is not None and len(labels) != len(pixels):
        raise CorpusError(shown, f"{len(pixels):,} pictures, but {len(labels):,} labels of {split}")
    names = () if labels is None or not len(labels) else tuple(map(str, range(int(labels.max()) + 1)))
    return Images(pixels, labels, names, (), shown)


def _find(folder: str, prefix: str, what: str) -> str | None:
    """The path of the first file whose name begins like `train-images` and has idx in it."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError as error:
        raise CorpusError(display_path(folder), "no such folder", WAY) from error
    except OSError as error:
        raise CorpusError(display_path(folder), describe_os_error(error)) from error
    wanted = re.compile(rf"{prefix}-{what}[-.]idx\d-ubyte(\.\w+)?")
    return next((os.path.join(folder, name) for name in names if wanted.fullmatch(name)), None)
