"""One review: the words of a lexicon, what was decided about them, and what a decision does to a sentence."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from minent.decisions import KINDS, Conflict, Decision, Kind
from minent.grammar import Grammar
from minent.lexicon import Lexicon
from minent.parsing import Parser
from minent.review.candidates import Candidates, Query, clipped
from minent.review.contexts import LONGEST_LINE, Context, Contexts
from minent.review.keeping import DecisionFile
from minent.review.live import LiveCutter
from minent.review.picture import tree_shapes

EXAMPLES = 8  # contexts of a word
LONGEST_WORD = 200  # characters of a word that can be fixed, or put in the place of another
MOST_WORDS = 32  # in the place of one
LONGEST_TRIED = 400  # characters of a text that is tried
WARM = (
    "苹果",
    "的",
    "颜色",
    "是",
    "什么",
)  # parsed at the start, so that kernels are loaded before somebody waits for them

Json = dict[str, Any]


class RefusedError(Exception):
    """Something that was asked for and cannot be; the message is for people."""


@dataclass(frozen=True)
class Undoable:
    """A decision that can be taken back: what was decided about a word before, and now."""

    word: str
    before: Decision | None
    after: Decision | None


class Review:
    """The state behind the page; any number of threads may use it.

    lexicon : whose words are judged;  file : where decisions are;  by : who decides
    contexts : text to show words in;  grammar : to parse what is tried
    explain : gives the text that explains a word
    """

    def __init__(
        self,
        lexicon: Lexicon,
        file: DecisionFile,
        *,
        by: str = "",
        contexts: Contexts | None = None,
        grammar: Grammar | None = None,
        explain: Callable[[str], str] | None = None,
    ) -> None:
        self.file, self.by, self.contexts, self.explainer = file, by, contexts, explain
        units = str(lexicon.settings.get("units", "run"))
        self.candidates = Candidates(lexicon)
        self._base, self._live = (LiveCutter(lexicon, "char" if units == "char" else "run") for _ in range(2))
        self._parser = Parser(grammar, self) if grammar is not None else None
        if self._parser is not None:
            self._parser.parse(list(WARM))
        self._disputes: dict[str, list[Conflict]] = {}
        for conflict in file.decisions.conflicts:
            self._disputes.setdefault(conflict.later.word, []).append(conflict)
        self._replacing: Counter[str] = Counter()
        self._undo: list[Undoable] = []
        self._lock = threading.RLock()
        self._explaining = threading.Lock()
        self._decisions: dict[str, Decision] = {}
        self.candidates.add(file.decisions)
        for word, decision in file.decisions.items():
            self._apply(word, decision)

    @property
    def changes(self) -> int:
        """Decisions of this session that can be taken back."""
        return len(self._undo)

    def cut(self, text: str) -> list[str]:
        """The words of a text as the decisions have it."""
        return self._live.cut_text(text)

    def state(self) -> Json:
        """What a page must know before it shows anything, and how far the review is."""
        with self._lock:
            return {
                **self._progress(),
                "figures": self.candidates.has_figures,
                "new": self.candidates.has_new,
                "contexts": self.contexts is not None,
                "explain": self.explainer is not None,
                "parse": self._parser is not None,
            }

    def rows(self, query: Query, size: int, after: int | None, until: int | None) -> Json:
        """Words of a list; `missing` is what was searched for, if it could be a word and is none of them."""
        with self._lock:
            for number in (after, until):
                self._check_number(number)
            numbers, total, first = self.candidates.find(query, size, after, until)
            wanted = query.search.strip()
            missing = wanted and wanted not in self.candidates.numbers and not set("*?") & set(wanted)
            return {
                "rows": [self._row(number) for number in numbers],
                "total": total,
                "first": first,
                "missing": wanted if missing and len(wanted) <= LONGEST_WORD else None,
            }

    def details(self, number: int) -> Json:
        """What is told of one word beside its row."""
        with self._lock:
            self._check_number(number)
            word = self.candidates.words[number]
            can_fix = len(word) <= LONGEST_WORD
            found: Json = {"row": self._row(number), "can_fix": can_fix}
            found["parts"] = self._live.without(word) if can_fix and len(word) > 1 else []
            found["disputes"] = [str(conflict) for conflict in self._disputes.get(word, [])]
            decision = self._decisions.get(word)
            found["decided"] = ", ".join(filter(None, (decision.by, decision.time))) if decision else ""
        absent = number >= self.candidates.size
        found["in_text"] = self.contexts.count(word) if absent and self.contexts is not None else None
        found["contexts"] = self._examples(word)
        return found

    def decide(self, number: int | None, text: str, kind: Kind | None, replacement: str) -> Json:
        """Decide about the word of a number, or, without one, about a text that is no word yet; None for `kind` takes a
        decision back. It is saved when this returns. Errors: RefusedError; OutputError; CorpusError."""
        with self._lock:
            self._check_number(number)
            word = text.strip() if number is None else self.candidates.words[number]
            if number is None and len(word) > LONGEST_WORD:
                raise RefusedError(f"a word has at most {LONGEST_WORD} characters here")
            decision = None
            if kind is not None:
                words = tuple(replacement.split()) if kind == "fix" else ()
                if len(words) > MOST_WORDS or max(map(len, words), default=0) > LONGEST_WORD:
                    raise RefusedError(f"at most {MOST_WORDS} words of {LONGEST_WORD} characters can replace one")
                now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
                try:
                    decision = Decision(word, kind, words, now, self.by)
                except ValueError as error:
                    raise RefusedError(str(error)) from None
            before = self._decisions.get(word)
            return self._change(word, decision, Undoable(word, before, decision))

    def undo(self) -> Json:
        """Take the last decision of this session back. Errors: RefusedError; OutputError; CorpusError."""
        with self._lock:
            if not self._undo:
                raise RefusedError("there is nothing to undo")
            last = self._undo[-1]
            self._take(self.file.refresh())
            if self._decisions.get(last.word) != last.after:
                self._undo.pop()
                raise RefusedError(f"{clipped(last.word)} was decided again elsewhere; that stays")
            found = self._change(last.word, last.before, None)
            self._undo.pop()
            return {**found, **self._progress()}

    def try_text(self, text: str) -> Json:
        """How a text is cut by the lexicon as it is, and with what was decided; and its tree, if there is a grammar."""
        text = text[:LONGEST_TRIED]
        with self._lock:
            before, after = self._base.cut_text(text), self._live.cut_text(text)
        found: Json = {"before": before, "after": after}
        if self._parser is not None and after:
            found["tree"] = tree_shapes(self._parser.parse(text.replace("\n", " ")))
        return found

    def explain(self, number: int) -> str:
        """The explanation of a word, one at a time. Errors: RefusedError; those of `minent.explain`."""
        self._check_number(number)
        if self.explainer is None:
            raise RefusedError("an explanation needs the corpus: minent review LEXICON CORPUS")
        with self._explaining:
            return self.explainer(self.candidates.words[number])

    # what a decision changes

    def _change(self, word: str, decision: Decision | None, undoable: Undoable | None) -> Json:
        changed = self.file.change(word, decision)
        self._disputes.pop(word, None)
        self._take(changed)
        if undoable is not None:
            self._undo.append(undoable)
        return {
            **self._progress(),
            "row": self._row(self.candidates.numbers[word]),
            "others": [self._row(self.candidates.numbers[each]) for each in changed if each != word],
        }

    def _take(self, changed: Mapping[str, Decision | None]) -> None:
        """Take changed decisions into account."""
        self.candidates.add(changed)
        for each, now in changed.items():
            self._apply(each, now)

    def _apply(self, word: str, decision: Decision | None) -> None:
        """Take a decision about a word, which is a candidate, into account."""
        number = self.candidates.numbers[word]
        earlier = self._decisions.pop(word, None)
        if decision is not None:
            self._decisions[word] = decision
        self.candidates.decided[number] = 0 if decision is None else 1 + KINDS.index(decision.kind)
        self.candidates.disputed[number] = word in self._disputes
        replaced = earlier.replacement if earlier else ()
        replacing = decision.replacement if decision else ()
        self._replacing.subtract(replaced)
        self._replacing.update(replacing)
        for each in dict.fromkeys((word, *replaced, *replacing)):
            self._enliven(each, number if each in replacing else None)

    def _enliven(self, word: str, replaced: int | None) -> None:
        """Have a word in the live cutter, or not, as the decisions say."""
        decision = self._decisions.get(word)
        number = self.candidates.numbers.get(word)
        known = number is not None and number < self.candidates.size
        wanted = decision.kind == "keep" if decision else known or self._replacing[word] > 0
        if not wanted:
            self._live.remove(word)
        elif known and number is not None:
            self._live.put(word, int(self.candidates.counts[number]))
        elif self.contexts is not None:
            self._live.put(word, self.contexts.count(word))
        else:
            self._live.put(word, 1 if replaced is None else int(self.candidates.counts[replaced]))

    # what is shown

    def _progress(self) -> Json:
        return {
            "totals": self.candidates.totals(),
            "can_undo": bool(self._undo),
            "time": datetime.now().strftime("%H:%M:%S"),
        }

    def _row(self, number: int) -> Json:
        decision = self._decisions.get(self.candidates.words[number])
        return {
            **self.candidates.row(number),
            "decision": decision.kind if decision else None,
            "replacement": list(map(clipped, decision.replacement)) if decision else [],
        }

    def _examples(self, word: str) -> list[Mapping[str, str]]:
        if self.contexts is None:
            return []
        named = self.contexts.has_files
        return [_shown(found, named) for found in self.contexts.examples(word, EXAMPLES, LONGEST_LINE)]

    def _check_number(self, number: int | None) -> None:
        if number is not None and not 0 <= number < len(self.candidates):
            raise RefusedError("there is no such word; load the page again")


def _shown(context: Context, named: bool) -> Mapping[str, str]:
    return {
        "left": context.left,
        "text": clipped(context.text),
        "right": context.right,
        "path": context.path if named else "",
    }
