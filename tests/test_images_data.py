"""Pictures to learn from: idx files, folders, glyphs; also broken and hostile ones."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")

from minent.errors import CorpusError  # noqa: E402
from minent.lexicon import Lexicon  # noqa: E402
from minent.neural.images import glyphs  # noqa: E402
from minent.neural.images.data import fit, read_images  # noqa: E402
from minent.neural.images.glyphs import frequent_characters  # noqa: E402
from minent.neural.images.grid import GAP, make_grid, save_grid  # noqa: E402
from minent.neural.images.idx import read_idx  # noqa: E402
from minent.neural.images.settings import ImageSettings  # noqa: E402

NOTO = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def idx_bytes(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.astype(np.uint8).tobytes()


def write_split(folder: Path, prefix: str, count: int, pack: bool = False) -> np.ndarray:
    pictures = np.random.default_rng(count).integers(0, 256, (count, 6, 5))
    for name, values in ((f"{prefix}-images-idx3-ubyte", pictures), (f"{prefix}-labels-idx1-ubyte", np.arange(count))):
        data = idx_bytes(values)
        (folder / (name + ".gz" * pack)).write_bytes(gzip.compress(data) if pack else data)
    return pictures


@pytest.mark.parametrize("pack", [False, True])
def test_idx_files_give_pictures_and_labels_of_the_split(tmp_path: Path, pack: bool) -> None:
    train, test = write_split(tmp_path, "train", 4, pack), write_split(tmp_path, "t10k", 3, pack)
    found = read_images(str(tmp_path), ImageSettings(split="test"))
    assert found.shape == (1, 6, 5) and found.pixels.tolist() == test[:, None].tolist()
    assert found.labels is not None and found.labels.tolist() == [0, 1, 2] and found.label_names == ("0", "1", "2")
    both = read_images(str(tmp_path), ImageSettings())
    assert both.pixels[:, 0].tolist() == [*train.tolist(), *test.tolist()] and len(both.label_names) == 4
    tensor = both.tensor([1])
    assert tensor.shape == (1, 1, 6, 5) and np.allclose(tensor.numpy()[0, 0] * 255, train[1])


WHOLE = idx_bytes(np.arange(24).reshape(2, 3, 4))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "does not begin with two zeros"),
        (b"\x1f\x8b\x08", "cut off"),
        (b"PK\x03\x04" + WHOLE, "does not begin with two zeros"),
        (b"\0\0\x0d\x03" + WHOLE[4:], "of type 13 with 3 axes"),
        (WHOLE[:3] + b"\x01" + WHOLE[4:], "of type 8 with 1 axes"),
        (WHOLE[:9], "cut off within its header"),
        (WHOLE[:-1], "cut off: 23 of 24 values"),
        (WHOLE + b"\0", "goes on after the 24 values"),
        (WHOLE[:4] + b"\xff" * 12 + WHOLE[16:], "more than is read"),
        (WHOLE[:4] + struct.pack(">3I", 1 << 31, 1000, 1000), "more than is read"),
        (WHOLE[:4] + struct.pack(">3I", 16000, 1000, 1000), "cut off: 0 of 16,000,000,000 values"),
        (gzip.compress(WHOLE, mtime=0)[:-9], "cut off"),
        (gzip.compress(gzip.compress(WHOLE, mtime=0), mtime=0), "packed twice"),
    ],
)
def test_an_idx_file_that_is_not_whole_says_so_in_one_line(tmp_path: Path, data: bytes, problem: str) -> None:
    path = tmp_path / "x\n-idx3"
    path.write_bytes(data)
    with pytest.raises(CorpusError) as caught:
        read_idx(str(path), 3)
    assert problem in str(caught.value) and "\n" not in str(caught.value)


def test_missing_idx_files_name_the_package_that_has_some(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(CorpusError, match="dataset-fashion-mnist"):
            read_images(str(folder), ImageSettings(form="idx", split="train"))


def test_labels_of_another_number_are_refused(tmp_path: Path) -> None:
    write_split(tmp_path, "train", 4)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(3)))
    with pytest.raises(CorpusError, match="4 pictures, but 3 labels"):
        read_images(str(tmp_path), ImageSettings(split="train"))


def test_a_margin_makes_squares(tmp_path: Path) -> None:
    write_split(tmp_path, "train", 2)
    images = read_images(str(tmp_path), ImageSettings(split="train"))
    larger = fit(images, 8)
    assert larger.shape == (1, 8, 8) and np.array_equal(larger.pixels[:, :, 1:7, 1:6], images.pixels)
    assert larger.pixels.sum() == images.pixels.sum()
    with pytest.raises(ValueError, match="5 × 6"):
        fit(images, 5)


def test_sub_folders_are_labels_and_pictures_become_squares(tmp_path: Path) -> None:
    for kind, grey in (("black", 0), ("white", 255)):
        (tmp_path / kind / "more").mkdir(parents=True)
        Image.new("L", (40, 20), grey).save(tmp_path / kind / "a.png")
        Image.new("RGB", (9, 90), (grey, grey, grey)).save(tmp_path / kind / "more" / "b.JPG")
        (tmp_path / kind / "notes.txt").write_text("no picture")
    found = read_images(str(tmp_path), ImageSettings(side=8))
    assert found.shape == (1, 8, 8) and found.label_names == ("black", "white")
    assert found.names == ("black/a.png", "black/more/b.JPG", "white/a.png", "white/more/b.JPG")
    assert found.labels is not None and found.labels.tolist() == [0, 0, 1, 1]
    assert found.pixels.reshape(4, -1).mean(axis=1).tolist() == [0, 0, 255, 255]
    assert read_images(str(tmp_path), ImageSettings(side=8, colour=True)).shape == (3, 8, 8)


def test_every_tenth_picture_is_of_the_test(tmp_path: Path) -> None:
    for number in range(20):
        Image.new("L", (4, 4), number).save(tmp_path / f"{number:02}.png")
    parts = {split: read_images(str(tmp_path), ImageSettings(side=4, split=split)) for split in ("train", "test")}
    assert parts["test"].pixels[:, 0, 0, 0].tolist() == [9, 19] and parts["test"].labels is None
    assert len(parts["train"]) == 18 and not set(parts["train"].names) & set(parts["test"].names)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a\xff\xff\xff\xff", b"\xff" * 100])
def test_a_file_that_is_no_image_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.png").write_bytes(data)
    with pytest.raises(CorpusError, match=r"bad\.png"):
        read_images(str(tmp_path), ImageSettings())


def test_an_image_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    Image.new("1", (12000, 6000)).save(tmp_path / "big.png")
    with pytest.raises(CorpusError, match="more than is read"):
        read_images(str(tmp_path), ImageSettings())


def test_a_folder_without_images_says_what_it_looks_for(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no image file .*\.png"):
        read_images(str(tmp_path), ImageSettings())


def test_pictures_of_16_bits_and_transparent_ones_are_seen_as_people_see_them(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    Image.fromarray(ramp).save(tmp_path / "b.tif")
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (2, 2, 6, 6))
    clear.save(tmp_path / "c.png")
    clear.convert("LA").save(tmp_path / "d.png")
    clear.quantize(4).save(tmp_path / "e.gif", transparency=clear.quantize(4).getpixel((0, 0)))
    for colour in (False, True):
        found = read_images(str(tmp_path), ImageSettings(side=8, colour=colour)).pixels
        assert np.array_equal(found[0, 0], ramp >> 8) and np.array_equal(found[1, 0], ramp >> 8)
        square = np.full((8, 8), 255)
        square[2:6, 2:6] = 0
        assert all(np.array_equal(picture[channel], square) for picture in found[2:] for channel in range(len(picture)))
    Image.fromarray(np.full((8, 8), 1e6, dtype=np.float32)).save(tmp_path / "f.tif")
    with pytest.raises(CorpusError, match=r"f\.tif.*cannot be read"):
        read_images(str(tmp_path), ImageSettings())


def test_a_part_without_pictures_says_why(tmp_path: Path) -> None:
    for number in range(3):
        Image.new("L", (8, 8)).save(tmp_path / f"{number}.png")
    with pytest.raises(CorpusError, match=r"has 3 pictures, and every 10th is test.*--split all"):
        read_images(str(tmp_path), ImageSettings(split="test"))


def test_characters_are_ranked_by_the_text_that_their_words_stand_for() -> None:
    lexicon = Lexicon(["科学", "学习", "abc", "。"], [5, 3, 99, 50])
    assert frequent_characters(lexicon, 9) == ["学", "科", "习"]
    assert frequent_characters(lexicon, 2) == ["学", "科"]


@pytest.mark.skipif(not NOTO.exists(), reason="Debian's package fonts-noto-cjk is not installed")
def test_glyphs_are_drawn_inside_their_squares_and_absent_ones_left_out(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("一 9\n国 8\n鬱 7\n\U000323af 6\n", encoding="utf-8")  # the last: of Unicode 15, in few fonts
    told: list[str] = []
    found = read_images(str(path), ImageSettings(fonts=(f"{NOTO}:2", str(NOTO)), side=32), told.append)
    assert found.names == ("一", "国", "鬱", "一", "国", "鬱") and found.shape == (1, 32, 32)
    assert found.labels is not None and found.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert len(told) == 2 and "1 of 4 characters have no glyph" in told[0]
    ink = (found.pixels[:, 0] > 127).sum(axis=(1, 2))
    assert 0 < ink[0] < ink[1] < ink[2]
    edges = np.concatenate([found.pixels[:, 0, [0, -1]].ravel(), found.pixels[:, 0, :, [0, -1]].ravel()])
    assert edges.max() < 128
    rows = np.flatnonzero(found.pixels[1, 0].any(axis=1))
    assert abs(rows[0] - (31 - rows[-1])) <= 1  # 国 stands in the middle


@pytest.mark.skipif(not NOTO.exists(), reason="Debian's package fonts-noto-cjk is not installed")
def test_glyphs_labelled_by_character_have_each_font_in_the_test(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("".join(f"{chr(0x4E00 + number)} 9\n" for number in range(40)), encoding="utf-8")
    fonts = (f"{NOTO}:0", f"{NOTO}:2")
    parts = {
        split: read_images(str(path), ImageSettings(fonts=fonts, split=split, labels="character"))
        for split in ("all", "train", "test")
    }
    whole, test, train = parts["all"], parts["test"], parts["train"]
    assert len(whole) == 80 and len(test) == 8 and len(train) == 72
    for images in parts.values():
        assert images.labels is not None
        assert [images.label_names[label] for label in images.labels] == list(images.names)
    assert set(test.names) <= set(train.names)  # each is learned from its other font
    drawn = {tuple(pixels.ravel()) for pixels in read_images(str(path), ImageSettings(fonts=fonts[:1])).pixels}
    of_first = [tuple(pixels.ravel()) in drawn for pixels in test.pixels]
    assert 0 < sum(of_first) < len(of_first)


@pytest.mark.skipif(not NOTO.exists(), reason="Debian's package fonts-noto-cjk is not installed")
@pytest.mark.parametrize("damaged", ["国", glyphs.NO_CHARACTER])
def test_glyphs_that_are_damaged_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: str) -> None:
    (tmp_path / "words.txt").write_text("一 9\n国 8\n", encoding="utf-8")
    draw = glyphs._draw

    def fail(font: object, character: str, *place: object) -> object:
        if character == damaged:
            raise OSError("invalid outline")
        return draw(font, character, *place)

    monkeypatch.setattr(glyphs, "_draw", fail)
    told: list[str] = []
    settings = ImageSettings(fonts=(str(NOTO),))
    if damaged == "国":
        assert read_images(str(tmp_path / "words.txt"), settings, told.append).names == ("一",)
        assert told == [f"{NOTO}: 1 of 2 characters have no glyph"]
    else:
        with pytest.raises(CorpusError, match=rf"{NOTO.name}: a damaged font: invalid outline"):
            read_images(str(tmp_path / "words.txt"), settings)


@pytest.mark.parametrize("font", ["no-such-font.ttc", "no-such-font.ttc:3"])
def test_a_font_that_is_not_there_names_the_package_that_has_one(font: str) -> None:
    with pytest.raises(CorpusError, match="fonts-noto-cjk"):
        read_images(None, ImageSettings(fonts=(font,)))


@pytest.mark.parametrize(
    "values",
    [
        {"side": 2},
        {"side": 99999},
        {"split": "half"},
        {"form": "zip"},
        {"characters": 0},
        {"labels": "stroke"},
        {"labels": "character"},
    ],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        ImageSettings(**values)  # type: ignore[arg-type]


def test_a_grid_has_every_picture_at_its_place(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pictures = torch.linspace(0, 1, 3).reshape(3, 1, 1, 1).expand(3, 1, 30, 40)
    save_grid(tmp_path / "grid.png", pictures, columns=2)
    with Image.open(tmp_path / "grid.png") as image:
        sheet = np.asarray(image)
    assert sheet.shape == (60 + GAP, 80 + GAP)
    assert sheet[0, 0] == 0 and sheet[0, 40 + GAP] == 128 and sheet[30 + GAP, 0] == 255


def test_what_is_no_number_or_out_of_range_is_clipped() -> None:
    values = np.array([np.nan, -1.0, 2.0]).reshape(3, 1, 1, 1) * np.ones((1, 3, 28, 28))
    sheet = np.asarray(make_grid(values, columns=3))
    assert sheet.shape == (28, 3 * 28 + 2 * GAP, 3) and sheet[0, [0, 30, 60], 0].tolist() == [0, 0, 255]
