"""What a user names (files, folders, glob patterns, standard input) → the files that hold the text."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from minent.corpus.codecs import find_foreign, open_file, read_blocks, unpack
from minent.corpus.encodings import choose_encoding, read_sample, why_not_text
from minent.errors import CorpusError
from minent.files import describe_os_error, display_path

STDIN = "-"

PATH_LIKE = re.compile(
    r"\.{0,2}/\S*|\S+\.(txt|text|md|tsv|csv|jsonl?|ndjson|html?|xml|log|utf-?8|gbk?|big5|gz|bz2|xz|zst)",
    re.IGNORECASE,
)
ASCII_PATH = re.compile(r"[!-~]*/[!-~]*")


@dataclass(frozen=True)
class Skipped:
    """Something below a folder that is not read, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{display_path(self.path)}: {self.reason}"


@dataclass
class FoundFiles:
    """Files that are read: those that were named whatever their looks are, those below folders if they look like text.

    encoding : of the text, as `Corpus` takes it;  files, skipped : in the order of what was added
    status : of each file, when it was found;  packed : whether one of them is
    """

    encoding: str | None
    files: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    status: dict[str, os.stat_result] = field(default_factory=dict)
    packed: bool = False

    def add(self, path: str, in_glob: bool = False) -> None:
        """Add what a path or a pattern stands for. Errors: CorpusError."""
        try:
            kind = stat.S_IFREG if path == STDIN else os.stat(path).st_mode
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            if isinstance(error, FileNotFoundError) and glob.has_magic(path):
                self._add_matches(path)
                return
            problem = describe_os_error(error) if isinstance(error, OSError) else "no such file or folder"
            raise CorpusError(display_path(path), problem) from error
        if path == STDIN:
            self.files.append(path)
        elif stat.S_ISDIR(kind):
            self._add_folder(path, may_be_empty=in_glob)
        elif stat.S_ISREG(kind):
            foreign = self._reason_against(path, named=True)
            if foreign:
                raise CorpusError(display_path(path), f"is {foreign}, not text", "unpack or convert it first")
            self.files.append(path)
        else:
            raise CorpusError(display_path(path), "is a pipe or a device, not a file", "use - and redirect it")

    def _add_folder(self, folder: str, may_be_empty: bool) -> None:
        already, skipped = len(self.files), len(self.skipped)
        for path in regular_files(folder, self.skipped):
            reason = self._reason_against(path, named=False)
            if reason is None:
                self.files.append(path)
            else:
                self.skipped.append(Skipped(path, reason))
        if len(self.files) == already and not may_be_empty:
            others = self.skipped[skipped:]
            hint = f"{len(others)} skipped, the last is {others[-1]}" if others else ""
            raise CorpusError(display_path(folder), "there is no text file in this folder", hint)

    def _add_matches(self, pattern: str) -> None:
        already = len(self.files)
        for match in sorted(glob.glob(pattern, recursive=True)):
            self.add(match, in_glob=True)
        unique: dict[str, str] = {}  # `**` names a folder and also what is in it
        for file in self.files[already:]:
            unique.setdefault(os.path.normpath(file), file)
        if not unique:
            raise CorpusError(display_path(pattern), "no file has a name like this")
        self.files[already:] = unique.values()

    def _reason_against(self, path: str, *, named: bool) -> str | None:
        """What speaks against reading a file: its format or, where it was not named, its looks."""
        with open_file(path) as file:
            self.status[path] = os.fstat(file.fileno())
            stream, codec = unpack(read_blocks(file, display_path(path)), display_path(path))
            self.packed |= codec is not None
            sample = read_sample(stream, self.encoding)
        foreign = find_foreign(sample)
        if foreign or named:
            return foreign
        encoding, mark = choose_encoding(self.encoding, sample, stream.ended)
        return why_not_text(sample[mark:], encoding, stream.ended)


def regular_files(folder: str, skipped: list[Skipped]) -> Iterator[str]:
    """All regular files below a folder, sorted by name at each level; links are followed, folders once."""
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            status = os.stat(path)
            if stat.S_ISDIR(status.st_mode) and (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                for name in sorted(os.listdir(path), reverse=True):
                    inner = os.path.join(path, name)
                    if name.startswith("."):
                        skipped.append(Skipped(inner, "hidden"))
                    else:
                        waiting.append(inner)
            elif stat.S_ISDIR(status.st_mode):
                skipped.append(Skipped(path, "a link to a folder that is read already"))
            elif stat.S_ISREG(status.st_mode):
                yield path
            else:
                skipped.append(Skipped(path, "a pipe or a device"))
        except OSError as error:
            if not os.path.islink(path):
                raise CorpusError(display_path(path), describe_os_error(error)) from error
            skipped.append(Skipped(path, f"a link that leads nowhere: {describe_os_error(error)}"))


def are_paths(items: Sequence[object]) -> bool:
    """Whether a list holds paths, and not texts; see `sources.open_corpus`."""
    if any(isinstance(item, os.PathLike) or _reads_like_path(item) for item in items):
        return True
    return bool(items) and all(
        isinstance(item, str) and (_names_something(item) or ASCII_PATH.fullmatch(item)) for item in items
    )


def _reads_like_path(item: object) -> bool:
    return isinstance(item, str) and len(item) < 256 and PATH_LIKE.fullmatch(item) is not None


def _names_something(item: str) -> bool:
    if item == STDIN:
        return True
    try:
        return os.path.exists(item) or (glob.has_magic(item) and any(glob.iglob(item, recursive=True)))
    except ValueError:  # a NUL, or a lone surrogate
        return False


def source_name(path: str) -> str:
    """A source in a message: a path, or `<stdin>`."""
    return "<stdin>" if path == STDIN else display_path(path)
