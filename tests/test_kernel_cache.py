"""Compiled kernels are kept, and whatever hinders that costs only time; `minent cache`."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_cli import run_minent, run_python

import minent

USE_A_KERNEL = """
import sys
import numpy as np
from minent.kernels import scan
from minent.kernels.cache import is_cold, prepare_cache
cold = is_cold("scan")
point, length = scan.decode(np.frombuffer("今".encode(), np.uint8), 0, 3)
assert (point, length) == (0x4ECA, 3)
print(cold, is_cold("scan"), is_cold("no_such_module"), prepare_cache().kept)
print(prepare_cache().folder)
"""


def use_a_kernel(**env: str) -> tuple[list[str], Path]:
    """Decode a character: if scan was cold, is cold now, an unknown module is; kept; the folder."""
    result = run_python(USE_A_KERNEL, env={"NUMBA_CACHE_DIR": "", **env})
    assert result.returncode == 0, result.stderr
    flags, folder = result.stdout.splitlines()
    return flags.split(), Path(folder)


def test_kernels_are_kept_in_a_folder_named_by_the_version(tmp_path: Path) -> None:
    flags, folder = use_a_kernel(MINENT_CACHE_DIR=str(tmp_path / "cache"))
    assert flags == ["True", "False", "True", "True"]
    assert folder.parent == tmp_path / "cache"
    assert folder.name.startswith(f"kernels-{minent.__version__}-")
    assert list(folder.glob("kernels_*/scan.*.nbi"))
    again, same_folder = use_a_kernel(MINENT_CACHE_DIR=str(tmp_path / "cache"))
    assert again == ["False", "False", "True", "True"]
    assert same_folder == folder


def test_a_cache_that_cannot_be_made_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    flags, folder = use_a_kernel(MINENT_CACHE_DIR=str(tmp_path / "file" / "below"))
    assert flags == ["True", "False", "True", "False"]
    assert not folder.exists(), "the private folder is removed at the end"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_still_read(tmp_path: Path) -> None:
    _, folder = use_a_kernel(MINENT_CACHE_DIR=str(tmp_path))
    folder.chmod(0o500)
    try:
        flags, private = use_a_kernel(MINENT_CACHE_DIR=str(tmp_path))
    finally:
        folder.chmod(0o700)
    assert flags == ["False", "False", "True", "False"]
    assert private != folder


def test_nowhere_to_keep_kernels_costs_only_time(tmp_path: Path) -> None:
    from minent.kernels import cache

    (tmp_path / "file").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache.tempfile, "tempdir", str(tmp_path / "file"))
        assert cache._private_copy(tmp_path) is None


def test_a_readable_cache_is_copied_to_the_private_folder(tmp_path: Path) -> None:
    from minent.kernels import cache

    (tmp_path / "kernels_abc").mkdir()
    (tmp_path / "kernels_abc" / "scan.decode-1.py311.nbi").write_bytes(b"x")
    (tmp_path / "other").mkdir()
    private = cache._private_copy(tmp_path)
    assert private is not None
    assert [path.name for path in private.rglob("*")] == ["kernels_abc", "scan.decode-1.py311.nbi"]
    assert private.stat().st_mode & 0o077 == 0


def add_one(number):
    return number + 1


def compile_add_one(folder: Path, damage: Callable[[object], None] | None = None) -> tuple[object, int]:
    """Compile `add_one` with a cache in a folder: numba's dispatcher, and how often it was found there."""
    import numba

    from minent.kernels import cache

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "prepare_cache", lambda: cache.KernelCache(folder, kept=True))
        patch.setattr(numba.config, "CACHE_DIR", "/as/before")
        dispatcher = numba.njit(add_one)
        if damage:
            patch.setattr("numba.core.caching.FunctionCache._save_overload", damage)
        cache.keep_compiled(dispatcher)
        assert numba.config.CACHE_DIR == "/as/before"
        assert dispatcher(1) == 2
    return dispatcher, sum(dispatcher.stats.cache_hits.values())


def test_a_kept_kernel_is_found_again(tmp_path: Path) -> None:
    assert compile_add_one(tmp_path)[1] == 0
    assert len(list(tmp_path.rglob("*.nbi"))) == 1
    assert compile_add_one(tmp_path)[1] == 1


def test_a_full_disk_below_the_cache_costs_only_time(tmp_path: Path) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert compile_add_one(tmp_path, damage=full)[1] == 0
    assert list(tmp_path.rglob("*.nb?")) == []


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("content", [b"", b"\x80\x05garbage"])
def test_a_damaged_entry_costs_only_time(tmp_path: Path, ending: str, content: bytes) -> None:
    compile_add_one(tmp_path)
    for path in tmp_path.rglob(f"*.{ending}"):
        path.write_bytes(content)
    assert compile_add_one(tmp_path)[1] == 0


