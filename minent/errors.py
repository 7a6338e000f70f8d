"""Errors that a user can meet: each has its facts as fields, one line as message, and an exit code."""

from __future__ import annotations


class MinentError(Exception):
    """Something in the world is not as it must be: bad data, a failed read, a missing extra.

    >>> error = CorpusError("corpus.txt:17", "not valid UTF-8", "try --encoding gb18030")
    >>> isinstance(error, MinentError), str(error), error.exit_code
    (True, 'corpus.txt:17: not valid UTF-8; try --encoding gb18030', 1)
    """

    exit_code = 1


class CorpusError(MinentError):
    """A corpus, or one place in it, cannot be read. `place` is `file`, `file:line` or a description."""

    def __init__(self, place: str, problem: str, hint: str = "") -> None:
        self.place, self.problem, self.hint = place, problem, hint
        super().__init__(f"{place}: {problem}" + (f"; {hint}" if hint else ""))


class LexiconError(CorpusError):
    """A lexicon or word list is not in its format."""


class OutputError(MinentError):
    """An output cannot be written; nothing was left behind, but on `<stdout>` what was there already."""

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}" + ("" if path == "<stdout>" else "; no partial output was left"))


class SpillError(MinentError):
    """Temporary files cannot be written or read."""

    def __init__(self, folder: str, problem: str) -> None:
        self.folder, self.problem = folder, problem
        super().__init__(f"{folder}: temporary files: {problem}; choose another folder with -T, or more memory with -S")


class MemoryBudgetError(MinentError):
    """The memory that may be filled is too little. `need` is in bytes."""

    exit_code = 2

    def __init__(self, purpose: str, need: int, given: int, hint: str = "") -> None:
        self.purpose, self.need, self.given = purpose, need, given
        message = f"-S {in_mebibytes(given)} is too little: {purpose} needs {in_mebibytes(need)}"
        super().__init__(message + (f"; {hint}" if hint else ""))


class RunError(MinentError):
    """A run directory cannot be used. `path` is the folder or a file in it."""

    def __init__(self, path: str, problem: str, hint: str = "") -> None:
        self.path, self.problem, self.hint = path, problem, hint
        super().__init__(f"{path}: {problem}" + (f"; {hint}" if hint else ""))


class ModelError(MinentError):
    """A neural model, or a file of one, cannot be used. `place` is a path or an option."""

    def __init__(self, place: str, problem: str, hint: str = "") -> None:
        self.place, self.problem, self.hint = place, problem, hint
        super().__init__(f"{place}: {problem}" + (f"; {hint}" if hint else ""))


class TrainingError(MinentError):
    """A training cannot go on. `step` is the one that failed; what was saved before is kept."""

    def __init__(self, step: int, problem: str, hint: str = "") -> None:
        self.step, self.problem, self.hint = step, problem, hint
        super().__init__(f"training stopped at step {step:,}: {problem}" + (f"; {hint}" if hint else ""))


class MissingExtraError(MinentError):
    """An optional package is not installed."""

    exit_code = 3

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        self.package, self.extra, self.purpose = package, extra, purpose
        super().__init__(f"{purpose} needs the package {package}: pip install 'minent[{extra}]'")


class MissingProgramError(MinentError):
    """A program that an extra needs is not installed. `way` says how to get it."""

    exit_code = 3

    def __init__(self, program: str, purpose: str, way: str) -> None:
        self.program, self.purpose, self.way = program, purpose, way
        super().__init__(f"{purpose} needs the program {program}: {way}")


class SparkError(MinentError):
    """Spark cannot be started, or has given up."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"spark: {problem}")


def in_mebibytes(size: int) -> str:
    """A size in bytes as `-S` takes it, rounded up.

    >>> in_mebibytes(1 << 30), in_mebibytes(1)
    ('1024M', '1M')
    """
    return f"{-(-size >> 20)}M"
