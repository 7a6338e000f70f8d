"""Which pictures a user can choose, and the defaults, with the standard library only."""

from __future__ import annotations

from dataclasses import dataclass

FORMS = ("idx", "folder")
SPLITS = ("train", "test", "all")
LABELS = ("font", "character")
LARGEST_SIDE = 1024  # pixels of a picture
DEFAULT_SIDE = 32  # pixels of pictures whose size is ours to choose
TEST_SHARE = 10  # where the data say nothing, every tenth picture is of the test


def check_channels(channels: int) -> None:
    """Raise ValueError where pictures of so many channels cannot be drawn."""
    if channels not in (1, 3):
        raise ValueError(f"channels={channels}: pictures have 1 or 3")


@dataclass(frozen=True)
class ImageSettings:
    """Which pictures, and what is made of them.

    form : of FORMS; None: idx where the folder holds idx files, else folder
    fonts : of glyphs, each `FILE` or `FILE:FACE`; where there are any, the data are a list of words
    characters : how many of the most frequent characters become glyphs
    split : of SPLITS; of idx files by their names, of others by every tenth picture
    side : pixels; None: as they are in idx files, else DEFAULT_SIDE
    colour : three channels instead of one; of folders only
    labels : of LABELS; what the label of a glyph is
    """

    form: str | None = None
    fonts: tuple[str, ...] = ()
    characters: int = 3000
    split: str = "all"
    side: int | None = None
    colour: bool = False
    labels: str = "font"

    def __post_init__(self) -> None:
        if self.form not in (None, *FORMS):
            raise ValueError(f"form={self.form}: choose {', '.join(FORMS)}")
        if self.split not in SPLITS:
            raise ValueError(f"split={self.split}: choose {', '.join(SPLITS)}")
        if self.side is not None and not 4 <= self.side <= LARGEST_SIDE:
            raise ValueError(f"side={self.side}: must be between 4 and {LARGEST_SIDE}")
        if self.characters < 1:
            raise ValueError(f"characters={self.characters}: must be at least 1")
        if self.labels not in LABELS:
            raise ValueError(f"labels={self.labels}: choose {', '.join(LABELS)}")
        if self.labels == "character" and len(self.fonts) < 2:
            raise ValueError("characters are labels where there are two fonts or more: one to learn from, one to test")
        if self.fonts and (self.form or self.colour):
            raise ValueError("glyphs are neither idx files nor a folder of images, and have no colours")
