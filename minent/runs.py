"""Run directories: what a long run has found so far, in stages that appear whole, so that it can be continued.

A run directory holds `lock` and a folder for each generation, `1` for the run itself, a higher one for each update.
A generation holds `run.json` (settings, inputs, version), one file a stage, and `done` at its end. A long pass over
the text saves what it has counted from time to time: parts of a stage, each a range of shards, the last one marked.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from minent.errors import RunError
from minent.files import atomic_open, describe_os_error, display_path
from minent.stages import Stage, StageWriter

LONGEST_JSON = 1 << 24  # bytes
SECONDS = 30.0  # of work that a kill may cost
STAGE_NAME = re.compile(r"([a-z0-9-]+)\.(\d{8})-(\d{8})(\.last)?")


class RunDirectory:
    """A generation of a run directory, locked by us.

    path : the directory;  description : what makes the result what it is (settings, inputs, version)
    base : the generation that an update starts from, or None
    """

    def __init__(
        self, path: Path, description: Mapping[str, Any], generation: int, *, base: RunDirectory | None = None
    ) -> None:
        self.path, self.description, self.base = path, dict(description), base
        self.generation = generation
        self.lock: IO[bytes] | None = None
        self.folder = path / str(generation)
        self.seconds = SECONDS

    @classmethod
    def start(cls, path: str | os.PathLike[str], description: Mapping[str, Any], *, resume: bool) -> RunDirectory:
        """A new run, or with `resume` the one that is there.

        Errors: RunError if another process uses it, if it holds a run and is not to be resumed, or if that is another.
        """
        root, lock = _locked(path)
        generations = _generations(root)
        if generations and not resume:
            hint = "--resume continues it, --update adds text to it; or name another folder"
            raise RunError(display_path(root), "holds a run already", hint)
        run = cls(root, description, generations[-1] if generations else 1)
        run._begin(lock)
        return run

    @classmethod
    def update(cls, path: str | os.PathLike[str], description: Mapping[str, Any], *, resume: bool) -> RunDirectory:
        """A new generation after the last one that is done, or with `resume` the one that was begun."""
        root, lock = _locked(path, must_exist=True)
        done = [number for number in _generations(root) if (root / str(number) / "done").exists()]
        if not done:
            raise RunError(display_path(root), "holds no finished run", "build-lexicon --run DIR makes one")
        base = cls(root, _read_description(root / str(done[-1])), done[-1])
        old, new = base.description.get("inputs"), description["inputs"]
        if not isinstance(old, list):
            raise RunError(display_path(base.folder / "run.json"), "is damaged", "start again in another folder")
        _compare(base.folder, base.description, {**description, "inputs": new[: len(old)]})
        known = {str(each[0]) for each in json.loads(json.dumps(old))}
        twice = [path for path, *_ in new[len(old) :] if path in known]
        if twice:
            raise RunError(display_path(root), f"has counted {display_path(twice[0])} already", "name other text")
        run = cls(root, description, done[-1] + 1, base=base)
        if run.folder.exists() and not resume:
            raise RunError(display_path(root), "an update was begun already", "--resume continues it")
        run._begin(lock)
        return run

    def _begin(self, lock: IO[bytes]) -> None:
        self.lock = lock
        try:
            self.folder.mkdir(exist_ok=True)
            for left in self.folder.glob(".*.part"):  # of a run that was killed
                left.unlink()
            for folder in (self.folder, *([self.base.folder] if self.base else [])):
                _check_files(folder)
        except OSError as error:
            raise RunError(display_path(self.folder), describe_os_error(error)) from error
        if (self.folder / "run.json").exists():
            _compare(self.folder, _read_description(self.folder), self.description)
        else:
            with atomic_open(self.folder / "run.json", "w") as file:
                json.dump(self.description, file, indent=1)  # in ASCII: names of files may be no Unicode

    def parts(self, name: str) -> list[tuple[int, int, bool, Path]]:
        """The parts of a stage that are there, one after the other: first shard, end, whether it is the last one."""
        found = []
        for path in sorted(self.folder.iterdir()):
            match = STAGE_NAME.fullmatch(path.name)
            if match and match[1] == name:
                found.append((int(match[2]), int(match[3]), match[4] is not None, path))
        chain: list[tuple[int, int, bool, Path]] = []
        for part in found:
            if part[0] == (chain[-1][1] if chain else 0) and not (chain and chain[-1][2]):
                chain.append(part)
        return chain

    @contextmanager
    def write(self, name: str, first: int = 0, end: int = 0, *, last: bool = True) -> Iterator[StageWriter]:
        """Write a stage, or the part of it that comes from the shards first … end − 1."""
        path = self.folder / f"{name}.{first:08d}-{end:08d}{'.last' if last else ''}"
        with atomic_open(path, "wb") as file:
            writer = StageWriter(file)
            yield writer
            writer.finish()

    def load(self, name: str) -> Stage | None:
        """A stage that is in one part; None if it is not there."""
        parts = self.parts(name)
        return Stage(parts[0][3]) if len(parts) == 1 and parts[0][2] else None

    def finish(self, keep: tuple[str, ...]) -> None:
        """Mark the generation as done, and remove what no update needs: stages but `keep`, earlier generations."""
        with atomic_open(self.folder / "done", "w") as file:
            file.write("done\n")
        for path in self.folder.iterdir():
            match = STAGE_NAME.fullmatch(path.name)
            if match and match[1] not in keep:
                path.unlink()
        for number in _generations(self.path):
            if number < self.generation:
                shutil.rmtree(self.path / str(number), ignore_errors=True)


def _check_files(folder: Path) -> None:
    """RunError for a file of ours that is none: a pipe would block us."""
    for path in folder.iterdir():
        ours = STAGE_NAME.fullmatch(path.name) or path.name in ("run.json", "done")
        if ours and not stat.S_ISREG(path.lstat().st_mode):
            raise _not_regular(path)


def _locked(path: str | os.PathLike[str], *, must_exist: bool = False) -> tuple[Path, IO[bytes]]:
    """A directory, made if need be, and the lock on it that is ours as long as the file is open."""
    root = Path(os.path.realpath(path))
    try:
        if not must_exist:
            root.mkdir(exist_ok=True)
        lock = _open_regular(root / "lock", os.O_RDWR | os.O_CREAT)  # as long as the run
        if not _lock(lock):
            lock.close()
            raise RunError(display_path(root), "is in use by another process", "wait for it, or name another folder")
    except OSError as error:
        raise RunError(display_path(root), describe_os_error(error)) from error
    return root, lock


def _open_regular(path: Path, flags: int) -> IO[bytes]:
    """A file of ours, opened without waiting: a pipe in its place would block us. RunError where it is none."""
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return open(descriptor, "r+b" if flags & os.O_RDWR else "rb")
    os.close(descriptor)
    raise _not_regular(path)


def _not_regular(path: Path) -> RunError:
    return RunError(display_path(path), "is not a regular file", "remove it, and --resume")


def _lock(file: IO[bytes]) -> bool:
    """Lock a file without waiting; the system unlocks it when the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def _generations(root: Path) -> list[int]:
    """The generations of a run directory, rising."""
    names = [path.name for path in root.iterdir() if path.is_dir()]
    return sorted(int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 9)


