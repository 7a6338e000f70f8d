"""Where a command reads its corpus: on this machine, or on a Spark cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from minent.cli.notices import say

if TYPE_CHECKING:
    from minent.corpus.sources import Corpus
    from minent.engines.spark.session import SparkEngine
    from minent.engines.spark.text import SparkText


def check_engine(
    engine: str, master: str | None, spark_conf: tuple[str, ...], local_only: Mapping[str, object]
) -> None:
    """UsageError where options do not go with the engine. local_only : by the name of an option, whether it is given"""
    if engine == "local":
        for name, value in (("--master", master), ("--spark-conf", spark_conf)):
            if value:
                raise click.UsageError(f"{name} goes with --engine spark")
        return
    for name, given in local_only.items():
        if given:
            raise click.UsageError(f"{name} goes with --engine local, not spark")
    for setting in spark_conf:
        if not setting.partition("=")[0].startswith("spark.") or "=" not in setting:
            raise click.UsageError(f"--spark-conf {setting!r} is not written like spark.executor.memory=4g")


@contextmanager
def open_engine(
    master: str | None, spark_conf: tuple[str, ...], *, jobs: int, temp_dir: str | None, quiet: bool, verbose: bool
) -> Iterator[SparkEngine]:
    """A Spark session for a command; says at the end what came from the cluster."""
    from minent.engines.spark.session import spark_engine

    conf = dict(setting.split("=", 1) for setting in spark_conf)
    with _silent_log(not verbose), spark_engine(master, conf, jobs=jobs, temp_dir=temp_dir, verbose=verbose) as spark:
        yield spark
        if not quiet:
            here, there = spark.received / (1 << 20), spark.volumes().shuffled / (1 << 20)
            say(f"{here:,.1f} MiB came from the cluster to this machine, {there:,.1f} MiB were exchanged on it")


@contextmanager
def _silent_log(silent: bool) -> Iterator[None]:
    """Without what libraries log: py4j logs a stack trace when Ctrl-C comes while it waits for an answer."""
    before = logging.root.manager.disable
    if silent:
        logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def open_source(
    corpus: tuple[str, ...],
    reading: dict[str, Any],
    engine: str,
    master: str | None,
    spark_conf: tuple[str, ...],
    *,
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> Iterator[tuple[Corpus, SparkText | None]]:
    """The corpus of a command, and where it is on a cluster; `reading` is how to read it."""
    if engine == "local":
        from minent.corpus.sources import Corpus

        with Corpus(corpus, temp_dir=temp_dir, **reading) as source:
            yield source, None
        return
    from minent.engines.spark.text import require_names

    require_names(corpus)  # before Spark is started
    with open_engine(master, spark_conf, jobs=jobs, temp_dir=temp_dir, quiet=quiet, verbose=verbose) as spark:
        from minent.engines.spark.text import SparkText

        text = SparkText.open(spark, corpus, **reading)
        yield text.corpus, text
