"""A decisions file that is written at every decision, and read again where somebody else has changed it meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterable

from minent.decisions import Decision, load_decisions, merged
from minent.errors import OutputError
from minent.files import describe_os_error, display_path

Signature = tuple[int, int, int]


class DecisionFile:
    """The decisions in a file, and those read from others beside it.

    path : of the file that is written; it need not exist
    others : further files; where two differ, what the file that is written says holds, then what a later one says
    decisions : what holds now
    """

    def __init__(self, path: str, others: Iterable[str] = (), fingerprint: str = "") -> None:
        self.path, self.fingerprint = path, fingerprint
        read = [load_decisions(other) for other in others]
        self._seen = self._signature()
        if self._seen is not None:
            read.append(load_decisions(path))
        self.strange = [part.fingerprint for part in read if part.fingerprint and part.fingerprint != fingerprint]
        self.decisions = merged(read)

    def change(self, word: str, decision: Decision | None) -> dict[str, Decision | None]:
        """Decide about a word, or take a decision back, and save. What changed: the word, and those that somebody else
        decided about in the same file meanwhile; these are kept.

        Errors: OutputError or CorpusError, and nothing has changed.
        """
        before, words = self.decisions, {word}
        signature = self._signature()
        if signature is not None and signature != self._seen:
            before = merged([self.decisions, load_decisions(self.path)])
            words.update(other for other, found in before.items() if self.decisions.get(other) != found)
        after = before.changed(word, decision, self.fingerprint)
        after.save(self.path)
        self._seen, self.decisions = self._signature(), after
        return {each: after.get(each) for each in words}

    def _signature(self) -> Signature | None:
        """What changes when the file does; None where there is none."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutputError(display_path(self.path), describe_os_error(error)) from error
        return status.st_mtime_ns, status.st_size, status.st_ino