def last_description(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The description of the last finished generation of a run directory. Errors: RunError."""
    root = Path(os.path.realpath(path))
    try:
        done = [number for number in _generations(root) if (root / str(number) / "done").exists()]
    except OSError as error:
        raise RunError(display_path(root), describe_os_error(error)) from error
    if not done:
        raise RunError(display_path(root), "holds no finished run", "build-lexicon --run DIR makes one")
    return _read_description(root / str(done[-1]))


def _read_description(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    try:
        with _open_regular(path, os.O_RDONLY) as file:
            data = file.read(LONGEST_JSON + 1)
        found = json.loads(data)
        if len(data) > LONGEST_JSON or not isinstance(found, dict):
            raise ValueError
    except OSError as error:
        raise RunError(display_path(path), describe_os_error(error)) from error
    except (ValueError, RecursionError):
        raise RunError(display_path(path), "is damaged", "start again in another folder") from None
    return found


def _compare(folder: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """RunError that tells the first thing in which a run differs from the one that was begun."""
    new = json.loads(json.dumps(new))  # tuples are lists there
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        hint = "run it as it was begun, or name another folder"
        if key == "inputs" and isinstance(was, list) and isinstance(now, list):
            raise RunError(display_path(folder), _different_input(was, now), hint)
        if key in ("protect", "ban"):
            raise RunError(display_path(folder), f"was begun with other words for --{key}, or other --decisions", hint)
        raise RunError(display_path(folder), f"was begun with {key} {shown(was)}, not {shown(now)}", hint)


def shown(value: Any) -> str:
    """A setting in a message."""
    return "none" if value is None else repr(value)[:100]


def _different_input(was: list[Any], now: list[Any]) -> str:
    for old, new in itertools.zip_longest(was, now):
        if old == new:
            continue
        if not isinstance(old, list) or not old:
            return f"was begun without the input {display_path(str(new[0]))}"
        name = display_path(str(old[0]))
        if new is None or new[0] != old[0]:
            return f"was begun with the input {name}" + ("" if new is None else f", not {display_path(new[0])}")
        return f"was begun with another state of {name}: it has changed since"
    return "was begun with other inputs"
