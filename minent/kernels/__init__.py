"""Compiled kernels: arrays in, arrays out; the one place for JIT flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba

from minent.kernels.cache import keep_compiled

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile in nopython mode, without the GIL, and keep the machine code in the user's cache."""
    compiled: Function = numba.njit(nogil=True)(function)
    keep_compiled(compiled)
    return compiled
