"""The examples in the docstrings of neural models hold; elsewhere pytest finds such examples by itself."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import minent.neural

for package in ("torch", "safetensors", "tokenizers", "pypinyin", "PIL", "matplotlib"):
    pytest.importorskip(package)

MODULES = sorted(module.name for module in pkgutil.walk_packages(minent.neural.__path__, "minent.neural."))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [test for name in MODULES for test in finder.find(import_module(name)) if test.examples]
    assert len(examples) > 10
