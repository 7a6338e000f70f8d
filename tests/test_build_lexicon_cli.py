"""`minent build-lexicon` at the command line: what it writes and says, and what bad input, disks and users do to it."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from minent.cli import main
from minent.lexicon import load_lexicon, parse_lexicon

LINES = "苹果的颜色\n葡萄的味道\n苹果和葡萄\n颜色和味道\n" * 9
RECIPE = ("--recipe", "plain", "-j", "2")


@dataclass
class Result:
    code: int
    out: bytes
    err: str

    @property
    def message(self) -> str:
        """The one line that tells what went wrong."""
        assert "Traceback" not in self.err
        lines = [line for line in self.err.splitlines() if not line.startswith("minent: compiling kernels")]
        assert len(lines) == 1, self.err
        assert lines[0].startswith("minent: ")
        return lines[0].removeprefix("minent: ")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]):
    """Run the command in this process, in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MINENT_DEBUG", raising=False)

    def run(*args: object, recipe: tuple[str, ...] = RECIPE) -> Result:
        capfdbinary.readouterr()
        code = main(["build-lexicon", *map(str, args), *recipe])
        captured = capfdbinary.readouterr()
        return Result(code, captured.out, captured.err.decode())

    return run


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(LINES, encoding="utf-8")
    return path


def leftovers(folder: str = ".") -> list[str]:
    return sorted(os.listdir(folder))


# What it does


def test_it_writes_lexicon_tsv_here_and_a_summary_on_stderr(run, corpus: Path) -> None:
    result = run(corpus)
    assert (result.code, result.out) == (0, b"")
    assert leftovers() == ["lexicon.tsv"]
    assert load_lexicon("lexicon.tsv")["苹果"].count == 18
    summary = result.err
    assert "recipe plain with min_prob" in summary and "min_pmi 2" in summary
    assert "most frequent words: 味道 苹果 葡萄 颜色" in summary
    assert re.search(r"characters +10 +180 +3\.\d{3} +1\.000 +3\.\d{3}", summary)
    assert re.search(r"words +6 +108 ", summary)
    assert "6 words in lexicon.tsv" in summary
    assert all(len(line) < 200 for line in summary.splitlines())


def test_stdout_carries_the_lexicon_and_nothing_else(run, corpus: Path) -> None:
    run(corpus, "-o", "file.tsv")
    result = run(corpus, "-o", "-")
    assert result.out == Path("file.tsv").read_bytes()
    assert "6 words in stdout" in result.err


def test_quiet_is_quiet(run, corpus: Path) -> None:
    assert run(corpus, "-q").err == ""


def test_standard_input_is_a_corpus(corpus: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "minent", "build-lexicon", "--recipe", "plain", "-q", "-o", "-"]
    outputs = [
        subprocess.run(
            [*command, *more], input=LINES.encode(), capture_output=True, cwd=tmp_path, timeout=300, check=True
        )
        for more in ([], ["-"])
    ]
    again = subprocess.run([*command, str(corpus)], capture_output=True, cwd=tmp_path, timeout=300, check=True)
    assert outputs[0].stdout == outputs[1].stdout == again.stdout != b""


