"""A folder of image files → pictures of one size; sub-folders are labels."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from minent.errors import CorpusError
from minent.files import describe_os_error, display_path
from minent.neural.images.data import Images

FORMATS = {  # ending of a name: how Pillow calls the only format that it may have
    **{".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP", ".gif": "GIF", ".webp": "WEBP"},
    **{".tif": "TIFF", ".tiff": "TIFF", ".pgm": "PPM", ".ppm": "PPM"},
}
LARGEST_PICTURE = 64_000_000  # pixels of a file


def read_folder(folder: str, side: int, colour: bool) -> Images:
    """All image files below a folder, in the order of their paths, cut to squares about the middle.

    Where every file stands in a sub-folder, the names of those are labels. CorpusError: none, or one cannot be read.
    """
    shown = display_path(folder)
    names = sorted(_walk(folder))
    if not names:
        raise CorpusError(shown, f"holds no image file ({' '.join(FORMATS)})")
    pixels = np.stack([read_picture(os.path.join(folder, name), side, colour) for name in names])
    tops = [Path(name).parts[0] if len(Path(name).parts) > 1 else None for name in names]
    kinds = sorted({top for top in tops if top is not None})
    labels = None
    if None not in tops and len(kinds) > 1:
        places = {kind: place for place, kind in enumerate(kinds)}
        labels = np.array([places[top] for top in tops if top is not None], dtype=np.int64)
    label_names = () if labels is None else tuple(display_path(kind) for kind in kinds)
    return Images(pixels, labels, label_names, tuple(display_path(name) for name in names), shown)


def read_picture(path: str, side: int, colour: bool) -> NDArray[np.uint8]:
    """One picture; uint8[channels, side, side]. CorpusError: not an image of the format its name says, or too large."""
    shown = display_path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures and of odd metadata
            with Image.open(path, formats=[FORMATS[Path(path).suffix.lower()]]) as image:
                if image.width * image.height > LARGEST_PICTURE:
                    raise CorpusError(shown, f"{image.width} × {image.height} pixels are more than is read")
                mode = "RGB" if colour else "L"
                image.draft(mode, (side, side))
                square: Any = ImageOps.fit(_opaque(image).convert(mode), (side, side), Image.Resampling.BOX)
    except CorpusError:
        raise
    except OSError as error:
        problem = "not an image of the format that its name says, or cut off"
        raise CorpusError(shown, describe_os_error(error) if error.errno else problem) from error
    except Exception as error:  # a decoder that meets hostile bytes raises whatever it likes
        raise CorpusError(shown, f"cannot be read as an image ({type(error).__name__})") from error
    pixels = np.asarray(square, dtype=np.uint8)
    return pixels.transpose(2, 0, 1) if colour else pixels[None]


def _opaque(image: Any) -> Any:
    """A picture of 8 bits a channel: of 16 the upper ones, on white where it is transparent. ValueError: of 32 bits."""
    if image.mode.startswith("I"):  # PNG, TIFF and PGM of 16 bits; some of them as numbers of 32
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("pixels of 32 bits")
        return Image.fromarray((values >> 8).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("pixels of 32 bits")
    if image.has_transparency_data:
        above = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
    return image


def _walk(folder: str) -> Iterator[str]:
    """Paths of image files below a folder, relative to it."""

    def refuse(error: OSError) -> None:
        raise CorpusError(display_path(error.filename or folder), describe_os_error(error)) from error

    for place, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            path = os.path.join(place, name)
            if Path(name).suffix.lower() in FORMATS and os.path.isfile(path):
                yield os.path.relpath(path, folder)
