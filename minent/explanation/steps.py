"""The steps of the recipes for one word: what was compared with what, and what follows.

A verdict is worked out from the numbers of the step and the verdict of the step before, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One step. `name` tells which; `verdict` whether the word is in after it, when `before` tells it was so far."""

    name: str = field(init=False)

    def verdict(self, before: bool) -> bool:
        raise NotImplementedError


@dataclass(frozen=True)
class Pair:
    """Two neighbours: how often side by side in the text, and their PMI in nats (None: never).

    protected : a protected word has them side by side, so that the text is not cut between them there
    """

    left: str
    right: str
    count: int
    pmi: float | None
    protected: bool = False


@dataclass(frozen=True)
class Ngram:
    """Neighbouring units: how often in the text, the PMI at their weakest cut in nats (None: never), what it must
    exceed."""

    text: str
    count: int
    pmi: float | None
    threshold: float


@dataclass(frozen=True)
class Part:
    """A word with its count."""

    word: str
    count: int


@dataclass(frozen=True)
class Spelling(Step):
    """What cannot be a word of a recipe, whatever the text is: `problem` tells why."""

    name: str = field(default="spelling", init=False)
    problem: str

    def verdict(self, before: bool) -> bool:
        return False


@dataclass(frozen=True)
class Pairs(Step):
    """plain: the text is cut between neighbours unless they occur more than `above` times with more than `min_pmi`."""

    name: str = field(default="pairs", init=False)
    pairs: tuple[Pair, ...]
    above: float
    min_pmi: float

    def joins(self, pair: Pair) -> bool:
        """Whether these neighbours stay together."""
        return pair.protected or (pair.count > self.above and pair.pmi is not None and pair.pmi > self.min_pmi)

    def verdict(self, before: bool) -> bool:
        return before and all(map(self.joins, self.pairs))


@dataclass(frozen=True)
class Ngrams(Step):
    """cohesion: the word, or each of its n-grams of the longest order, occurs `least` times with more PMI than its
    threshold."""

    name: str = field(default="ngrams", init=False)
    ngrams: tuple[Ngram, ...]
    least: int

    def is_good(self, ngram: Ngram) -> bool:
        """Whether this n-gram holds together."""
        return ngram.count >= self.least and ngram.pmi is not None and ngram.pmi > ngram.threshold

    def verdict(self, before: bool) -> bool:
        return before and all(map(self.is_good, self.ngrams))


@dataclass(frozen=True)
class Candidate(Step):
    """plain, cohesion: the word was cut out as a piece more than `above` times. longer : frequent pieces around it."""

    name: str = field(default="candidate", init=False)
    count: int
    above: float
    longer: tuple[Part, ...]

    def verdict(self, before: bool) -> bool:
        return before and self.count > self.above


@dataclass(frozen=True)
class Redundancy(Step):
    """plain, cohesion: the word against its best cutting into others: ln p(word) − Σ ln p(part) in nats, at least
    `threshold`; None: it is cut in any case, being too loose, too long or banned.

    count : with what longer words that were cut have given it;  total : of all counts then
    """

    name: str = field(default="redundancy", init=False)
    count: int
    total: int
    parts: tuple[Part, ...]
    pmi: float
    threshold: float | None

    def verdict(self, before: bool) -> bool:
        return before and self.threshold is not None and self.pmi >= self.threshold


@dataclass(frozen=True)
class Received(Step):
    """plain, cohesion: what longer words that were cut have given to a word of one unit."""

    name: str = field(default="received", init=False)
    count: int

    def verdict(self, before: bool) -> bool:
        return before or self.count > 0


@dataclass(frozen=True)
class Kind:
    """What one kind of text said of a word: tokens in the last sweep, then after joining and splitting."""

    name: str
    count: int
    total: int
    count_after: int


@dataclass(frozen=True)
class Kinds(Step):
    """default: the kinds of text learned apart. What they found is where the harvest starts; it decides nothing yet."""

    name: str = field(default="kinds", init=False)
    kinds: tuple[Kind, ...]

    def verdict(self, before: bool) -> bool:
        return before


@dataclass(frozen=True)
class Listing(Step):
    """default: the word has `least` tokens in the last sweep, of `total`; or one, if all its neighbouring units have
    a PMI of `rare_pmi` nats (None: there is no such rule)."""

    name: str = field(default="listing", init=False)
    count: int
    total: int
    least: int
    pairs: tuple[Pair, ...]
    rare_pmi: float | None

    def verdict(self, before: bool) -> bool:
        if self.count >= self.least:
            return True
        if self.rare_pmi is None or self.count < 1:
            return False
        return all(pair.pmi is not None and pair.pmi >= self.rare_pmi for pair in self.pairs)


