"""Options that several commands share, each defined once."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., object])
Decorator = Callable[[Function], Function]

ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16", "auto")


def available_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_given(name: str) -> bool:
    """Whether the running command was given this parameter on its command line."""
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


class FloatRange(click.FloatRange):
    """A finite number of a range; click takes NaN for one of any range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number", param, ctx)
        return found


def _together(*decorators: Decorator[Function]) -> Decorator[Function]:
    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def corpus_options(function: Function) -> Function:
    """`CORPUS...` and how to read it: corpus (tuple of str), field, encoding and errors."""
    return click.argument("corpus", nargs=-1, metavar="[CORPUS]...")(reading_options(function))


def reading_options(function: Function) -> Function:
    """How to read a corpus: field, encoding and errors."""
    return _together(
        click.option("--field", metavar="NAME", help="The corpus is JSON Lines; this field holds the text."),
        click.option(
            "--encoding",
            type=click.Choice(ENCODINGS, case_sensitive=False),
            default="utf-8",
            show_default=True,
            help="Encoding of the text; a byte order mark is obeyed first.",
        ),
        click.option(
            "--errors",
            type=click.Choice(("boundary", "strict")),
            default="boundary",
            show_default=True,
            help="What invalid bytes and records without the field do: count as a boundary and be reported at the end, "
            "or stop the run.",
        ),
    )(function)


def units_option(function: Function) -> Function:
    """`--units run|char`: units."""
    return click.option(
        "--units",
        type=click.Choice(("run", "char")),
        default="run",
        show_default=True,
        help="A run of Latin letters or of digits is one unit, or every character is one.",
    )(function)


def run_options(function: Function) -> Function:
    """How to run: jobs (int, at least 1), temp_dir (str or None), quiet and verbose (bool)."""
    return _together(
        click.option(
            "-j",
            "--jobs",
            type=click.IntRange(min=1),
            default=available_cores,
            show_default="all cores",
            metavar="N",
            help="Number of workers; the result does not depend on it.",
        ),
        click.option(
            "-T",
            "--temp-dir",
            type=click.Path(exists=True, file_okay=False, writable=True),
            metavar="FOLDER",
            help="Where temporary files go.  [default: the system's temporary folder]",
        ),
        click.option("-q", "--quiet", is_flag=True, help="No progress, no summary, no notices on stderr."),
        click.option("-v", "--verbose", is_flag=True, help="Tell more on stderr."),
    )(function)


class MemorySize(click.ParamType[int]):
    """A size of memory: 512M, 4G, or a share of what there is, 50%; in bytes."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from minent.memory import parse_memory

        try:
            return value if isinstance(value, int) else parse_memory(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def memory_option(function: Function) -> Function:
    """`-S SIZE`: memory (int, bytes, or None for no limit)."""
    return click.option(
        "-S",
        "--memory",
        type=MemorySize(),
        metavar="SIZE",
        help="Memory that counters may fill, 512M, 4G or 50%; then they go to temporary files.  [default: no limit]",
    )(function)


def run_directory_options(function: Function) -> Function:
    """`--run DIR`, `--resume`, `--update DIR`: run_dir (str or None), resume (bool), update (str or None)."""
    return _together(
        click.option(
            "--run",
            "run_dir",
            type=click.Path(file_okay=False),
            metavar="DIR",
            help="Keep what is found in this folder, so that the run can be continued.",
        ),
        click.option("--resume", is_flag=True, help="Continue a run, or an update, that was cut off."),
        click.option(
            "--update",
            type=click.Path(exists=True, file_okay=False),
            metavar="DIR",
            help="Add the text to a finished run: the lexicon of both.",
        ),
    )(function)


def engine_options(function: Function) -> Function:
    """`--engine`, `--master`, `--spark-conf`: engine (str), master (str or None), spark_conf (tuple of str)."""
    return _together(
        click.option(
            "--engine",
            type=click.Choice(("local", "spark")),
            default="local",
            show_default=True,
            help="This machine, or a cluster with Spark: files that all its machines see, or URLs.",
        ),
        click.option("--master", metavar="URL", help="Of the cluster: spark://host:7077, yarn, k8s://…, local[4]"),
        click.option("--spark-conf", multiple=True, metavar="K=V", help="A setting of Spark: spark.executor.memory=4g"),
    )(function)


def output_option(default: str, help: str) -> Callable[[Function], Function]:
    """`-o FILE`: output (str), `-` is stdout. The file appears whole or not at all."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False, allow_dash=True),
        default=default,
        show_default="stdout" if default == "-" else default,
        metavar="FILE",
        help=help,
    )
