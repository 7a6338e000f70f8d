"""Where a model computes: the device and the precision, and the seed of everything random."""

from __future__ import annotations

import contextlib
from typing import Any

import torch

from minent.errors import ModelError


def choose_device(name: str = "auto") -> torch.device:
    """`auto` takes cuda, then mps, then cpu. ModelError: a device that this machine or this PyTorch does not have."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(each for each in ("cuda", "mps", "cpu") if available[each])
    kind = name.split(":")[0]
    if kind not in available:
        raise ValueError(f"unknown device {name}: choose auto, {', '.join(available)}")
    if not available[kind]:
        raise ModelError(f"--device {name}", "not available on this machine with this PyTorch", "--device cpu works")
    return torch.device(name)


def describe_device(device: torch.device) -> str:
    """The name of a device for people."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"{device.type}, {torch.get_num_threads()} threads" if device.type == "cpu" else str(device.type)


def set_threads(threads: int) -> None:
    """How many threads of the CPU one operation of PyTorch may use."""
    torch.set_num_threads(threads)


def autocast(device: torch.device, precision: str) -> Any:
    """A context in which products are computed in the precision asked for; the weights stay as they are."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device_type=device.type, dtype=torch.bfloat16)


def seed_step(seed: int, step: int) -> None:
    """Seed every generator of PyTorch for one step, so that a step draws the same however it was reached."""
    torch.manual_seed((seed * 1_000_003 + step) & 0x7FFF_FFFF_FFFF_FFFF)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether PyTorch, on any device, could not get the memory it asked for."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in ("allocate memory", "bad_alloc"))
    )
