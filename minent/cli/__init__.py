"""The command `minent`: imports only what it runs, and turns every failure into one line."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

import click

import minent
from minent.errors import MinentError

COMMANDS = {  # name: where it is, and what `minent --help` says of it
    "build-lexicon": ("minent.cli.build_lexicon:command", "Learn the words of raw text, with their counts."),
    "segment": ("minent.cli.segment:command", "Cut text into the words of a lexicon."),
    "templates": ("minent.cli.templates:command", "Find the sentence templates that words fill, with their fillers."),
    "grammar": ("minent.cli.grammar:command", "Learn from raw text which words belong together in sentences."),
    "parse": ("minent.cli.parse:command", "Parse sentences into nested templates."),
    "entropy": ("minent.cli.entropy:command", "Bits per character of text, by characters and by a lexicon."),
    "evaluate": ("minent.cli.evaluate:command", "Compare a segmentation, a lexicon or trees with a reference."),
    "explain": ("minent.cli.explain:command", "Why words are in a lexicon or not: figures, steps, contexts."),
    "concordance": ("minent.cli.concordance:command", "The places of some words in a text, below one another."),
    "export": ("minent.cli.export:command", "Write a lexicon for jieba, HanLP, IK, SentencePiece, tokenizers, Rime, …"),
    "import": ("minent.cli.import_:command", "Make a lexicon of the dictionary or model of another tool."),
    "report": ("minent.cli.report:command", "One HTML page about a lexicon and its text, to read offline."),
    "review": ("minent.cli.review:command", "Judge the words of a lexicon on a page of this machine."),
    "neural": ("minent.cli.neural:command", "Neural models in PyTorch: train, evaluate, generate."),
    "cache": ("minent.cli.cache:command", "Compiled kernels: make them ahead, remove, or look."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it runs, so that `--help` costs next to nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=LazyGroup, name="minent", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(minent.__version__, prog_name="minent", message="%(prog)s %(version)s")
def group() -> None:
    """Learn the words of a language from raw text, and cut text into them.

    Data goes to stdout, everything else to stderr. `minent COMMAND --help` tells more.
    """


class Terminated(BaseException):
    """A signal asked the process to end: unwinds the stack, so that all is cleaned up as after Ctrl-C."""

    def __init__(self, signal_number: int) -> None:
        self.exit_code = 128 + signal_number
        super().__init__(signal_number)


def main(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 done · 1 bad data or I/O · 2 usage · 3 an extra is missing · 130 interrupted · 141 the reader of our
    output went away · 143 terminated.
    """
    try:
        with _signals_unwind(), _swallowed_signals_surface():
            code = _run(sys.argv[1:] if args is None else args)
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
    except BaseException as error:
        code = _report(error)
        _flush_or_discard_stdout()
        return code


def _run(args: Sequence[str]) -> int:
    # Not `group.main()`: it prints on Ctrl-C and ends the process with codes of its own.
    try:
        with group.make_context("minent", list(args)) as context:
            group.invoke(context)
        return 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code


def _report(error: BaseException) -> int:
    """Say on stderr, in one line, what went wrong, if the user does not know; return the exit code."""
    if os.environ.get("MINENT_DEBUG") == "1":
        traceback.print_exception(error)
    if isinstance(error, SystemExit):
        raise error
    error = _interruption(error)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return 130
    if isinstance(error, Terminated):
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        return 141  # 128 + SIGPIPE, as `yes | head` has it
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    message, code = _describe(error)
    line = " ".join(message.split())
    if sys.stderr is not None:
        print(f"minent: {line}", file=sys.stderr)
    return code


def _interruption(error: BaseException) -> BaseException:
    """The signal behind an error: a kernel that returns while its handler runs gives SystemError in its stead, and what
    is taken down because of it may fail."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (KeyboardInterrupt, Terminated)):
            return cause
        cause = cause.__cause__ or cause.__context__
    return error


def _describe(error: BaseException) -> tuple[str, int]:
    if isinstance(error, MinentError):
        return str(error), error.exit_code
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "minent"
        return f"{error.format_message().rstrip('.')}; see {command} --help", error.exit_code
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, MemoryError):
        return "out of memory; try -j 1 or a smaller corpus", 1
    if isinstance(error, OSError) and error.strerror:
        place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        return f"{place}{error.strerror}", 1
    first_line = (str(error).strip().splitlines() or [""])[0]
    return f"internal error: {type(error).__name__}: {first_line}; MINENT_DEBUG=1 shows the traceback", 1


def _flush_or_discard_stdout() -> None:
    """Write out what a failed command had still buffered, or drop it: at exit Python would complain of it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise, so that temporary files are removed; those that are ignored stay so."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    if threading.current_thread() is threading.main_thread():
        numbers = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    else:
        numbers = []  # only the main thread may set handlers
    for number in numbers:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _swallowed_signals_surface() -> Iterator[None]:
    """Python only prints what a signal raises in a callback from C, as llvmlite makes them while a kernel is compiled:
    raise it where something fails later."""
    swallowed: list[BaseException] = []
    others = sys.unraisablehook

    def remember(unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, (KeyboardInterrupt, Terminated)):
            swallowed.append(unraisable.exc_value)
        else:
            others(unraisable)

    sys.unraisablehook = remember
    try:
        yield
    except Exception as error:
        if swallowed:
            raise swallowed[0] from error
        raise
    finally:
        sys.unraisablehook = others


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)
