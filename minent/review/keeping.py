"""A decisions file that is written at every decision, and read again where somebody else has changed it meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from minent.decisions import Decision, Decisions, load_decisions, merged
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
        self._written = load_decisions(path) if self._seen is not None else Decisions()  # the file, as it was last seen
        if self._seen is not None:
            read.append(self._written)
        self.strange = [part.fingerprint for part in read if part.fingerprint and part.fingerprint != fingerprint]
        self.decisions = merged(read)

    def change(self, word: str, decision: Decision | None) -> dict[str, Decision | None]:
        """Decide about a word, or take a decision back, and save. What changed: the word, and those that somebody else
        decided about in the same file meanwhile; these are kept.

        Errors: OutputError or CorpusError, and nothing has changed.
        """
        changed = self._changed()
        after = self._with(changed).changed(word, decision, self.fingerprint)
        after.save(self.path)
        self._seen, self.decisions, self._written = self._signature(), after, after
        return {each: after.get(each) for each in (*changed, word)}

    def refresh(self) -> dict[str, Decision | None]:
        """Take over what somebody else has changed in the file: words decided, words without a decision (None) now.
        Where the file is gone, nothing is. Errors: OutputError or CorpusError, and nothing has changed."""
        signature = self._signature()
        changed = self._changed()
        if signature is not None:
            self._seen, self.decisions = signature, self._with(changed)
            self._written = self._written if not changed else load_decisions(self.path)
        return changed

    def _changed(self) -> dict[str, Decision | None]:
        """How the file differs from what it was when it was last seen."""
        signature = self._signature()
        if signature is None or signature == self._seen:
            return {}
        now, before = load_decisions(self.path), self._written
        return {word: now.get(word) for word in (*now, *before) if now.get(word) != before.get(word)}

    def _with(self, changed: Mapping[str, Decision | None]) -> Decisions:
        """The decisions that hold, with these changes."""
        kept = [found for word, found in self.decisions.items() if word not in changed]
        return Decisions([*kept, *(found for found in changed.values() if found)], self.decisions.fingerprint)

    def _signature(self) -> Signature | None:
        """What changes when the file does; None where there is none."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutputError(display_path(self.path), describe_os_error(error)) from error
        return status.st_mtime_ns, status.st_size, status.st_ino
