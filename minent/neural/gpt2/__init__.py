"""Chinese GPT-2 (GPT2_ML): convert, train, generate, score. Source: kexue.fm/archives/7292."""

from __future__ import annotations

from minent.neural.gpt2.files import load
from minent.neural.gpt2.model import GPT2, GPT2Config

__all__ = ["GPT2", "GPT2Config", "load"]
