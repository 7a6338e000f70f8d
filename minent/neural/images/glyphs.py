"""Characters of a lexicon, drawn with an installed font → pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from minent.corpus.units import HAN, unit_classes
from minent.errors import CorpusError
from minent.files import display_path
from minent.lexicon import Lexicon, builtin_lexicon, load_lexicon
from minent.neural.images.data import Images

EM_SHARE = 0.9  # of the side of a picture that the square of a character takes
REFERENCE = "国"  # fills its square in every font, so its ink tells where the square is
NO_CHARACTER = "\U0010ffff"  # drawn as the sign for what a font does not have
WAY = "Debian's packages fonts-noto-cjk (NotoSansCJK-Regular.ttc) and fonts-wqy-zenhei (wqy-zenhei.ttc) have Han"


def read_glyphs(
    lexicon: str | None,
    fonts: tuple[str, ...],
    characters: int,
    side: int,
    labels: str = "font",
    report: Callable[[str], object] = lambda _: None,
) -> Images:
    """The most frequent Han characters of a lexicon in each font.

    fonts : `FILE` or `FILE:FACE`, a path or the name of an installed font file; FACE counts from 0
    labels : font, with two fonts or more; or character: then they come in the order of the characters, beginning
        with another font each time, so that every tenth picture is now of one font, now of another
    """
    words = builtin_lexicon() if lexicon is None else load_lexicon(lexicon, with_model=False)
    wanted = frequent_characters(words, characters)
    if not wanted:
        raise CorpusError(display_path(lexicon or "the built-in lexicon"), "holds no Han character to draw")
    drawn: list[dict[str, NDArray[np.uint8]]] = []
    for name in fonts:
        font = open_font(name, round(side * EM_SHARE))
        try:
            found = draw_characters(font, wanted, side)
        except OSError as error:
            raise CorpusError(display_path(name), f"a damaged font: {error}") from error
        missing = len(wanted) - len(found)
        if missing:
            report(f"{display_path(name)}: {missing:,} of {len(wanted):,} characters have no glyph")
        drawn.append(found)
    if not any(drawn):
        raise CorpusError(display_path(fonts[0]), "has none of the characters", WAY)
    kinds = tuple(display_path(name) for name in fonts)
    source = f"glyphs of {', '.join(kinds)}"
    if labels == "character":
        turned = [(number, (number + turn) % len(fonts)) for number in range(len(wanted)) for turn in range(len(fonts))]
        places = [(number, font) for number, font in turned if wanted[number] in drawn[font]]
        truth, label_names = [number for number, _ in places], tuple(wanted)
        keys = [(font, wanted[number]) for number, font in places]
    else:
        keys = [(font, character) for font, found in enumerate(drawn) for character in found]
        truth, label_names = [font for font, _ in keys], kinds
    pixels = np.stack([drawn[font][character] for font, character in keys])
    names = tuple(character for _, character in keys)
    if len(fonts) == 1:
        return Images(pixels, None, (), names, source)
    return Images(pixels, np.array(truth), label_names, names, source)


def frequent_characters(lexicon: Lexicon, most: int) -> list[str]:
    """The Han characters of a lexicon's words, those of the most text first; at most `most`."""
    classes = unit_classes()
    counts: Counter[str] = Counter()
    for word, count in zip(lexicon.words, lexicon.counts, strict=True):
        for character in word:
            counts[character] += int(count)
    ranked = sorted((-count, character) for character, count in counts.items() if classes[ord(character)] == HAN)
    return [character for _, character in ranked[:most]]


def open_font(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    """A font, `FILE` or `FILE:FACE`, at so many pixels to the square of a character. CorpusError: none such."""
    file, colon, face = name.rpartition(":")
    file, number = (file, int(face)) if colon and face.isascii() and face.isdigit() else (name, 0)
    try:
        return ImageFont.truetype(file, pixels, index=number, layout_engine=ImageFont.Layout.BASIC)
    except (OSError, OverflowError, ValueError) as error:
        raise CorpusError(display_path(name), "no such font file or face", WAY) from error


def draw_characters(font: ImageFont.FreeTypeFont, characters: list[str], side: int) -> dict[str, NDArray[np.uint8]]:
    """White on black; uint8[1, side, side] by character. Characters without ink or without a glyph are left out.

    OSError: the font is damaged.
    """
    left, top, right, bottom = font.getbbox(REFERENCE)
    place = ((side - left - right) / 2, (side - top - bottom) / 2)
    unknown = _draw(font, NO_CHARACTER, place, side)
    found = {}
    for character in characters:
        with suppress(OSError):  # a damaged glyph is none
            picture = _draw(font, character, place, side)
            if picture.any() and not np.array_equal(picture, unknown):
                found[character] = picture
    return found


def _draw(font: ImageFont.FreeTypeFont, character: str, place: tuple[float, float], side: int) -> NDArray[np.uint8]:
    image = Image.new("L", (side, side))
    ImageDraw.Draw(image).text(place, character, fill=255, font=font)
    return np.asarray(image, dtype=np.uint8)[None]