def test_known_words_are_marked_and_can_be_left_out(run, corpus: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.txt"
    known.write_text("苹果 3 n\n的\n", encoding="utf-8")
    run(corpus, "--known", known)
    lexicon = load_lexicon("lexicon.tsv")
    marks = dict(zip(lexicon.words, lexicon.columns["new"], strict=True))
    assert (marks["苹果"], marks["的"], marks["葡萄"]) == ("0", "0", "1")
    result = run(corpus, "--known", known, "--new-only")
    assert load_lexicon("lexicon.tsv").words == ["味道", "和", "葡萄", "颜色"]
    assert "4 words in lexicon.tsv" in result.err


def test_lists_protect_and_ban(run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "protect.txt").write_text("苹果的颜色\n", encoding="utf-8")
    (tmp_path / "ban.txt").write_text("葡萄\n", encoding="utf-8")
    assert run(corpus, "--protect", tmp_path / "protect.txt", "--ban", tmp_path / "ban.txt").code == 0
    lexicon = load_lexicon("lexicon.tsv")
    assert lexicon["苹果的颜色"].count == 9 and "葡萄" not in lexicon and lexicon["葡"].count == 18


def test_a_second_run_replaces_the_first(run, corpus: Path) -> None:
    Path("lexicon.tsv").write_text("old")
    assert run(corpus).code == 0
    assert load_lexicon("lexicon.tsv")["苹果"].count == 18 and leftovers() == ["lexicon.tsv"]


def test_a_text_without_words_is_no_error(run, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("好", encoding="utf-8")
    result = run(tmp_path / "one.txt")
    assert result.code == 0 and "no word of two units or more was found" in result.err


def test_endless_words_do_not_flood_the_summary(run, tmp_path: Path) -> None:
    (tmp_path / "base64.txt").write_text(("QUJD" * 100_000 + " 苹果 \n") * 9, encoding="utf-8")
    result = run(tmp_path / "base64.txt")
    assert result.code == 0 and len(result.err) < 2000


def test_class_words_do_not_confuse_the_summary(run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "protect.txt").write_text("<N>年\n\x1b[31m红\n", encoding="utf-8")
    result = run(corpus, "--protect", tmp_path / "protect.txt")
    assert result.code == 0 and "\x1b" not in result.err


# Bad usage: exit code 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--min-prob", "nan"], "nan is not a finite number"),
        (["--min-prob", "1"], "1"),
        (["--min-pmi", "nan"], "min_pmi is nan; it must be a finite number"),
        (["--min-pmi", "much"], "'much' is not a valid float"),
        (["--max-length", "2", "--min-length", "3"], "max_length is 2; it must be at least 3"),
        (["--min-count", "0"], "0 is not in the range x>=1"),
        (["--order", "9"], "9 is not in the range 2<=x<=8"),
        (["--seed", str(2**70)], "it must be from 0 to 2^63 - 1"),
        (["--new-only"], "--new-only needs --known LIST"),
        (["-j", "0"], "0 is not in the range x>=1"),
        (["--encoding", "latin-1"], "'latin-1' is not one of"),
        (["--units", "word"], "'word' is not one of"),
        (["--recipes"], "No such option"),
        (["-o", "."], "is a directory"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(run, corpus: Path, args: list[str], message: str) -> None:
    result = run(corpus, *args, recipe=())
    assert result.code == 2
    assert message in result.message and "see minent build-lexicon --help" in result.message
    assert leftovers() == []


# Bad input: exit code 1


def failed(result: Result, *parts: str) -> None:
    assert (result.code, result.out) == (1, b"")
    for part in parts:
        assert part in result.message
    assert leftovers() == [], "no partial output"


def test_a_missing_file(run, corpus: Path, tmp_path: Path) -> None:
    failed(run(corpus, tmp_path / "none.txt"), "none.txt: no such file or folder")


def test_a_missing_list(run, corpus: Path, tmp_path: Path) -> None:
    for option in ("--known", "--protect", "--ban"):
        failed(run(corpus, option, tmp_path / "none.txt"), "none.txt: no such file or folder")


def test_a_list_with_a_bad_line(run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("苹果 3\n葡萄 many\n", encoding="utf-8")
    failed(run(corpus, "--known", tmp_path / "list.txt"), "list.txt:2: the count 'many' is not a whole number")


def test_a_glob_without_a_match(run, tmp_path: Path) -> None:
    failed(run(tmp_path / "*.log"), "*.log: no file has a name like this")


@pytest.mark.parametrize("content", ["", "\n\n", "，。！？", "\ufeff"])
def test_a_file_without_text(run, tmp_path: Path, content: str) -> None:
    (tmp_path / "empty.txt").write_text(content, encoding="utf-8")
    failed(run(tmp_path / "empty.txt"), "empty.txt: no Han character, Latin letter or digit in it")


def test_several_files_without_text(run, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text("", encoding="utf-8")
    failed(run(tmp_path / "a", tmp_path / "b"), "2 files: no Han character")


def test_an_odd_file_name_stays_on_one_line(run, tmp_path: Path) -> None:
    path = tmp_path / "a\nb\x1b.txt"
    path.write_text("", encoding="utf-8")
    failed(run(path), "a\\nb\\x1b.txt: no Han character")


def test_a_folder_with_binary_files_among_the_texts(run, corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.txt").write_text(LINES, encoding="utf-8")
    (folder / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    (folder / "c.bin").write_bytes(os.urandom(5000))
    result = run(folder)
    assert result.code == 0 and "skipped 2 of the files, the first: " in result.err and "b.png" in result.err
    assert load_lexicon("lexicon.tsv")["苹果"].count == 18


def test_a_folder_of_nothing_but_binary_files(run, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "b.bin").write_bytes(bytes(range(256)) * 9)
    failed(run(tmp_path / "x"), "there is no text file in this folder", "1 skipped")


def test_gbk_read_as_utf8(run, tmp_path: Path) -> None:
    path = tmp_path / "gbk.txt"
    path.write_bytes(b"abc 2001\n" + LINES.encode("gbk"))
    result = run(path)
    assert result.code == 0
    assert re.search(r"[\d,]+ bytes were not valid text, the first at \S*gbk\.txt:2; try --encoding auto", result.err)
    os.unlink("lexicon.tsv")
    strict = run(path, "--errors", "strict")
    failed(strict, "gbk.txt:2: not valid UTF-8 at byte 3; try --encoding auto")  # two of GBK may be one of UTF-8
    assert run(path, "--encoding", "gb18030").code == run(path, "--encoding", "auto").code == 0
    assert load_lexicon("lexicon.tsv")["苹果"].count == 18


def test_gbk_without_one_ascii_letter_says_what_to_try(run, tmp_path: Path) -> None:
    path = tmp_path / "gbk.txt"
    path.write_bytes("今天今天，\n".encode("gb2312"))
    failed(run(path), "gbk.txt: no Han character", "try --encoding auto")


def test_bytes_that_gb18030_does_not_know(run, tmp_path: Path) -> None:
    path = tmp_path / "gbk.txt"
    path.write_bytes(LINES.encode("gbk") + b"\xff\xff\n" + LINES.encode("gbk"))
    result = run(path, "--encoding", "gb18030")
    assert result.code == 0 and "2 bytes were not valid text, the first at" in result.err
    os.unlink("lexicon.tsv")
    failed(run(path, "--encoding", "gb18030", "--errors", "strict"), "gbk.txt:37: not valid gb18030 at byte 1")


def test_nul_bytes_are_boundaries(run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "nul.txt").write_bytes(LINES.encode().replace(b"\n", b"\0"))
    assert run(tmp_path / "nul.txt", "-o", "a").code == run(corpus, "-o", "b").code == 0
    assert Path("a").read_bytes() == Path("b").read_bytes()


@pytest.mark.parametrize("megabytes", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_one_line_of_megabytes(run, tmp_path: Path, megabytes: int) -> None:
    line = (LINES.replace("\n", "，").encode() + b"a1b2" * 10) * 9
    path = tmp_path / "line.txt"
    with path.open("wb") as file:
        for _ in range(megabytes * 1_000_000 // len(line)):
            file.write(line)
    assert run(path).code == 0
    assert load_lexicon("lexicon.tsv")["苹果"].count == 18 * 9 * (megabytes * 1_000_000 // len(line))


def test_one_line_of_megabytes_without_any_boundary(run, tmp_path: Path) -> None:
    line = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
    (tmp_path / "line.txt").write_text(line * 555, encoding="utf-8")
    assert run(tmp_path / "line.txt", "-o", tmp_path / "x.tsv").code == 0
    failed(run(tmp_path / "line.txt", recipe=("--recipe", "cohesion")), "the lexicon: would be empty")


@pytest.mark.parametrize("pack", [lzma.compress, gzip.compress])
def test_a_packed_file_that_was_cut_short(run, tmp_path: Path, pack) -> None:
    lines = "".join(f"第{number}行苹果{number * 7919 % 10007}\n" for number in range(100_000))
    packed = pack(lines.encode())
    (tmp_path / "short.xz").write_bytes(packed[: len(packed) // 2])
    failed(run(tmp_path / "short.xz"), "short.xz: ")


def test_json_lines_without_the_field(run, tmp_path: Path) -> None:
    """The first record must have it, or the field is likely another one; later ones are left out and reported."""
    (tmp_path / "a.jsonl").write_text('{"title": "葡萄"}\n{"text": "苹果"}\n', encoding="utf-8")
    failed(run(tmp_path / "a.jsonl", "--field", "text"), "a.jsonl:1: has no field 'text'; there are 'title'")
    lines = '{"text": "苹果的颜色"}\n' * 30 + '{"title": "葡萄"}\n{"text": 5}\nno json\n{"text": "苹果"}\n'
    (tmp_path / "b.jsonl").write_text(lines, encoding="utf-8")
    result = run(tmp_path / "b.jsonl", "--field", "text", "-o", tmp_path / "l.tsv")
    assert result.code == 0
    assert "left out 3 records, the first: " in result.err and "b.jsonl:31: has no field 'text'" in result.err
    assert "\n苹\t31\t" in (tmp_path / "l.tsv").read_text(encoding="utf-8")
    result = run(tmp_path / "b.jsonl", "--field", "text", "--errors", "strict")
    assert result.code == 1 and "b.jsonl:31: has no field 'text'" in result.err


# Bad output


def test_an_output_in_a_missing_folder(run, corpus: Path) -> None:
    failed(run(corpus, "-o", "none/x.tsv"), "none/x.tsv: its folder does not exist; no partial output was left")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
@pytest.mark.parametrize("how", ["same", "link"])
def test_an_output_onto_the_input(run, corpus: Path, tmp_path: Path, how: str) -> None:
    output = corpus
    if how == "link":
        output = tmp_path / "link.tsv"
        output.symlink_to(corpus)
    failed(run(corpus, "-o", output), "is one of the inputs and is not overwritten")
    assert corpus.read_text(encoding="utf-8") == LINES


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_an_output_onto_redirected_input(corpus: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "minent", "segment", "-q"]
    before = corpus.read_bytes()
    (tmp_path / "link.txt").symlink_to(corpus)
    for output in (corpus, tmp_path / "link.txt"):
        with corpus.open("rb") as redirected:
            done = subprocess.run([*command, "-o", str(output)], stdin=redirected, capture_output=True, text=True)
        assert done.returncode == 1 and "is one of the inputs and is not overwritten" in done.stderr
    for arguments in ([], [str(corpus)]):  # minent segment < corpus.txt >> corpus.txt would never end
        with corpus.open("rb") as redirected, corpus.open("ab") as appended:
            done = subprocess.run(
                [*command, *arguments], stdin=redirected, stdout=appended, stderr=subprocess.PIPE, text=True, timeout=60
            )
        assert done.returncode == 1 and "<stdout>: is one of the inputs and is not overwritten" in done.stderr
    assert corpus.read_bytes() == before


def test_an_output_onto_a_list(run, corpus: Path, tmp_path: Path) -> None:
    words = tmp_path / "list.txt"
    words.write_text("苹果\n", encoding="utf-8")
    for option in ("--known", "--protect", "--ban"):
        failed(run(corpus, option, words, "-o", words), "is one of the inputs and is not overwritten")
    assert words.read_text(encoding="utf-8") == "苹果\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_without_space(run, corpus: Path) -> None:
    failed(run(corpus, "-o", "/dev/full"), "/dev/full: no space left on the disk")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(run, tmp_path: Path, small_disk: Path) -> None:
    (tmp_path / "corpus.txt").write_text("".join(f"w{number} " for number in range(5000)) * 3, encoding="utf-8")
    old = small_disk / "lexicon.tsv"
    old.write_text("old", encoding="utf-8")
    failed(run(tmp_path / "corpus.txt", "-o", old, "--min-prob", "0"), "lexicon.tsv: no space left on the disk")
    assert leftovers(str(small_disk)) == ["lexicon.tsv"] and old.read_text() == "old"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout(tmp_path: Path, small_disk: Path, unbuffered: str) -> None:
    """Unbuffered output may be written in part without an error: the rest must be tried, too."""
    (tmp_path / "corpus.txt").write_text("".join(f"w{number} " for number in range(5000)) * 3, encoding="utf-8")
    command = [sys.executable, "-m", "minent", "build-lexicon", "corpus.txt", *RECIPE, "--min-prob", "0", "-qo", "-"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open(small_disk / "out.tsv", "wb") as full:
        result = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=environment, timeout=300
        )
    failed_line = Result(result.returncode, b"", result.stderr.decode())
    assert failed_line.code == 1 and "<stdout>: no space left on the disk" in failed_line.message


# Interruption


@pytest.fixture(scope="module")
def endless_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gigabytes in a small file: many packed copies of a text, one after the other."""
    block = "".join(chr(0x4E00 + k * k % 5000) + ("\n" if k % 50 == 0 else "") for k in range(30_000)).encode() * 40
    path = tmp_path_factory.mktemp("endless") / "corpus.gz"
    path.write_bytes(gzip.compress(block) * 1500)
    return path


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize(
    ("signal_number", "jobs", "code"), [(signal.SIGINT, 1, 130), (signal.SIGINT, 2, 130), (signal.SIGTERM, 2, 143)]
)
def test_an_interrupted_run_leaves_nothing(
    endless_corpus: Path, tmp_path: Path, signal_number: int, jobs: int, code: int
) -> None:
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    (here / "lexicon.tsv").write_text("old", encoding="utf-8")
    command = [sys.executable, "-m", "minent", "build-lexicon", str(endless_corpus)]
    process = subprocess.Popen(
        [*command, "--recipe", "plain", "-j", str(jobs), "-T", str(temporary)],
        cwd=here, env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        time.sleep(3)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal_number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == code
    assert out == b"" and "Traceback" not in err.decode() and len(err.splitlines()) <= 1
    assert leftovers(str(here)) == ["lexicon.tsv"] and (here / "lexicon.tsv").read_text() == "old"
    assert leftovers(str(temporary)) == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_interrupted_while_standard_input_is_awaited(tmp_path: Path) -> None:
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    command = [sys.executable, "-m", "minent", "build-lexicon", "-T", str(temporary), *RECIPE]
    process = subprocess.Popen(command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdin is not None
        process.stdin.write(LINES.encode() * 1000)
        process.stdin.flush()
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    finally:
        process.kill()
        process.communicate()
    assert leftovers(str(here)) == leftovers(str(temporary)) == []


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_reader_of_the_output_may_leave(tmp_path: Path, unbuffered: str) -> None:
    (tmp_path / "many.txt").write_text("".join(f"w{number} " for number in range(60_000)) * 3, encoding="utf-8")
    command = [sys.executable, "-m", "minent", "build-lexicon", "many.txt", *RECIPE, "--min-prob", "0", "-o", "-"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"#minent-lexicon 1\n"
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read().decode()
    assert process.wait(timeout=60) == 141


def test_a_hundred_thousand_workers_are_not_started(run, corpus: Path) -> None:
    result = run(corpus, "-o", "a", recipe=("--recipe", "plain", "-j", "100000"))
    assert result.code == 0
    run(corpus, "-o", "b")
    assert parse_lexicon(Path("a").read_bytes()) == load_lexicon("b")


def test_an_option_of_another_recipe_is_a_usage_error(run, corpus: Path) -> None:
    result = run(corpus, "--order", "6", recipe=())
    assert (result.code, result.out) == (2, b"")
    assert "--order goes with --recipe cohesion, not default" in result.message


def test_a_corpus_of_one_word_is_told_and_writes_nothing(run, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("中国", encoding="utf-8")
    hint = "more text, or a lower --min-count, may help"
    failed(run(tmp_path / "one.txt", recipe=()), f"no word occurs often enough; {hint}")
