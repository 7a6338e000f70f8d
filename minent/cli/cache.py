"""`minent cache`: compiled kernels made ahead, looked at, or removed."""

from __future__ import annotations

import time
from pathlib import Path

import click

from minent.cli.notices import announce_compilation, answer, say


@click.group(name="cache")
def command() -> None:
    """Compile the kernels ahead, look at what is kept, or remove it.

    Kernels are kept in the user's cache directory; MINENT_CACHE_DIR names another.

    \b
    Example:  minent cache warm
    """


@command.command()
@click.option("-q", "--quiet", is_flag=True, help="No notices on stderr.")
def warm(quiet: bool) -> None:
    """Compile all kernels now, so that no later command has to.

    \b
    Example:  MINENT_CACHE_DIR=/opt/kernels minent cache warm
    """
    from minent.kernels.cache import prepare_cache

    announce_compilation(quiet=quiet)
    started = time.perf_counter()
    from minent.warm import warm as compile_all

    compile_all()
    seconds = time.perf_counter() - started
    cache = prepare_cache()
    place = f"in {cache.folder}" if cache.kept else "but not kept"
    say(f"kernels ready after {seconds:.1f} s, {place}", quiet)


@command.command()
@click.option("-q", "--quiet", is_flag=True, help="No notices on stderr.")
def clear(quiet: bool) -> None:
    """Remove the compiled kernels.

    Those of every version of minent, and nothing else.

    \b
    Example:  minent cache clear
    """
    from minent.kernels.cache import cache_directory, clear_cache, kernel_folders

    size = sum(_size(folder) for folder in kernel_folders())
    clear_cache()
    say(f"removed {_megabytes(size)} of compiled kernels from {cache_directory()}", quiet)


@command.command()
def info() -> None:
    """Print where they are, how many, and their size.

    \b
    Example:  minent cache info
    """
    from minent.kernels.cache import kernel_directory, kernel_folders, prepare_cache

    folder = kernel_directory()
    others = [other for other in kernel_folders() if other != folder]
    facts = {
        "folder": folder,
        "writable": "yes" if prepare_cache().kept else "no",
        "kernels": sum(1 for _ in folder.glob("kernels_*/*.nbi")) if folder.is_dir() else 0,
        "size": _megabytes(_size(folder)),
        "other versions": f"{len(others)}, {_megabytes(sum(_size(other) for other in others))}",
    }
    answer("\n".join(f"{name}\t{value}" for name, value in facts.items()))


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; 0 if it is not there."""
    try:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except OSError:
        return 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
