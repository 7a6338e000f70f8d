"""Files made to do harm: headers that lie, bombs, loops of links, strange names, outputs onto inputs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import zstandard

from minent.cli import main
from minent.corpus.sources import Corpus
from minent.counting import count_corpus_units
from minent.errors import CorpusError, LexiconError
from minent.export import import_lexicon
from minent.grammar import GrammarError, load_grammar
from minent.lexicon import Lexicon, load_lexicon
from minent.templates import load_classes, load_templates
from minent.unknown_model import load_model, model_path

MIB = 1 << 20


def array_header(text: str) -> bytes:
    """The first bytes of an array in NumPy's format, with this in the place of its description."""
    header = text.encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


HEADERS = [
    array_header(f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({1 << 62},), }}\n"),
    array_header(f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({1 << 32}, {1 << 32}), }}\n"),
    array_header(f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({'9' * 4000},), }}\n"),
    array_header("{'descr': '<i8', 'fortran_order': False, 'shape': (-1,), }\n"),
    array_header("{'descr': '<i4', 'fortran_order': False, 'shap\0\0\0\0\0\0\0\5), }\n"),
    array_header("{'descr': ((((((\n"),
    array_header("(" * 5000),
    array_header("{'descr': 'O', 'fortran_order': False, 'shape': (1,), }\n"),
    array_header("{'descr': [('a', '<i8')] * 9999, 'fortran_order': False, 'shape': (), }\n"),
    b"\x93NUMPY\x01\x00\xff\xff",
    b"\x93NUMPY\x09\x00\x01\x00{",
    b"",
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_of_arrays_that_lie_are_refused_in_one_line(tmp_path: Path, header: bytes) -> None:
    grammar, lexicon = tmp_path / "grammar.npz", tmp_path / "lexicon.tsv"
    Lexicon.from_counts({"天": 3}).save(lexicon)
    for path, name in ((grammar, "counts"), (Path(model_path(lexicon)), "minent_word_model")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}.npy", header)
    with pytest.raises(GrammarError) as grammar_error:
        load_grammar(grammar)
    with pytest.raises(LexiconError) as model_error:
        load_model(lexicon, "digest")
    for error in (grammar_error.value, model_error.value):
        assert "\n" not in str(error) and str(tmp_path) in str(error)


def test_members_that_unpack_to_far_more_than_they_say_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("counts.npy", bytes(64 * MIB))
    data = bytearray(buffer.getvalue())
    for at in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):  # the size when unpacked
        data[at : at + 4] = (100).to_bytes(4, "little")
    (tmp_path / "grammar.npz").write_bytes(bytes(data))
    with pytest.raises(GrammarError, match="is no grammar, or a damaged one"):
        load_grammar(tmp_path / "grammar.npz")


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("load", [load_lexicon, load_templates, load_classes, partial(import_lexicon, format="jieba")])
def test_a_table_that_is_a_bomb_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packer: str, load: Callable[[Path], object]
) -> None:
    path = tmp_path / f"bomb.{packer}"
    path.write_bytes(PACKERS[packer](bytes(8 * MIB)) * 8)
    monkeypatch.setattr("minent.table_files.LARGEST", 16 * MIB)
    with pytest.raises(CorpusError, match="unpacks to more than 16 MiB; no table is so large"):
        load(path)


