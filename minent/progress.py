"""A progress bar: the one place that knows tqdm; on stderr, on terminals only, only where asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(total: int | None, unit: str, label: str, enabled: bool = False) -> Iterator[Callable[[int], object]]:
    """Show how far a loop has come; the body calls what it is given with the amount done since the last call.

    `total` is in `unit`s ("B" for bytes), None if unknown. Without `enabled`, and where stderr is no
    terminal, nothing is shown and tqdm is not imported. The bar is gone when the body ends.

    >>> with progress_bar(total=3, unit="B", label="count") as advance:
    ...     for piece in (b"ab", b"c"):
    ...         _ = advance(len(piece))
    """
    if not enabled or sys.stderr is None or not sys.stderr.isatty():
        yield _ignore
        return
    from tqdm import tqdm

    with tqdm(
        total=total,
        unit=unit,
        desc=label,
        unit_scale=True,
        leave=False,
        delay=0.5,  # what is done at once needs no bar
        dynamic_ncols=True,
        file=sys.stderr,
    ) as bar:
        yield bar.update


@contextmanager
def status_line(enabled: bool = False) -> Iterator[Callable[[str], object]]:
    """Show one line that changes; the body calls what it is given with the new text. Where nothing is shown: as above.

    >>> with status_line() as show:
    ...     _ = show("sweep 3 of 24")
    """
    if not enabled or sys.stderr is None or not sys.stderr.isatty():
        yield _ignore
        return
    from tqdm import tqdm

    with tqdm(bar_format="{desc}", leave=False, file=sys.stderr) as line:
        yield line.set_description_str


def _ignore(amount: object) -> None:
    """Show nothing."""
