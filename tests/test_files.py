"""Outputs: whole or absent, with the right permissions, through links, on full disks and after Ctrl-C."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from minent.errors import OutputError
from minent.files import AtomicFiles, atomic_directory, atomic_open, display_path, refuse_overwrite


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_an_output_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    with atomic_open(path) as file:
        file.write(b"data")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"data"
    with atomic_open(path, "w") as file:
        file.write("词\r\n库\n")
        assert path.read_bytes() == b"data"
    assert path.read_bytes() == "词\r\n库\n".encode()
    assert names(tmp_path) == ["a.tsv"]


@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("before", [None, b"old"])
def test_an_exception_leaves_what_was_there(tmp_path: Path, problem: type[BaseException], before: bytes | None) -> None:
    path = tmp_path / "a.tsv"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(problem), atomic_open(path) as file:
        file.write(b"half")
        raise problem
    assert names(tmp_path) == ([] if before is None else ["a.tsv"])
    assert before is None or path.read_bytes() == before


@pytest.mark.parametrize("problem", [None, OSError(28, None), KeyboardInterrupt()])
def test_several_files_take_their_names_together_or_not_at_all(tmp_path: Path, problem: BaseException | None) -> None:
    old, new = {"a": "1", "gone": "1"}, {"a": "2", "b": "2"}
    for name, content in old.items():
        (tmp_path / name).write_text(content)
    with suppress(OutputError, KeyboardInterrupt), AtomicFiles() as files:
        files.remove(tmp_path / "gone")
        files.remove(tmp_path / "not there")
        for name, content in new.items():
            with files.open(tmp_path / name, "w") as file:
                file.write(content)
                if problem is not None and name == "b":
                    raise problem
        assert names(tmp_path)[-2:] == ["a", "gone"] and (tmp_path / "a").read_text() == "1"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == (new if problem is None else old)


def test_of_several_files_the_one_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError, match=f"{tmp_path}/b: is a folder"), AtomicFiles() as files:
        with files.open(tmp_path / "a") as file:
            file.write(b"2")
        with files.open(tmp_path / "b"):
            pass
    with pytest.raises(OutputError, match=f"{tmp_path}/b: "), AtomicFiles() as files:
        with files.open(tmp_path / "a") as file:
            file.write(b"2")
        files.remove(tmp_path / "b")
    assert names(tmp_path) == ["a", "b"] and (tmp_path / "a").read_text() == "1"


def test_permissions_are_those_of_the_umask_or_of_the_file_before(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    old = os.umask(0o027)
    try:
        with atomic_open(path) as file:
            file.write(b"1")
        with atomic_directory(tmp_path / "d"):
            pass
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o750
    path.chmod(0o600)
    with atomic_open(path) as file:
        file.write(b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed_and_stays_a_link(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "a.tsv"
    if exists:
        target.write_bytes(b"old")
    (tmp_path / "link").symlink_to(target)
    with atomic_open(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["link", "real"]
    assert names(tmp_path / "real") == ["a.tsv"]


def test_a_dash_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with atomic_open("-") as file:
        file.write(b"bytes\n")
    with atomic_open("/dev/stdout", "w") as file:
        file.write("文字\n")
    print("still open", flush=True)
    assert capfdbinary.readouterr().out == "bytes\n文字\nstill open\n".encode()


def test_a_device_is_written_in_place() -> None:
    with atomic_open("/dev/null") as file:
        file.write(b"gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def message(path: object, mode: str = "wb") -> str:
    with pytest.raises(OutputError) as raised, atomic_open(path, mode) as file:  # type: ignore[arg-type]
        file.write(b"data")
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_what_the_system_refuses_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.symlink("self", tmp_path / "self")
    cases = {
        tmp_path: "is a folder",
        tmp_path / "missing" / "a": "no such file or folder",
        tmp_path / "file" / "a": "a part of its path is not a folder",
        tmp_path / "self": "its symbolic links go in a circle",
    }
    for path, problem in cases.items():
        assert message(path) == f"{path}: {problem}; no partial output was left"
    assert message("/dev/full").startswith("/dev/full: no space left on the disk; ")
    assert message(f"{tmp_path}/new\nline/a").startswith(f"{tmp_path}/new\\nline/a: no such file")
    assert names(tmp_path) == ["file", "self"]


def test_the_longest_file_name_has_room_for_its_sibling(tmp_path: Path) -> None:
    name = "词" * 85  # 255 bytes
    with atomic_open(tmp_path / name) as file:
        file.write(b"data")
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("call", ["os.fsync", "os.replace"])
def test_a_disk_that_fills_up_at_the_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(call, refuse)
    assert "a.tsv: no space left on the disk" in message(tmp_path / "a.tsv")
    with pytest.raises(OutputError, match="no space left"), atomic_open(tmp_path / "a.tsv", "w") as file:
        file.write("text")
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of file size")
def test_a_file_that_may_not_grow_is_told_and_removed(tmp_path: Path) -> None:
    script = (
        "import resource, sys\n"
        "from minent.errors import OutputError\n"
        "from minent.files import atomic_open\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))\n"
        "try:\n"
        "    with atomic_open(sys.argv[1]) as file:\n"
        "        for _ in range(100): file.write(bytes(1 << 14))\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a")], capture_output=True, text=True)
    assert found.stdout == f"{tmp_path / 'a'}: File too large; no partial output was left\n"
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("opener", ["atomic_open", "atomic_directory"])
def test_ctrl_c_leaves_nothing(tmp_path: Path, opener: str) -> None:
    script = (
        "import signal, sys, time\n"
        f"from minent.files import {opener}\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"with {opener}(sys.argv[1]):\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "a")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        assert len(names(tmp_path)) == 1
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) != 0
    assert names(tmp_path) == []


def test_errors_of_other_files_and_of_a_closed_pipe_are_not_ours(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_open(tmp_path / "a"):
        (tmp_path / "missing").read_bytes()
    with pytest.raises(BrokenPipeError), atomic_open(tmp_path / "a"):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert names(tmp_path) == []


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with atomic_directory(path) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "a").write_text("a")
        assert not path.exists()
    assert (path / "deep" / "a").read_text() == "a"
    with pytest.raises(OutputError, match="model: exists and is not empty"), atomic_directory(path):
        raise AssertionError("not reached")
    with pytest.raises(KeyboardInterrupt), atomic_directory(path, overwrite=True) as folder:
        (folder / "b").touch()
        raise KeyboardInterrupt
    assert names(path) == ["deep"]
    with atomic_directory(path, overwrite=True) as folder:
        (folder / "b").touch()
    assert names(path) == ["b"]
    assert names(tmp_path) == ["model"]


def test_an_empty_folder_is_filled_and_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with atomic_directory(tmp_path / "empty") as folder:
        (folder / "a").touch()
    assert names(tmp_path / "empty") == ["a"]
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file: exists and is not a folder"), atomic_directory(tmp_path / "file"):
        raise AssertionError("not reached")


def test_a_folder_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()
    real_rename = os.rename

    def rename(source: str, target: str) -> None:
        if source.endswith(".part") and os.path.exists(os.path.join(source, "new")):
            raise OSError(errno.ENOSPC, "No space left on device", source, None, target)
        real_rename(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(OutputError, match="no space"), atomic_directory(path, overwrite=True) as folder:
        (folder / "new").touch()
    assert names(path) == ["old"]
    assert names(tmp_path) == ["model"]


def test_an_output_is_never_one_of_the_inputs(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    (tmp_path / "link").symlink_to("a")
    os.link(tmp_path / "a", tmp_path / "hard")
    for output in ("a", "link", "hard", "../" + tmp_path.name + "/a"):
        with pytest.raises(OutputError, match="is one of the inputs"):
            refuse_overwrite(tmp_path / output, ["-", str(tmp_path / "missing"), str(tmp_path / "a")])
    refuse_overwrite(tmp_path / "b", [str(tmp_path / "a")])
    refuse_overwrite(tmp_path / "new", [str(tmp_path / "a")])
    refuse_overwrite("-", ["-"])


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("语料/a b.txt", "语料/a b.txt"),
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("\x1b[31m", "\\x1b[31m"),
        (os.fsdecode(b"\xff"), "\\udcff"),
        ("\u202egnp", "\\u202egnp"),
    ],
)
def test_a_path_is_shown_on_one_line(path: str, shown: str) -> None:
    assert display_path(path) == shown
    assert shown.isprintable()
