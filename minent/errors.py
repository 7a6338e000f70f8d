"""Errors that a user can meet: each has its facts as fields, one line as message, and an exit code."""

from __future__ import annotations


class MinentError(Exception):
    """Something in the world is not as it must be: bad data, a failed read, a missing extra."""

    exit_code = 1


class CorpusError(MinentError):
    """A corpus, or one place in it, cannot be read. `place` is `file`, `file:line` or a description."""

    def __init__(self, place: str, problem: str, hint: str = "") -> None:
        self.place, self.problem, self.hint = place, problem, hint
        super().__init__(f"{place}: {problem}" + (f"; {hint}" if hint else ""))


class LexiconError(CorpusError):
    """A lexicon or word list is not in its format."""


class OutputError(MinentError):
    """An output cannot be written; nothing was left behind."""

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}; no partial output was left")


class MissingExtraError(MinentError):
    """An optional package is not installed."""

    exit_code = 3

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        self.package, self.extra, self.purpose = package, extra, purpose
        super().__init__(f"{purpose} needs the package {package}: pip install 'minent[{extra}]'")