def test_a_chosen_numba_cache_is_respected(tmp_path: Path) -> None:
    flags, folder = use_a_kernel(MINENT_CACHE_DIR="", NUMBA_CACHE_DIR=str(tmp_path / "numba"))
    assert flags == ["True", "False", "True", "True"]
    assert folder == tmp_path / "numba"
    assert not (folder / "CACHEDIR.TAG").exists()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"MINENT_CACHE_DIR": "/a/b"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/a"}, "/a/minent"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/minent"),
        ({"HOME": "/h"}, "/h/.cache/minent"),
    ],
)
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG folders")
def test_where_the_cache_is(environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from minent.kernels.cache import cache_directory

    for name in ("MINENT_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_directory() == Path(expected)


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    from minent.kernels import cache

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("MINENT_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cache.Path, "home", no_home)
    with pytest.raises(OSError):
        cache._make_writable(cache.cache_directory())


def test_info_tells_where_and_how_much(tmp_path: Path) -> None:
    result = run_minent("cache", "info", env={"MINENT_CACHE_DIR": str(tmp_path), "NUMBA_CACHE_DIR": ""})
    assert result.returncode == 0
    facts = dict(line.split("\t") for line in result.stdout.splitlines())
    assert facts["folder"].startswith(str(tmp_path / "kernels-"))
    assert facts["writable"] == "yes"
    assert facts["kernels"] == "0"
    assert facts["other versions"].startswith("0, ")


@pytest.mark.slow
def test_warm_compiles_everything_once(tmp_path: Path) -> None:
    environment = {"MINENT_CACHE_DIR": str(tmp_path), "NUMBA_CACHE_DIR": ""}
    cold = run_minent("cache", "warm", env=environment)
    assert (cold.returncode, cold.stdout) == (0, ""), cold.stderr
    announced, done = cold.stderr.splitlines()
    assert announced.startswith("minent: compiling kernels for first use, up to ")
    assert done.startswith("minent: kernels ready after ")
    for module in ("viterbi", "boundaries"):  # what everybody uses, and what the neural segmenter adds
        assert list(tmp_path.glob(f"kernels-*/kernels_*/{module}.*.nbi"))
    warm = run_minent("cache", "warm", env=environment)
    assert warm.returncode == 0
    assert len(warm.stderr.splitlines()) == 1


def test_clear_removes_kernels_of_all_versions_and_nothing_else(tmp_path: Path) -> None:
    environment = {"MINENT_CACHE_DIR": str(tmp_path), "NUMBA_CACHE_DIR": ""}
    _, folder = use_a_kernel(MINENT_CACHE_DIR=str(tmp_path))
    old = tmp_path / "kernels-0.0.1-abc"
    old.mkdir()
    (old / "CACHEDIR.TAG").write_bytes((folder / "CACHEDIR.TAG").read_bytes())
    (tmp_path / "kernels-of-wheat").mkdir()
    (tmp_path / "kernels-of-wheat" / "harvest.txt").write_text("mine")
    (tmp_path / "letter.txt").write_text("mine")
    elsewhere = tmp_path / "elsewhere"
    old.rename(elsewhere)
    (tmp_path / "kernels-link").symlink_to(elsewhere)

    result = run_minent("cache", "clear", env=environment)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith("minent: removed ")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"kernels-of-wheat", "letter.txt", "elsewhere", "kernels-link"}
    assert (elsewhere / "CACHEDIR.TAG").exists()


def test_a_cold_start_is_announced_once_and_a_warm_one_is_not(tmp_path: Path) -> None:
    code = USE_A_KERNEL.replace("cold = ", "announce_compilation('scan'); cold = ")
    code = "from minent.cli.notices import announce_compilation\n" + code
    environment = {"MINENT_CACHE_DIR": str(tmp_path), "NUMBA_CACHE_DIR": ""}
    cold = run_python(code, env=environment)
    assert cold.stderr.startswith("minent: compiling kernels for first use, up to ")
    assert cold.stderr.endswith(f"; kept in {cold.stdout.splitlines()[1]}\n")
    assert cold.stderr.count("\n") == 1
    assert run_python(code, env=environment).stderr == ""


def test_a_cold_start_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environment = {"MINENT_CACHE_DIR": str(tmp_path / "file" / "below"), "NUMBA_CACHE_DIR": ""}
    result = run_python(
        "from minent.cli.notices import announce_compilation; announce_compilation('scan')", environment
    )
    assert "not kept, since" in result.stderr
    assert "cannot be written" in result.stderr
