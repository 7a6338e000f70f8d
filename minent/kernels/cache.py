"""Where compiled kernels are kept: the user's cache directory, or a temporary folder in its stead."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import minent

TAG_NAME = "CACHEDIR.TAG"  # bford.info/cachedir: backups skip such a folder, and we remove only what bears it
TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Compiled kernels of minent; `minent cache clear` removes them.\n"


class KernelCache(NamedTuple):
    """The folder in use, None where not even a temporary one can be made; `kept` if it stays after us."""

    folder: Path | None
    kept: bool


def cache_directory() -> Path:
    """The folder for all that minent keeps: $MINENT_CACHE_DIR, or `minent` in the user's cache directory."""
    chosen = os.environ.get("MINENT_CACHE_DIR")
    if chosen:
        return Path(chosen).absolute()
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home: a path below which nothing can be made
        home = Path(os.devnull)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(home / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):  # the XDG standard ignores relative ones
            base = str(home / ".cache")
    return Path(base) / "minent"


def kernel_directory() -> Path:
    """The folder that compiled kernels should go to: $NUMBA_CACHE_DIR, or one for exactly these kernels.

    Numba notices a change of the file that a kernel stands in, but not of the kernels that it calls; so the
    folder is named by the version and by a digest of all kernels' source.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen and not os.environ.get("MINENT_CACHE_DIR"):
        return Path(chosen).absolute()
    return cache_directory() / f"kernels-{minent.__version__}-{_source_digest()}"


@cache
def prepare_cache() -> KernelCache:
    """Make the folder for compiled kernels.

    Where it cannot be written, a private temporary folder takes its place until the process ends, with a copy
    of what can be read there: then only time is lost.
    """
    wanted = kernel_directory()
    state = KernelCache(wanted, kept=True)
    try:
        _make_writable(wanted)
    except OSError:
        state = KernelCache(_private_copy(wanted), kept=False)
    return state


def keep_compiled(dispatcher: Any) -> None:
    """Have numba keep what it compiles for this function, and take it from there the next time.

    Whatever goes wrong with files (a full disk, a damaged entry, no folder at all) costs only time. Numba's
    own setting is as before afterwards: what a caller compiles beside us is kept where he wants it.
    """
    from numba.core import config

    before = config.CACHE_DIR
    config.CACHE_DIR = str(prepare_cache().folder or "")
    try:
        dispatcher.enable_caching()
    except RuntimeError:  # no folder that can be written: compile every time
        return
    finally:
        config.CACHE_DIR = before
    entries = dispatcher._cache
    load, save = entries.load_overload, entries.save_overload

    def load_if_sound(signature: Any, target: Any) -> Any:
        try:
            return load(signature, target)
        except Exception:  # a damaged pickle can raise anything
            with suppress(OSError):
                entries.flush()  # or it could not be saved anew
            return None  # a miss

    def save_if_possible(signature: Any, compiled: Any) -> None:
        with suppress(OSError):
            save(signature, compiled)

    entries.load_overload, entries.save_overload = load_if_sound, save_if_possible


def is_cold(*modules: str) -> bool:
    """Whether one of these kernel modules (`scan`, …; none given: all of them) has nothing compiled yet."""
    folder = prepare_cache().folder
    if folder is None:
        return True
    python = f"py{sys.version_info[0]}{sys.version_info[1]}{getattr(sys, 'abiflags', '')}"
    return not all(any(folder.glob(f"kernels_*/{module}.*.{python}.nbi")) for module in modules or ("*",))


def kernel_folders() -> list[Path]:
    """The folders of compiled kernels below the cache directory, of any version of minent: with our tag."""
    try:
        found = sorted(cache_directory().glob("kernels-*"))
        return [folder for folder in found if not folder.is_symlink() and _has_tag(folder)]
    except OSError:
        return []


def clear_cache() -> list[Path]:
    """Remove the compiled kernels of every version; return their folders. OSError if one resists."""
    folders = kernel_folders()
    for folder in folders:
        shutil.rmtree(folder)
    return folders


def _source_digest() -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256(str(here).encode("utf-8", "surrogateescape"))
    for path in sorted(here.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _make_writable(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()  # permission bits do not tell the truth on every file system
    if folder.parent == cache_directory() and not (folder / TAG_NAME).exists():
        (folder / TAG_NAME).write_text(TAG, encoding="ascii")


def _private_copy(wanted: Path) -> Path | None:
    try:
        folder = Path(tempfile.mkdtemp(prefix="minent-kernels-"))
    except OSError:
        return None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        for kernels in wanted.glob("kernels_*"):  # numba's name for a folder of ours
            shutil.copytree(kernels, folder / kernels.name)
    except OSError:  # not for us to read
        pass
    return folder


def _has_tag(folder: Path) -> bool:
    try:
        return (folder / TAG_NAME).read_text(encoding="ascii", errors="replace") == TAG
    except OSError:
        return False
