"""A picture that shows what generative models draw: a row of samples for each, with its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MARGIN = 200  # pixels for the names
GAP = 2


def draw_sheet(path: Path, rows: Mapping[str, Image.Image], columns: int, side: int) -> None:
    """Rows of a sheet, each the first `columns` pictures of a grid of `minent neural … sample` of one row or more."""
    sheet = Image.new("L", (MARGIN + columns * (side + GAP), len(rows) * (side + GAP)), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (name, grid) in enumerate(rows.items()):
        top = number * (side + GAP)
        pen.text((4, top + side // 2 - 8), name, fill=0, font=font)
        across = (grid.width + GAP) // (side + GAP)
        for column in range(columns):
            left, above = (column % across) * (side + GAP), (column // across) * (side + GAP)
            tile = grid.crop((left, above, left + side, above + side)).convert("L")
            sheet.paste(Image.fromarray(np.asarray(tile)), (MARGIN + column * (side + GAP), top))
    sheet.save(path, optimize=True)
