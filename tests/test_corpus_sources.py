"""The corpus: what a user may name, how its text is cut into shards, and what goes wrong with which message."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minent.corpus.pieces as pieces
from minent.corpus.pieces import cut_blocks
from minent.corpus.sources import Corpus, Place, Shard, open_corpus
from minent.errors import CorpusError

TEXT = "今天天气真好，\n我们去公园。\n\nHello, world.\n"

# characters that matter to the cutter: line ends, places to cut, what must not be cut from them, invalid bytes
PARTS = st.lists(
    st.sampled_from(
        [s.encode() for s in ["\n", "\r\n", " ", ",", ".", "。", "，", "！", "天", "a", "\u0301", "\u3001", "𠮷", "\0"]]
        + [b"\xe3\x80", b"\xff", b"\x82"]
    ),
    max_size=60,
).map(b"".join)


def text_of(corpus: Corpus, **options: bool) -> bytes:
    return b"".join(shard.data.tobytes() for shard in corpus.shards(**options))


def check_shards(shards: list[Shard], whole: dict[str, bytes], size: int) -> None:
    """What holds for any shards: they make up the texts, and end where a shard may end."""
    assert [shard.number for shard in shards] == list(range(len(shards)))
    found = dict.fromkeys(whole, b"")
    for shard in shards:
        data = shard.data.tobytes()
        before = found[shard.path]
        assert data
        assert not shard.data.flags.writeable
        assert shard.offset == len(before)
        assert shard.mid_line == (bool(before) and not before.endswith(b"\n"))
        if shard.mid_line:  # cut inside a line: after a sign of its end, and before what is surely no mark
            assert before.endswith(tuple(sign.encode() for sign in " ,;.\0。、，；！？"))
            assert data[0] < 0x80 or 0xE4 <= data[0] <= 0xE9
        if len(data) > size:  # it grew, since there was no line end in its first `size` bytes
            assert b"\n" not in data[:size]
        found[shard.path] += data
    assert found == whole


@given(data=PARTS, size=st.integers(1, 40))
def test_shards_of_a_mapped_file_make_up_its_text(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "mapped.txt"
    path.write_bytes(data)
    corpus = Corpus([path])
    for _ in range(2):
        check_shards(list(corpus.shards(size)), {str(path): data}, size)


@given(data=PARTS, size=st.integers(1, 40), block=st.integers(1, 30), at_once=st.booleans())
def test_shards_of_a_stream_make_up_its_text(data: bytes, size: int, block: int, at_once: bool) -> None:
    blocks = (data[i : i + block] for i in range(0, len(data), block))
    pieces = cut_blocks(blocks, size, at_once=at_once)
    shards = [Shard(piece, "-", offset, mid_line, i) for i, (piece, offset, mid_line) in enumerate(pieces)]
    for shard in shards:
        shard.data.flags.writeable = False
    check_shards(shards, {"-": data}, size)


def test_a_stream_at_once_hands_on_whole_lines_as_they_come() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"one, t"
        yield b"wo. three\nfour, "
        yield b"five\nsix. "
        yield b"seven"

    pieces = [piece.tobytes() for piece, _, _ in cut_blocks(blocks(), 100, at_once=True)]
    assert pieces == [b"one, two. three\n", b"four, five\n", b"six. seven"]


@pytest.mark.parametrize("line", ["天气真好" * 300_000, "天气，真好。" * 200_000], ids=["uncut", "signs"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_very_long_line_is_cut_at_signs_or_kept_whole(tmp_path: Path, line: str, packed: bool) -> None:
    data = f"short\n{line}\nlast".encode()
    path = tmp_path / "a.txt"
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    shards = list(Corpus([path]).shards(1 << 16))
    check_shards(shards, {str(path): data}, 1 << 16)
    longest = max(len(shard.data) for shard in shards)
    assert longest > len(line.encode()) if "，" not in line else longest <= 1 << 16


def test_mapped_pages_are_given_back_and_shards_stay_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MAPPED_BEHIND", 1 << 14)
    data = b"".join(b"%d line\n" % i for i in range(40_000))
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    shards = list(Corpus([path]).shards(1 << 13))  # all are kept, the first pages were released long ago
    check_shards(shards, {str(path): data}, 1 << 13)


def test_a_file_that_cannot_be_mapped_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no such device")

    monkeypatch.setattr(mmap, "mmap", refuse)
    assert text_of(Corpus([path])) == TEXT.encode()


# encodings, codecs, records through the front door

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("named", [True, False])
def test_every_encoding_in_every_packing_gives_utf8(tmp_path: Path, pack: str, encoding: str, named: bool) -> None:
    text = "今天的天氣真好，我們去公園。\n" * 20
    path = tmp_path / "a"
    path.write_bytes(PACKERS[pack](text.encode(encoding)))
    corpus = Corpus([path], encoding=encoding if named else "auto")
    for _ in range(2):
        shards = list(corpus.shards(64))
        assert len(shards) > 10
        check_shards(shards, {str(path): text.encode()}, 64)
    assert corpus.decoding_report is None
    assert corpus.size() == path.stat().st_size


@pytest.mark.parametrize("pack", PACKERS)
def test_the_mark_of_utf8_is_dropped_or_kept(tmp_path: Path, pack: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(PACKERS[pack](b"\xef\xbb\xbf" + TEXT.encode()))
    assert text_of(Corpus([path])) == TEXT.encode()
    assert next(Corpus([path]).shards()).offset == 0
    assert text_of(Corpus([path], keep_bom=True)) == b"\xef\xbb\xbf" + TEXT.encode()


def test_invalid_bytes_are_reported_over_all_files_and_passes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("天气\n".encode("gb18030"))
    (tmp_path / "b.txt").write_bytes("天气真好\n".encode("gb18030") * 9 + b"\xff\n")
    (tmp_path / "c.txt").write_bytes(b"\xff\xff" + "天气真好\n".encode("gb18030") * 9)
    corpus = Corpus([tmp_path], encoding="gb18030")
    for _ in range(2):
        assert text_of(corpus).decode().count("\ufffd") == 3
        report = corpus.decoding_report
        assert report is not None
        assert (report.count, report.first_place) == (3, f"{tmp_path / 'b.txt'}:10")
        corpus.place(str(tmp_path / "b.txt"), 0)  # reads a part only, and forgets nothing
    with pytest.raises(CorpusError, match=r"b\.txt:10: not valid gb18030 at byte 1; try --encoding"):
        text_of(Corpus([tmp_path], encoding="gb18030", errors="strict"))


def test_records_give_the_text_of_their_field(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    records = [{"meta": {"title": f"第{i}题"}} for i in range(50)]
    path.write_bytes(gzip.compress("\n".join(json.dumps(record) for record in records).encode()))
    corpus = Corpus([path], field="meta.title")
    whole = "".join(f"第{i}题\n" for i in range(50)).encode()
    check_shards(list(corpus.shards(16)), {str(path): whole}, 16)
    assert str(corpus.place(str(path), whole.index("第7题".encode()) + 1)) == f"{path}:8"
    with pytest.raises(CorpusError, match=r"a\.jsonl\.gz:1: has no field 'text'; there are 'meta'"):
        text_of(Corpus([path], field="text"))


# places


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("pack", PACKERS)
def test_an_offset_has_a_line_and_a_byte(tmp_path: Path, pack: str, mark: bytes) -> None:
    path = tmp_path / "a.txt"
    data = b"one\ntwo, \xff\n\n" + b"x" * 5000
    path.write_bytes(PACKERS[pack](mark + data))
    corpus = Corpus([path], shard_size=7)
    for offset in (0, 2, 3, 4, data.index(b"\xff"), 12, 4000):
        before = data[:offset]
        expected = Place(str(path), before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1)
        assert corpus.place(str(path), offset) == expected
    assert str(corpus.place(str(path), 4)) == f"{path}:2"


def test_texts_have_places_too() -> None:
    corpus = Corpus.from_texts(["a", "b", "c"])
    assert str(corpus.place("<texts>", 4)) == "<texts>:3"


# what may be named


def test_a_folder_is_all_its_text_files_sorted(tmp_path: Path) -> None:
    for name in ("b.txt", "a/2.txt", "a/10.txt", "c/d/e.txt", ".hidden", ".git/config", "empty.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("" if name == "empty.txt" else f"{name}\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01")
    (tmp_path / "more.zip").write_bytes(b"PK\x03\x04 and so on")
    (tmp_path / "gbk.txt").write_bytes("今天天气真好".encode("gbk"))
    os.mkfifo(tmp_path / "pipe")
    os.symlink(tmp_path, tmp_path / "c" / "loop")
    os.symlink("nowhere", tmp_path / "dangling")
    os.symlink("self", tmp_path / "self")
    corpus = Corpus([tmp_path])
    names = [os.path.relpath(path, tmp_path) for path in corpus.files]
    assert names == ["a/10.txt", "a/2.txt", "b.txt", "c/d/e.txt", "empty.txt"]
    assert text_of(corpus) == b"a/10.txt\na/2.txt\nb.txt\nc/d/e.txt\n"
    skipped = {os.path.relpath(each.path, tmp_path): each.reason for each in corpus.skipped}
    assert skipped == {
        ".hidden": "hidden",
        ".git": "hidden",
        "picture.png": "binary",
        "more.zip": "a ZIP archive or an office document",
        "gbk.txt": "not utf-8 text",
        "pipe": "a pipe or a device",
        "c/loop": "a link to a folder that is read already",
        "dangling": "a link that leads nowhere: no such file or folder",
        "self": "a link that leads nowhere: its symbolic links go in a circle",
    }


def test_globs_name_files_and_folders_each_once(tmp_path: Path) -> None:
    for name in ("d/a.txt", "d/e/b.txt", "d/e/c.md", "[x].txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "d" / "nothing").mkdir()

    def files(pattern: str) -> list[str]:
        return [os.path.relpath(path, tmp_path) for path in Corpus([tmp_path / pattern]).files]

    assert files("d/*.txt") == ["d/a.txt"]
    assert files("d/**/*.txt") == ["d/a.txt", "d/e/b.txt"]
    assert files("d/**") == ["d/a.txt", "d/e/b.txt", "d/e/c.md"]
    assert files("[x].txt") == ["[x].txt"]  # a file of that name goes before the pattern
    assert len(Corpus([tmp_path / "d/a.txt"] * 2).files) == 2  # named twice, read twice


def test_empty_files_give_nothing_and_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    (tmp_path / "b.gz").write_bytes(gzip.compress(b""))
    assert list(Corpus([tmp_path / "a.txt", tmp_path / "b.gz"]).shards()) == []


def test_a_named_binary_file_is_read_as_it_is(tmp_path: Path) -> None:
    data = bytes(range(256)) * 20
    (tmp_path / "a.bin").write_bytes(data)
    assert text_of(Corpus([tmp_path / "a.bin"])) == data


def test_texts_are_documents_of_a_line() -> None:
    corpus = Corpus.from_texts(("天气", "two\nlines", "", "\ud800!", "\ud83d\ude00"))
    whole = "天气\ntwo\nlines\n\n\ufffd!\n😀\n".encode()
    for _ in range(2):
        check_shards(list(corpus.shards(5)), {"<texts>": whole}, 5)
    assert corpus.files == []
    assert corpus.size() is None
    assert list(Corpus.from_texts([]).shards()) == []


def test_an_iterator_is_refused_since_it_can_be_read_only_once() -> None:
    with pytest.raises(ValueError, match="read only once"):
        open_corpus(line for line in ["a"])


def test_open_corpus_tells_paths_from_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("A")
    Path("语料").mkdir()
    Path("语料/b").write_text("B")
    ready = Corpus(["a.txt"])
    assert open_corpus(ready) is ready
    assert text_of(open_corpus("a.txt")) == b"A"
    assert text_of(open_corpus(Path("a.txt"))) == b"A"
    assert text_of(open_corpus(["a.txt", "语料"])) == b"AB"
    assert text_of(open_corpus(("语料",))) == b"B"
    assert text_of(open_corpus([Path("a.txt"), "语料/*"])) == b"AB"
    assert text_of(open_corpus(["语料", "今天天气真好"])) == "语料\n今天天气真好\n".encode()
    assert text_of(open_corpus(["和/或", "3/4"])) == "和/或\n3/4\n".encode()
    assert text_of(open_corpus([])) == b""
    assert text_of(open_corpus({"b": 1, "c": 2})) == b"b\nc\n"
    for missing in (["a.txt", "c.txt"], ["data/laws"], ["./c"], [Path("c")]):
        with pytest.raises(CorpusError, match="no such file"):
            open_corpus(missing)
    with pytest.raises(CorpusError, match=r"^今天: no such file or folder$"):
        open_corpus("今天")


# standard input


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("paths", [[], ["-"]])
@pytest.mark.parametrize("pack", PACKERS)
def test_standard_input_is_kept_for_further_passes(
    monkeypatch: pytest.MonkeyPatch, pack: str, paths: list[str]
) -> None:
    feed(monkeypatch, PACKERS[pack](TEXT.encode("gb18030")))
    with Corpus(paths, encoding="gb18030") as corpus:
        assert corpus.files == ["-"]
        assert corpus.size() is None
        for _ in range(2):
            check_shards(list(corpus.shards(9)), {"-": TEXT.encode()}, 9)
        assert corpus.size() == len(TEXT.encode())
        assert str(corpus.place("-", TEXT.encode().index(b"Hello"))) == "<stdin>:4"
    with pytest.raises(ValueError, match="closed"):
        list(corpus.shards())


def test_standard_input_may_be_empty_or_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b"")
    assert list(Corpus([]).shards()) == []
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(CorpusError, match=r"^<stdin>: standard input is closed; name a file$"):
        list(Corpus([]).shards())


def test_standard_input_that_cannot_be_kept_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    feed(monkeypatch, b"text")
    with pytest.raises(CorpusError, match=r"<stdin>: cannot be kept in .*/missing: no such .*--temp-dir"):
        list(Corpus([], temp_dir=str(tmp_path / "missing")).shards())


def test_bad_standard_input_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, gzip.compress(TEXT.encode())[:-9])
    with pytest.raises(CorpusError, match=r"^<stdin>: gzip data is cut off"):
        list(Corpus([]).shards())


def test_streamed_standard_input_arrives_line_by_line_and_leaves_no_file(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from minent.corpus.sources import Corpus\n"
        "for shard in Corpus([], temp_dir=sys.argv[1]).shards(once=True):\n"
        "    sys.stdout.buffer.write(shard.data.tobytes()); sys.stdout.flush()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        for line in (b"one\n", b"two\n"):  # an answer comes while the pipe is still open
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line
        process.stdin.close()
        assert process.wait() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", [None, "gb18030", "utf-16", "auto"])
def test_streamed_standard_input_is_decoded(monkeypatch: pytest.MonkeyPatch, encoding: str | None) -> None:
    text = "\ufeff\n今天的天气真好，我们去公园。\n" * 3
    feed(monkeypatch, text.encode("utf-16-le") if encoding == "utf-16" else text.encode())
    corpus = Corpus([], encoding=encoding, keep_bom=True)
    kept = text[1:] if encoding == "utf-16" else text
    assert text_of(corpus, once=True) == kept.encode()
    assert str(corpus.place("-", 5)) == "<stdin>"


# what goes wrong


def message(named: object, **options: str) -> str:
    with pytest.raises(CorpusError) as raised:
        for _ in Corpus([named], **options).shards():  # type: ignore[list-item, arg-type]
            pass
    text = str(raised.value)
    assert "\n" not in text
    assert text.encode()
    assert raised.value.exit_code == 1
    return text


def test_bad_input_is_told_in_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.symlink("self", tmp_path / "self")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(bytes(257) + b"ustar" + bytes(300)))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(1 << 20))[: 1 << 19])
    (tmp_path / "file").touch()
    cases = {
        "missing.txt": "no such file or folder",
        "missing*.txt": "no file has a name like this",
        "file/inside": "a part of its path is not a folder",
        "self": "its symbolic links go in a circle",
        "pipe": "is a pipe or a device, not a file; use - and redirect it",
        "empty": "there is no text file in this folder",
        "a.zip": "is a ZIP archive or an office document, not text; unpack or convert it first",
        "a.tar.gz": "is a tar archive, not text; unpack or convert it first",
        "cut.gz": "gzip data is cut off: it ends before its end mark; fetch or pack the file again",
        "nul\0": "no such file or folder",
    }
    for name, problem in cases.items():
        shown = f"{tmp_path}/{name}".replace("\0", "\\x00")
        assert message(f"{tmp_path}/{name}") == f"{shown}: {problem}"
    assert message("x" * 5000).endswith("File name too long")
    (tmp_path / "empty" / ".hidden").touch()
    assert message(tmp_path / "empty").endswith(f"; 1 skipped, the last is {tmp_path}/empty/.hidden: hidden")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_forbidden_files_and_folders_are_told(tmp_path: Path) -> None:
    for name in ("file", "folder"):
        (tmp_path / name).mkdir() if name == "folder" else (tmp_path / name).touch()
        (tmp_path / name).chmod(0)
        assert message(tmp_path / name) == f"{tmp_path / name}: permission denied"
    (tmp_path / "folder").chmod(0o700)


@pytest.mark.parametrize("refused", ["open", "listdir"])
def test_a_refusal_of_the_system_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)

    def refuse(path: object, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("builtins.open" if refused == "open" else "os.listdir", refuse)
    place = tmp_path / "a.txt" if refused == "open" else tmp_path
    assert message(tmp_path) == f"{place}: permission denied"


def test_strange_names_are_read_and_shown_on_one_line(tmp_path: Path) -> None:
    for name in (b"new\nline.txt", b"not utf-8 \xff.txt", "中文 名.txt".encode(), b"esc \x1b[31m.txt"):
        path = tmp_path / os.fsdecode(name)
        path.write_bytes(b"PK\x03\x04")
        assert message(path).isprintable()
        path.write_text("text\n")
    assert text_of(Corpus([tmp_path])) == b"text\n" * 4


def test_a_file_that_shrinks_or_is_replaced_between_passes_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"line\n" * 1000)
    corpus = Corpus([path])
    with path.open("ab") as file:
        file.write(b"more\n")
    assert text_of(corpus) == b"line\n" * 1000  # what is added later is not read
    shards = corpus.shards(100)
    next(shards)
    path.write_bytes(b"line\n")
    with pytest.raises(CorpusError, match="became shorter while it was read"):
        next(shards)
    with pytest.raises(CorpusError, match="was changed while it was in use"):
        text_of(corpus)
    path.write_bytes(b"line\n" * 1000)
    os.replace(path, tmp_path / "b.txt")
    path.write_bytes(b"else\n" * 1000)
    with pytest.raises(CorpusError, match="was changed while it was in use"):
        text_of(corpus)


def test_wrong_options_are_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown encoding 'klingon'"):
        Corpus([tmp_path], encoding="klingon")
    with pytest.raises(ValueError, match="unknown errors='ignore'"):
        Corpus([tmp_path], errors="ignore")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shard_size=0"):
        Corpus([tmp_path], shard_size=0)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize("pack", ["plain", "gz", "xz"])
def test_memory_stays_bounded_whatever_the_size_of_the_text(tmp_path: Path, pack: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(PACKERS[pack](b"one short line\n" * 20_000_000 if pack == "plain" else bytes(1 << 28)))
    script = (
        "import resource, sys\n"
        "from minent.corpus.sources import Corpus\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10\n"
        "start = peak()\n"
        "total = 0\n"
        "for shard in Corpus([sys.argv[1]]).shards():\n"
        "    total += int(shard.data.sum(dtype='int64'))\n"
        "print(peak() - start)\n"
    )
    found = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, check=True)
    assert int(found.stdout) < 100  # MiB


def test_shards_are_numbered_over_all_files(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text("line\n" * 10)
    shards = list(Corpus([tmp_path]).shards(10))
    check_shards(shards, {str(tmp_path / name): b"line\n" * 10 for name in "ab"}, 10)
    assert all(isinstance(shard.data, np.ndarray) and shard.data.dtype == np.uint8 for shard in shards)


@pytest.mark.parametrize("character", ["天", "a", "é"])
def test_a_text_without_any_place_to_cut_is_cut_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, character: str
) -> None:
    """Before any character, at the same places whatever the shards are and however the text comes."""
    monkeypatch.setattr(pieces, "LONGEST_PIECE", 1000)
    text = ("头 " + character * 1500 + "，" + character * 700 + "\n" + character * 999 + "。").encode()
    plain, packed = tmp_path / "a.txt", tmp_path / "a.txt.gz"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    cuts = set()
    for path in (plain, packed):
        for size in (10, 64, 400, 1000):
            shards = list(Corpus(path, shard_size=size).shards())
            assert b"".join(shard.data.tobytes() for shard in shards) == text
            assert max(len(shard.data) for shard in shards) <= 1000 + size
            for shard in shards:
                shard.data.tobytes().decode()  # no character is cut
            cuts.add(
                tuple(shard.offset for shard in shards if shard.mid_line and text[shard.offset - 1] not in b" \x8c")
            )
    assert len(cuts) == 1 and cuts != {()}
