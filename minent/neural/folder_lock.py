"""One training at a time in the folder of a model."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from minent.errors import OutputError
from minent.files import display_path


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """OutputError where another training is at work in a folder. The lock goes with the process, however it ends."""
    descriptor = None
    try:
        with suppress(ImportError, FileNotFoundError):  # of Windows; what is not there is told by who reads it
            import fcntl

            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES) and descriptor is not None:
            os.close(descriptor)
            raise OutputError(display_path(folder), "another training is at work there") from error
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
