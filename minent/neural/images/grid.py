"""Pictures side by side in one PNG."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from PIL import Image

from minent.files import atomic_open

GAP = 2  # pixels between two pictures
GAP_GREY = 96
LEAST_SIDE = 28  # pixels; smaller pictures are enlarged by a whole factor


def save_grid(path: str | os.PathLike[str], pictures: Any, columns: int | None = None) -> None:
    """Write pictures row by row. OutputError: the file cannot be written.

    pictures : tensor or array (n, 1 or 3 channels, height, width); from 0 to 1 (clipped), or uint8
    columns : of a row; None: as many as rows
    """
    image = make_grid(pictures, columns)
    with atomic_open(path) as stream:
        image.save(stream, format="PNG")


def make_grid(pictures: Any, columns: int | None = None) -> Image.Image:
    """The picture that `save_grid` writes."""
    pixels = pictures.detach().cpu().numpy() if hasattr(pictures, "detach") else np.asarray(pictures)
    if pixels.ndim != 4 or not len(pixels) or pixels.shape[1] not in (1, 3):
        raise ValueError(f"pictures of the shape {pixels.shape}: needed are (n, 1 or 3, height, width)")
    if pixels.dtype != np.uint8:
        pixels = np.round(np.clip(np.nan_to_num(pixels.astype(np.float64)), 0, 1) * 255).astype(np.uint8)
    factor = -(-LEAST_SIDE // max(pixels.shape[2:]))
    pixels = pixels.repeat(factor, axis=2).repeat(factor, axis=3)
    count, channels, height, width = pixels.shape
    columns = columns or int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels), GAP_GREY, dtype=np.uint8)
    for number, picture in enumerate(pixels):
        row, column = divmod(number, columns)
        top, left = row * (height + GAP), column * (width + GAP)
        sheet[top : top + height, left : left + width] = picture.transpose(1, 2, 0)
    return Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet)
