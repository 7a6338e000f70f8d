"""Outputs that are whole or absent: a temporary sibling takes the name when it is complete."""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from minent.errors import OutputError

if TYPE_CHECKING:
    from typing_extensions import Self

STDOUT_NAMES = ("-", "/dev/stdout")
PROBLEMS = {
    errno.ENOENT: "no such file or folder",
    errno.EACCES: "permission denied",
    errno.EISDIR: "is a folder",
    errno.ENOTDIR: "a part of its path is not a folder",
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.ELOOP: "its symbolic links go in a circle",
    errno.EROFS: "the file system is read-only",
}


def display_path(path: str | os.PathLike[str]) -> str:
    """A path fit for a message: one line, whatever the name holds (newlines, escapes, invalid bytes).

    >>> display_path("a\\nb.txt")
    'a\\\\nb.txt'
    """
    name = os.fsdecode(path)
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def describe_os_error(error: OSError) -> str:
    """What the operating system complains about, in a few words and without the path."""
    return PROBLEMS.get(error.errno or 0) or error.strerror or str(error) or type(error).__name__


def refuse_overwrite(output: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Raise OutputError when `output` is one of the files `inputs`, under whatever name, or its folder is missing.

    `-` is the file that standard output, or for an input standard input, was redirected to; a terminal may be both.
    """
    to_stdout = os.fspath(output) in STDOUT_NAMES
    if not to_stdout and not os.path.exists(output):
        if not os.path.isdir(os.path.dirname(os.path.realpath(output))):
            raise OutputError(display_path(output), "its folder does not exist")
        return
    for path in inputs:
        with suppress(OSError):
            there = _redirected(sys.stdout) if to_stdout else os.stat(output)
            here = _redirected(sys.stdin) if os.fspath(path) == "-" else os.stat(_local_name(os.fspath(path)))
            if stat.S_ISREG(here.st_mode) and os.path.samestat(there, here):
                raise OutputError(_shown(os.fspath(output)), "is one of the inputs and is not overwritten")


def _local_name(path: str) -> str:
    """What a file:/ URL, as Spark is given it, is called here."""
    return "/" + path[len("file:/") :].lstrip("/") if path.startswith("file:/") else path


def _redirected(stream: IO[str] | None) -> os.stat_result:
    """The status of what a standard stream leads to. OSError where that is nothing."""
    if stream is None:
        raise OSError(errno.EBADF, None)
    return os.fstat(stream.fileno())


def _shown(name: str) -> str:
    return "<stdout>" if name in STDOUT_NAMES else display_path(name)


@contextmanager
def atomic_open(path: str | os.PathLike[str], mode: Literal["wb", "w"] = "wb") -> Iterator[IO[Any]]:
    """Open `path` for writing so that it appears whole when the block ends, or not at all.

    The bytes go to a hidden sibling file, which is synced and renamed onto the path at the end; on any
    exception, KeyboardInterrupt too, it is removed. A symbolic link is followed, an existing file is
    replaced and hands on its permissions, a new one gets those of the umask. `-` is stdout; a device or a
    named pipe (`/dev/null`) is written in place. Mode `w` is UTF-8 with line ends as they are.

    Raises OutputError for whatever the operating system refuses: an OSError without a file name that leaves
    the block is taken for a failed write. BrokenPipeError is left to the caller, who ends quietly.
    """
    name = os.fspath(path)
    with output_errors(name):
        if name in STDOUT_NAMES:
            yield from _standard_output(mode)
            return
        existing = _status(name)
        if existing is not None and not (stat.S_ISREG(existing.st_mode) or stat.S_ISDIR(existing.st_mode)):
            with _stream(os.open(name, os.O_WRONLY), mode) as stream:
                yield stream
            return
        with AtomicFiles() as files, files.open(name, mode) as stream:
            yield stream


class AtomicFiles:
    """Files that are written one after another and take their names together, when the block ends, or not at all.

    Only a process that dies while they take their names, in the order in which they were opened, leaves some of them.
    """

    def __init__(self) -> None:
        self._whole: list[tuple[str, str, str]] = []  # temporary siblings, the files they become, and their names
        self._leaving: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._rename()
        finally:
            for temporary, *_names in self._whole:
                with suppress(OSError):
                    os.unlink(temporary)

    @contextmanager
    def open(self, path: str | os.PathLike[str], mode: Literal["wb", "w"] = "wb") -> Iterator[IO[Any]]:
        """One of the files, as `atomic_open`; it is on the disk when this block ends, and waits for its name."""
        name = os.fspath(path)
        with output_errors(name):
            existing = _status(name)
            if existing is not None and not stat.S_ISREG(existing.st_mode):
                raise OutputError(display_path(name), "is a folder" if stat.S_ISDIR(existing.st_mode) else "is no file")
            target = os.path.realpath(name)
            descriptor, temporary = _create_sibling(target)
            self._whole.append((temporary, target, name))
            with _stream(descriptor, mode) as stream:
                if existing is not None and hasattr(os, "fchmod"):
                    os.fchmod(descriptor, stat.S_IMODE(existing.st_mode))
                yield stream
                stream.flush()
                os.fsync(descriptor)

    def remove(self, path: str | os.PathLike[str]) -> None:
        """Let a file, if it is there, go before the others take their names."""
        self._leaving.append(os.fspath(path))

    def _rename(self) -> None:
        for name in self._leaving:
            with output_errors(name), suppress(FileNotFoundError):
                os.unlink(name)
        while self._whole:
            temporary, target, name = self._whole[0]
            with output_errors(name):
                os.replace(temporary, target)
            del self._whole[0]


@contextmanager
def atomic_directory(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder to fill, which becomes `path` when the block ends, or disappears.

    A folder that exists and holds something is replaced as a whole with `overwrite`, and refused without.
    Raises OutputError as `atomic_open` does.
    """
    name = os.fspath(path)
    with output_errors(name):
        existing = _status(name)
        if existing is not None and not stat.S_ISDIR(existing.st_mode):
            raise OutputError(display_path(name), "exists and is not a folder")
        target = os.path.realpath(name)
        if existing is not None and not overwrite and os.listdir(target):
            raise OutputError(display_path(name), "exists and is not empty")
        temporary = _sibling_name(target)
        os.mkdir(temporary)
        try:
            yield Path(temporary)
            _sync_below(temporary)
            _replace_directory(temporary, target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


@contextmanager
def output_errors(name: str) -> Iterator[None]:
    """Turn an OSError about a file, or about none, into an OutputError that names it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is not None and not _concerns(error.filename, name):
            raise  # the block failed to open some other file: not ours to explain
        raise OutputError(_shown(name), describe_os_error(error)) from error


def _concerns(filename: object, name: str) -> bool:
    """Whether the file that an OSError names is the output, its temporary sibling or something in that."""
    target = os.path.realpath(name)
    return isinstance(filename, str) and (filename in (name, target) or filename.startswith(_sibling_prefix(target)))


def _status(name: str) -> os.stat_result | None:
    try:
        return os.stat(name)
    except FileNotFoundError:
        return None


def _sibling_prefix(target: str) -> str:
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{os.fsdecode(os.fsencode(name)[:200])}.")  # a name has at most 255 bytes


def _sibling_name(target: str) -> str:
    return f"{_sibling_prefix(target)}{secrets.token_hex(6)}.part"


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Remove what processes that were killed have left of an output. Nobody else may be writing it."""
    prefix = _sibling_prefix(os.path.realpath(path))
    folder, start = os.path.split(prefix)
    with suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(start) and re.fullmatch("[0-9a-f]{12}[.]part", name[len(start) :]):
                os.unlink(os.path.join(folder, name))


def _create_sibling(target: str) -> tuple[int, str]:
    """A new file beside the target, with the permissions of the umask (mkstemp would give 0600)."""
    temporary = _sibling_name(target)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    return os.open(temporary, flags, 0o666), temporary


def _stream(descriptor: int, mode: str) -> IO[Any]:
    if mode == "wb":
        return open(descriptor, "wb", buffering=1 << 18)
    return open(descriptor, "w", encoding="utf-8", newline="")


def _standard_output(mode: str) -> Iterator[IO[Any]]:
    """Standard output as a stream of bytes or of UTF-8 text, flushed at the end and left open."""
    sys.stdout.flush()
    buffer: IO[bytes] = sys.stdout.buffer
    unbuffered = isinstance(buffer, io.RawIOBase)
    if unbuffered:  # `python -u`: a raw write may stop halfway and not complain, on a full disk for example
        buffer = io.BufferedWriter(io.FileIO(sys.stdout.fileno(), "wb", closefd=False))
    stream: IO[Any] = buffer
    if mode != "wb":
        stream = io.TextIOWrapper(buffer, encoding="utf-8", newline="", write_through=True)
    try:
        yield stream
        stream.flush()
    finally:
        if isinstance(stream, io.TextIOWrapper):
            stream.detach()
        if unbuffered:
            with suppress(OSError):
                buffer.close()


def _sync_below(folder: str) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            descriptor = os.open(os.path.join(parent, name), os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _replace_directory(temporary: str, target: str) -> None:
    """Rename a folder onto another; the old one is set aside first, and comes back if the renaming fails."""
    if not os.path.isdir(target):
        os.rename(temporary, target)
        return
    aside = _sibling_name(target)
    os.rename(target, aside)
    try:
        os.rename(temporary, target)
    except BaseException:
        os.rename(aside, target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
