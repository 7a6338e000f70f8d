"""Pictures with their labels: what every source of images becomes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minent.errors import CorpusError
from minent.neural.images.settings import DEFAULT_SIDE, TEST_SHARE, ImageSettings

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Images:
    """Pictures of one size.

    pixels : uint8[n, channels, height, width]
    labels : int64[n], or None where the data have none
    label_names : what the labels 0, 1, … are called
    names : of the pictures, such as the character of a glyph or the path of a file; empty where they have none
    source : for people
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    label_names: tuple[str, ...]
    names: tuple[str, ...]
    source: str

    def __post_init__(self) -> None:
        if not len(self.pixels):
            raise CorpusError(self.source, "no picture to learn from")

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width

    def digest(self) -> str:
        """SHA-256 of pixels and labels."""
        told = hashlib.sha256(repr(self.pixels.shape).encode())
        told.update(np.ascontiguousarray(self.pixels).data)
        if self.labels is not None:
            told.update(np.ascontiguousarray(self.labels).data)
        return told.hexdigest()

    def take(self, numbers: Any) -> Images:
        """The pictures of these numbers, in this order."""
        numbers = np.asarray(numbers, dtype=np.int64)
        labels = None if self.labels is None else self.labels[numbers]
        names = tuple(self.names[number] for number in numbers) if self.names else ()
        return Images(self.pixels[numbers], labels, self.label_names, names, self.source)

    def tensor(self, numbers: Any, device: Any = None) -> Any:
        """Pictures as float32 (batch, channels, height, width) from 0 to 1 on a device."""
        import torch

        return torch.from_numpy(self.pixels[numbers]).to(device).float() / 255


def read_images(data: str | None, settings: ImageSettings, report: Callable[[str], object] = lambda _: None) -> Images:
    """The pictures of a folder, or glyphs of the characters of a lexicon (None: of the built-in one).

    ValueError: no folder was given. Errors: CorpusError where the data are not what they should be.
    """
    if settings.fonts:
        from minent.neural.images.glyphs import read_glyphs

        side = settings.side or DEFAULT_SIDE
        glyphs = read_glyphs(data, settings.fonts, settings.characters, side, settings.labels, report)
        return _split(glyphs, settings.split)
    if data is None:
        raise ValueError("name a folder of pictures, or a font with --glyphs")
    from minent.neural.images import folder, idx

    form = settings.form or ("idx" if idx.has_idx_files(data) else "folder")
    if form == "idx":
        if settings.colour:
            raise ValueError("--colour: idx files are grey")
        images = idx.read_idx_folder(data, settings.split)
        return images if settings.side is None else fit(images, settings.side)
    return _split(folder.read_folder(data, settings.side or DEFAULT_SIDE, settings.colour), settings.split)


def _split(images: Images, split: str) -> Images:
    if split == "all":
        return images
    is_test = np.arange(len(images)) % TEST_SHARE == TEST_SHARE - 1
    hint = "--split all takes them as they are, where nothing is to be learned and tested"
    chosen = np.flatnonzero(is_test if split == "test" else ~is_test)
    if not len(chosen):
        problem = f"has {len(images)} pictures, and every {TEST_SHARE}th is test: there is none"
        raise CorpusError(images.source, problem, hint)
    return images.take(chosen)


def fit(images: Images, side: int) -> Images:
    """Pictures with a black margin on all sides, so that they become squares. ValueError: they are larger."""
    channels, height, width = images.shape
    if height > side or width > side:
        raise ValueError(f"--size {side}: the pictures are {width} × {height}")
    pixels = np.zeros((len(images), channels, side, side), dtype=np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    pixels[:, :, top : top + height, left : left + width] = images.pixels
    return Images(pixels, images.labels, images.label_names, images.names, images.source)
