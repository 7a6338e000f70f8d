"""The help of every command shows how it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from minent import cli


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, and the groups themselves, with their names from the top."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(cli.group))


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_command_has_an_example_that_calls_it(name: str) -> None:
    text = ALL[name].help or ""
    shown = re.search(r"^ *Examples?:.*", text, flags=re.DOTALL | re.MULTILINE)
    assert shown and f"minent {name}" in shown[0]