@dataclass(frozen=True)
class Bond:
    """A cut of a word into two words, as tokens of the last sweep.

    beside : how often the two stand side by side;  together : that, and the word's own tokens
    pmi : ln(together · total / (left · right)), nats; None where it does not count, `problem` tells why
    """

    left: str
    right: str
    left_count: int
    right_count: int
    beside: int
    together: int
    threshold: float
    pmi: float | None
    problem: str


@dataclass(frozen=True)
class Splitting(Step):
    """default: a word goes if one of its cuts into two listed words has a PMI below its threshold."""

    name: str = field(default="splitting", init=False)
    total: int
    cuts: tuple[Bond, ...]

    def verdict(self, before: bool) -> bool:
        return before and all(cut.pmi is None or cut.pmi >= cut.threshold for cut in self.cuts)


@dataclass(frozen=True)
class Joining(Step):
    """default: what is not in comes in if two words that stay are side by side `least` times, with a PMI above the
    threshold of their lengths, or, if it has more than four units, if a share `inseparable` of the tokens of both is
    there. In that case both go.

    is_only_way : the word has too many units to be a token of a sweep
    count_after : tokens after joining and splitting, 0 if it is no word;  longer : what has taken tokens from it
    term : the two words, this one among them, of a longer word that they hardly occur without
    """

    name: str = field(default="joining", init=False)
    total: int
    least: int
    inseparable: float
    cuts: tuple[Bond, ...]
    is_only_way: bool
    count_after: int
    longer: tuple[Part, ...]
    term: Bond | None

    def joins(self, cut: Bond) -> bool:
        """Whether these two become one word."""
        if cut.beside < self.least or cut.pmi is None:
            return False
        bound = self.is_only_way and cut.beside >= self.inseparable * max(cut.left_count, cut.right_count)
        return bound or cut.pmi > cut.threshold

    def verdict(self, before: bool) -> bool:
        return (before and not self.is_only_way and self.term is None) or any(map(self.joins, self.cuts))


@dataclass(frozen=True)
class Term:
    """Words side by side that make a longer one. pairs : neighbours among them;  count : pieces of just these words;
    redundancy : None if there are too few of them."""

    pairs: tuple[Pair, ...]
    count: int
    redundancy: Redundancy | None


@dataclass(frozen=True)
class Terms(Step):
    """default, with a longest word of more than four units: a term comes in if all its pairs of words occur more than
    `pairs_above` times with a PMI above `min_pmi`, it is left as a piece more than `above` times, and is not
    redundant."""

    name: str = field(default="terms", init=False)
    terms: tuple[Term, ...]
    pairs_above: float
    min_pmi: float
    above: float

    def joins(self, pair: Pair) -> bool:
        """Whether these neighbours stay together."""
        return pair.count > self.pairs_above and pair.pmi is not None and pair.pmi > self.min_pmi

    def is_good(self, term: Term) -> bool:
        """Whether these words become one."""
        together = all(map(self.joins, term.pairs)) and term.count > self.above
        return together and term.redundancy is not None and term.redundancy.verdict(True)

    def verdict(self, before: bool) -> bool:
        return before or any(map(self.is_good, self.terms))


@dataclass(frozen=True)
class Wishes(Step):
    """What was asked for: a count, a length in units, lists. `count` is what the recipe gives the word, 0 for none.

    decision : that of a file of decisions on the word, which protects or bans it; empty if there is none
    """

    name: str = field(default="wishes", init=False)
    count: int
    min_count: int
    length: int
    min_length: int
    max_length: int | None
    protected: bool
    banned: bool
    decision: str = ""

    def verdict(self, before: bool) -> bool:
        fits = self.length >= self.min_length and (self.max_length is None or self.length <= self.max_length)
        return self.protected or (before and fits and not self.banned and self.count >= self.min_count)


@dataclass(frozen=True)
class Places(Step):
    """A protected word to which the recipe gives no count: that of its places in the text stands in the lexicon."""

    name: str = field(default="places", init=False)
    count: int

    def verdict(self, before: bool) -> bool:
        return before


@dataclass(frozen=True)
class Conventions(Step):
    """The conventions of the lexicon were applied, which leave this count."""

    name: str = field(default="conventions", init=False)
    names: str
    count: int

    def verdict(self, before: bool) -> bool:
        return self.count > 0


def verdicts(steps: Sequence[Step]) -> list[bool]:
    """Whether the word is in after each step."""
    found: list[bool] = []
    for step in steps:
        found.append(step.verdict(found[-1] if found else True))
    return found


def deciding_step(steps: Sequence[Step]) -> int | None:
    """The last step that changed the verdict; None where none did, and the word is in."""
    found = [True, *verdicts(steps)]
    return max((k for k in range(len(steps)) if found[k + 1] != found[k]), default=None)