PEAK = """
import os, sys
from minent.cli import main
code = main(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))  # KiB, not the parent's
os._exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize(
    ("packer", "content", "blocks"),
    [*((packer, "\0", 32) for packer in PACKERS), ("zst", "天", 16), ("gz", "天地\n", 32)],
)
def test_a_corpus_that_is_a_bomb_takes_no_more_memory_than_the_limit(
    tmp_path: Path, packer: str, content: str, blocks: int
) -> None:
    """512 MiB from a few hundred KiB, as one record, one line (256 MiB, each 3 bytes and 4 of a unit), or many."""
    block = content.encode() * (16 * MIB // len(content.encode()))
    path = tmp_path / f"bomb.{packer}"
    path.write_bytes(PACKERS[packer](block) * blocks)
    arguments = ["build-lexicon", "--recipe", "plain", "-q", "-j", "1", "-S", "96M", "-o", str(tmp_path / "l.tsv")]
    done = subprocess.run([sys.executable, "-c", PEAK, *arguments, str(path)], capture_output=True, text=True)
    assert "internal error" not in done.stderr
    # KiB: the limit, a stretch that cannot be cut (its text, and 4 bytes a unit, some times over), the program
    assert int(done.stdout.split()[-1]) < (96 + 5 * 64 + 200) * 1024


def test_loops_of_links_end_and_are_told(tmp_path: Path) -> None:
    inner = tmp_path / "corpus" / "inner"
    inner.mkdir(parents=True)
    (inner / "text.txt").write_text("天地玄黄\n", encoding="utf-8")
    (inner / "up").symlink_to(tmp_path / "corpus")
    (inner / "self").symlink_to("self")
    (inner / "ring").symlink_to("gnir")
    (inner / "gnir").symlink_to("ring")
    corpus = Corpus(tmp_path / "corpus")
    assert [os.path.basename(path) for path in corpus.files] == ["text.txt"]
    assert len(corpus.skipped) == 4
    with pytest.raises(CorpusError) as raised:
        Corpus(inner / "self")
    assert "\n" not in str(raised.value)


def test_names_with_line_ends_and_bytes_that_are_no_text_stay_in_one_line(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/a\nb\xff\x1b[31m"
    os.mkdir(folder)
    name = folder + b"/c\r\nd.txt"
    with open(name, "wb") as file:
        file.write("天地".encode() + b"\xff")
    units, invalid = count_corpus_units(Corpus(os.fsdecode(name)))
    assert units.total == 2 and invalid is not None
    assert not set("\n\r\x1b") & set(str(invalid))
    with pytest.raises(CorpusError) as raised:
        count_corpus_units(Corpus(os.fsdecode(name), errors="strict"))
    assert not set("\n\r\x1b") & set(str(raised.value))


@pytest.mark.parametrize(
    "command",
    [
        ["build-lexicon", "--recipe", "plain", "IN", "-o", "OUT"],
        ["segment", "IN", "-l", "LEXICON", "-o", "OUT"],
        ["segment", "OTHER", "-l", "IN", "-o", "OUT"],
        ["segment", "OTHER", "-l", "LEXICON", "--protect", "IN", "-o", "OUT"],
        ["grammar", "OTHER", "-l", "IN", "-o", "OUT"],
        ["templates", "IN", "-l", "LEXICON", "-o", "OUT"],
        ["templates", "OTHER", "-l", "IN", "-o", "OUT"],
    ],
)
@pytest.mark.parametrize("way", ["itself", "symlink", "hard link", "dots"])
def test_an_input_is_not_overwritten_by_any_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], way: str
) -> None:
    source, other, lexicon = tmp_path / "in.txt", tmp_path / "other.txt", tmp_path / "lexicon.tsv"
    source.write_text("天\t3\n", encoding="utf-8")
    other.write_text("天地\n", encoding="utf-8")
    Lexicon.from_counts({"天": 3}).save(lexicon)
    output = tmp_path / "out.txt"
    if way == "symlink":
        output.symlink_to(source)
    elif way == "hard link":
        output.hardlink_to(source)
    else:
        output = source if way == "itself" else tmp_path / ".." / tmp_path.name / "in.txt"
    names = {"IN": str(source), "OTHER": str(other), "LEXICON": str(lexicon), "OUT": str(output)}
    assert main([*(names.get(word, word) for word in command), "-q", "-j", "1"]) == 1
    assert "is one of the inputs and is not overwritten" in capsys.readouterr().err
    assert source.read_text(encoding="utf-8") == "天\t3\n"
