"""The manners of the command line: help at once, one line for each failure, signals, progress."""

from __future__ import annotations

import ctypes
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

import minent
from minent import cli
from minent.errors import CorpusError, MissingExtraError, OutputError, SpillError
from minent.progress import progress_bar


def run_minent(*args: str, env: dict[str, str] | None = None, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "minent", *args]
    environment = {**os.environ, "PYTHONUTF8": "1", **(env or {})}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, **options)


def run_python(code: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONUTF8": "1", **(env or {})}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """A command `minent probe` that raises what the test puts into "error"."""
    planned: dict[str, object] = {}

    @click.command()
    def probe_command() -> None:
        error = planned.get("error")
        if isinstance(error, BaseException):
            raise error
        click.echo("data")

    monkeypatch.setitem(cli.COMMANDS, "probe", (f"{__name__}:probe_command", "For tests."))
    monkeypatch.setattr(sys.modules[__name__], "probe_command", probe_command, raising=False)
    monkeypatch.delenv("MINENT_DEBUG", raising=False)
    yield planned


# Help and start-up


def test_help_lists_every_command_and_goes_to_stdout() -> None:
    result = run_minent("--help")
    assert result.returncode == 0
    assert result.stderr == ""
    for name, (_, text) in cli.COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert text in " ".join(result.stdout.split())


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["--version"]])
def test_help_and_version_load_nothing_heavy(args: list[str]) -> None:
    code = (
        f"import sys; from minent.cli import main; code = main({args!r});"
        "heavy = {'numpy', 'numba', 'tqdm', 'ahocorasick', 'torch'}.intersection(sys.modules);"
        "print(sorted(heavy), code, file=sys.stderr)"
    )
    assert run_python(code).stderr.strip() == "[] 0"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, minent; print(sorted({'numpy', 'numba', 'click'} & set(sys.modules)))"
    assert run_python(code).stdout.strip() == "[]"


def test_version() -> None:
    result = run_minent("--version")
    assert (result.returncode, result.stdout) == (0, f"minent {minent.__version__}\n")


def test_public_names_are_listed_and_an_unknown_one_is_an_attribute_error() -> None:
    assert set(minent.__all__) <= set(dir(minent))
    with pytest.raises(AttributeError, match="no attribute 'segmentor'"):
        minent.segmentor  # noqa: B018


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = run_minent(name, "--help")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"Usage: minent {name} ")
    assert result.stderr == ""


def test_no_arguments_show_the_help_on_stderr_and_are_a_usage_error() -> None:
    result = run_minent()
    assert (result.returncode, result.stdout) == (2, "")
    assert "Commands:" in result.stderr


# Failures


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (
            CorpusError("a.txt:17", "not valid UTF-8", "try --encoding gb18030"),
            1,
            "a.txt:17: not valid UTF-8; try --encoding gb18030",
        ),
        (OutputError("out.tsv", "No space left"), 1, "out.tsv: No space left; no partial output was left"),
        (
            MissingExtraError("zstandard", "zstd", "a.zst"),
            3,
            "a.zst needs the package zstandard: pip install 'minent[zstd]'",
        ),
        (click.UsageError("no such thing."), 2, "no such thing; see minent probe --help"),
        (click.ClickException("broken"), 1, "broken"),
        (FileNotFoundError(2, "No such file or directory", "b.txt"), 1, "b.txt: No such file or directory"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (MemoryError(), 1, "out of memory; try -j 1 or a smaller corpus"),
        (
            TypeError("two\nlines"),
            1,
            "internal error: TypeError: two; MINENT_DEBUG=1 shows the traceback",
        ),
    ],
)
def test_a_failure_is_one_line_and_an_exit_code(
    error: Exception, code: int, line: str, probe: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    probe["error"] = error
    assert cli.main(["probe"]) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"minent: {line}\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (click.Abort(), 130), (cli.Terminated(15), 143), (BrokenPipeError(), 141)],
)
def test_an_interruption_is_silent(
    error: BaseException, code: int, probe: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    probe["error"] = error
    assert cli.main(["probe"]) == code
    assert capsys.readouterr() == ("", "")


def test_a_command_that_succeeds_returns_0(probe: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["probe"]) == 0
    assert capsys.readouterr() == ("data\n", "")


def test_debugging_shows_the_traceback(
    probe: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINENT_DEBUG", "1")
    probe["error"] = TypeError("oops")
    assert cli.main(["probe"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Traceback ")
    assert error.endswith("minent: internal error: TypeError: oops; MINENT_DEBUG=1 shows the traceback\n")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["sgment"], "No such command 'sgment'"),
        (["--colour"], "No such option"),
        (["cache", "warm", "--colour"], "see minent cache warm --help"),
        (["cache", "wurm"], "No such command 'wurm'"),
    ],
)
def test_a_usage_error_is_one_line_and_2(args: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(args) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("minent: ")
    assert words in captured.err


def test_output_to_a_closed_pipe_ends_quietly() -> None:
    code = """
import sys, click
from minent import cli
@click.command()
def command():
    while True:
        click.echo("x" * 1000)
cli.COMMANDS["probe"] = ("__main__:command", "")
sys.exit(cli.main(["probe"]))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 141
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_one_line_and_1() -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "minent", "--version"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (result.returncode, result.stderr) == (1, "minent: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_unwinds_and_is_silent(number: int, code: int, tmp_path: Path) -> None:
    program = """
import sys, time, click
from pathlib import Path
from minent import cli
place = Path(sys.argv[1])
@click.command()
def command():
    try:
        place.touch()
        time.sleep(60)
    finally:
        place.unlink()
cli.COMMANDS["probe"] = ("__main__:command", "")
sys.exit(cli.main(["probe"]))
"""
    place = tmp_path / "partial"
    process = subprocess.Popen([sys.executable, "-c", program, str(place)], stderr=subprocess.PIPE, text=True)
    while not place.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (code, "")
    assert not place.exists()


# Progress


def test_progress_is_silent_and_free_unless_asked_for() -> None:
    code = """
import sys
from minent.progress import progress_bar
for enabled in (False, True):  # stderr is no terminal here
    with progress_bar(2, "B", "reading", enabled) as advance:
        advance(2)
print("tqdm" in sys.modules)
"""
    result = run_python(code)
    assert (result.stdout, result.stderr) == ("False\n", "")


def test_progress_shows_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_bar(2_000_000, "B", "reading", enabled=True) as advance:
        time.sleep(0.6)
        advance(1_000_000)
    assert "reading:  50%" in terminal.getvalue()
    assert "1.00M/2.00M" in terminal.getvalue()


@pytest.mark.parametrize(("signal_error", "code"), [(KeyboardInterrupt(), 130), (cli.Terminated(15), 143)])
def test_a_signal_that_a_kernel_turned_into_a_system_error_is_still_that_signal(
    signal_error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    error = SystemError("returned a result with an exception set")
    error.__cause__ = signal_error
    assert cli._report(error) == code
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("signal_error", "code"), [(KeyboardInterrupt, 130), (lambda: cli.Terminated(15), 143)])
def test_a_signal_that_a_callback_from_c_swallowed_is_still_that_signal(
    signal_error: Callable[[], BaseException],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @ctypes.CFUNCTYPE(None)
    def called_back() -> None:
        raise signal_error()

    def run(args: object) -> int:
        called_back()
        raise RuntimeError("no compiled object yet")

    monkeypatch.setattr(cli, "_run", run)
    before = sys.unraisablehook
    assert cli.main([]) == code
    assert capsys.readouterr() == ("", "")
    assert sys.unraisablehook is before


def test_what_fails_because_of_a_signal_is_still_that_signal(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        try:
            raise cli.Terminated(15)
        finally:
            raise SpillError("tmp", "what was to be taken down is gone already")
    except SpillError as error:
        assert cli._report(error) == 143
    assert capsys.readouterr().err == ""
