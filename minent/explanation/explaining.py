"""Explanations of words: what the text says of them, how the lexicon's recipe decided, where they stand."""

from __future__ import annotations

import dataclasses
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from minent.concordance import CLASS_PATTERNS, CLASS_UNIT, Concordance, Occurrence
from minent.corpus.alphabet import NUMBER_CLASS
from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import open_corpus
from minent.counting import CodedCorpus, count_corpus_units
from minent.decisions import Decisions
from minent.discovery import corpus_name
from minent.errors import CorpusError
from minent.explanation.figures import Cut, Figures, alphabet_of, strings_of
from minent.explanation.pieces import needed_strings
from minent.explanation.replay import Replay, recipe_settings
from minent.explanation.spelling import in_classes, other_widths, units_of
from minent.explanation.steps import Conventions, Places, Step, Wishes, deciding_step, verdicts
from minent.lexicon import Lexicon, load_lexicon
from minent.memory import Memory
from minent.notebook import escaped
from minent.passes import UNLIMITED
from minent.segmentation import Segmenter
from minent.settings import LexiconSettings
from minent.word_statistics import LONGEST

CUT_SAMPLE = 200  # occurrences of a word that are cut with the lexicon
WAYS = 5  # ways of cutting that are told
REACH = 100  # characters beside an occurrence
CONTEXTS = 3

NUMBER = re.compile(CLASS_PATTERNS[NUMBER_CLASS])


@dataclass(frozen=True)
class Way:
    """A way in which the lexicon cuts a word where it stands: the tokens that have a part of it, and how often."""

    tokens: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Explanation:
    """Why a word is in a lexicon or not. Logarithms are natural (nats).

    word, entry : as it was asked for, and as the lexicon writes it (1998年 is <N>年 where numbers are a class)
    units : its units; none if it has a sign, a space or the like inside
    count, rank, log_prob : in the lexicon; None if it is not there
    occurrences : in the text, as a string of units, inside other words too
    total : units of the text
    cuts, weakest : every cut into two, and which of them has the lowest PMI
    left_entropy, right_entropy : branching entropies 自由度
    ways, cut_occurrences : how the lexicon cuts it now, in so many of its occurrences
    recipe : of the lexicon; None if its head names none, or it was not run again
    same_text : whether this is the text of which the lexicon was made; None if its head does not tell
    steps, kept, decided_by : the way through the recipe, where it ends, and the step that made it so (None: no step
        spoke against the word)
    contexts : lines where it stands, drawn evenly from the text
    notes : what is not exact here, and what differs from the lexicon

    >>> found, = explain("苹果", Lexicon.from_counts({"苹果": 2}), ["苹果的颜色", "青苹果"])
    >>> found.occurrences, found.count, [(place.left, place.right) for place in found.contexts]
    (2, 2, [('', '的颜色'), ('青', '')])
    """

    word: str
    entry: str
    units: tuple[str, ...]
    count: int | None
    rank: int | None
    log_prob: float | None
    occurrences: int
    total: int
    cuts: tuple[Cut, ...]
    weakest: int | None
    left_entropy: float | None
    right_entropy: float | None
    ways: tuple[Way, ...]
    cut_occurrences: int
    recipe: str | None
    same_text: bool | None
    steps: tuple[Step, ...]
    kept: bool | None
    decided_by: str | None
    contexts: tuple[Occurrence, ...]
    notes: tuple[str, ...]

    def _repr_html_(self) -> str:
        """What a notebook shows: the text that `minent explain` prints."""
        from minent.explanation.render import rendered  # which reads explanations

        return f"<pre>{escaped(rendered(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON; each step has `in` too: whether the word is in after it."""
        found = dataclasses.asdict(self)
        for step, verdict in zip(found["steps"], verdicts(self.steps), strict=True):
            step["in"] = verdict
        return found


def explain(
    words: str | Iterable[str],
    lexicon: Lexicon | str | os.PathLike[str],
    corpus: Any,
    *,
    replay: bool = True,
    protect: Iterable[str] = (),
    ban: Iterable[str] = (),
    decisions: Decisions | None = None,
    contexts: int = CONTEXTS,
    jobs: int = 1,
    progress: bool = False,
    memory: Memory = UNLIMITED,
    report: Callable[[InvalidBytes], object] = lambda invalid: None,
) -> list[Explanation]:
    """Explain words, whether the lexicon has them or not, from the text of which it was made.

    The recipe that the head of the lexicon names runs again on the corpus, with its settings, and is watched: that
    takes as long as `build_lexicon` did, for all words together. A list or a text without such a head gives the
    figures only.

    corpus : what `open_corpus` takes;  replay : False leaves the recipe, and so the steps, out
    protect, ban, decisions : with which the lexicon was built: its head does not have them
    contexts : examples of each word;  jobs, memory : as for `build_lexicon`
    report : called where some bytes of the corpus are no text

    Errors: CorpusError if the corpus cannot be read or has not one unit; LexiconError if the head cannot be.

    >>> from minent import build_lexicon
    >>> texts = ["苹果的颜色", "葡萄的味道", "苹果和葡萄", "颜色和味道"] * 9
    >>> found, = explain("的颜色", build_lexicon(texts, recipe="plain"), texts)
    >>> found.kept, found.decided_by, [cut.left for cut in found.cuts]
    (False, 'pairs', ['的', '的颜'])
    """
    asked = [words] if isinstance(words, str) else list(dict.fromkeys(words))
    if not all(asked):
        raise ValueError("a word to explain is empty")
    lexicon = lexicon if isinstance(lexicon, Lexicon) else load_lexicon(lexicon)
    source = open_corpus(corpus)
    settings = recipe_settings(lexicon)
    whole_runs = lexicon.settings.get("units", "run") == "run"
    counted, invalid = count_corpus_units(source, whole_runs, jobs, progress, memory)
    if counted.total == 0:
        hint = "it is not valid UTF-8; try --encoding auto" if invalid else "there is nothing to explain words from"
        raise CorpusError(corpus_name(source), "no Han character, Latin letter or digit in it", hint)
    if invalid:
        report(invalid)
    fingerprint = lexicon.settings.get("fingerprint")
    same_text = None if fingerprint is None else counted.fingerprint() == fingerprint

    has_classes = settings.recipe == "default" if settings else any(map(CLASS_UNIT.search, [*lexicon, *asked]))
    alphabet = alphabet_of(counted, has_classes, asked)
    units = {word: units_of(word, whole_runs) for word in asked}
    if has_classes and whole_runs:
        units = {word: parts if word in lexicon else in_classes(parts, alphabet) for word, parts in units.items()}
    entries = {word: "".join(parts) or word for word, parts in units.items()}

    run = None
    if replay and settings is not None:
        run = Replay(settings, list(entries.values()), protect, ban, decisions)
        run.mine(source, lexicon, jobs, progress, memory)
    strings = [text for parts in units.values() if parts for text in strings_of(parts)]
    strings += [text for parts in units.values() for text in needed_strings(parts, run.settings if run else None)]
    strings += [text for word in asked for text in other_widths(word)]
    coded = CodedCorpus(source, alphabet, jobs, progress, memory)
    figures = Figures(coded, counted, strings)
    places = Concordance(
        source, [*asked, *entries.values()], units="run" if whole_runs else "char", reach=REACH, progress=progress
    )
    sample: dict[str, list[Occurrence]] = {word: [] for word in places.finder.words}
    for occurrence in places.sample(CUT_SAMPLE):
        sample[occurrence.word].append(occurrence)
    segmenter = Segmenter(lexicon, units="run" if whole_runs else "char", protect=protect)
    ranks = {word: k for k, word in enumerate(lexicon.words, start=1)}

    explanations = []
    counts = dict(zip(places.finder.words, places.counts, strict=True))
    for word in asked:
        entry, parts = entries[word], units[word]
        seen = sample[word] or sample[entry]
        if CLASS_UNIT.search(entry):  # a run of Latin letters may have a unit of its own
            seen = [place for place in seen if "".join(in_classes(units_of(place.text), alphabet)) == entry]
        steps = tuple(run.steps(entry, parts, figures)) if run else ()
        decisive = deciding_step(steps)
        known = lexicon[entry] if ranks.get(entry) else None
        cuts = figures.cuts(parts) if 1 < len(parts) <= LONGEST else ()
        left, right = figures.entropies(entry) if parts else (None, None)
        explanation = Explanation(
            word=word,
            entry=entry,
            units=parts,
            count=known.count if known else None,
            rank=ranks.get(entry),
            log_prob=known.log_prob if known else None,
            occurrences=figures.count(entry) if 0 < len(parts) <= LONGEST else counts[word],
            total=counted.total,
            cuts=cuts,
            weakest=min(range(len(cuts)), key=lambda k: cuts[k].pmi, default=None),
            left_entropy=left,
            right_entropy=right,
            ways=tuple(_ways(seen, segmenter)),
            cut_occurrences=len(seen),
            recipe=settings.recipe if run and settings else None,
            same_text=same_text,
            steps=steps,
            kept=verdicts(steps)[-1] if steps else None,
            decided_by=None if decisive is None else steps[decisive].name,
            contexts=tuple(_spread(seen, contexts)),
            notes=(),
        )
        explanations.append(dataclasses.replace(explanation, notes=tuple(_notes(explanation, settings, figures))))
    return explanations


def _ways(occurrences: Sequence[Occurrence], segmenter: Segmenter) -> list[Way]:
    """The most frequent ways in which some occurrences are cut; any number is one in a word with a class."""
    found: Counter[tuple[str, ...]] = Counter()
    for place in occurrences:
        start, end = len(place.left), len(place.left) + len(place.text)
        cutting = segmenter.segment(place.left + place.text + place.right)
        tokens = [cutting.text[first:last] for first, last in cutting.spans if first < end and last > start]
        if NUMBER_CLASS in place.word:
            tokens = [NUMBER.sub(NUMBER_CLASS, token) for token in tokens]
        found[tuple(tokens)] += 1
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Way(tokens, count) for tokens, count in best[:WAYS]]


def _spread(occurrences: Sequence[Occurrence], size: int) -> list[Occurrence]:
    """Some of these, evenly spread."""
    if len(occurrences) <= size:
        return list(occurrences)
    return [occurrences[(2 * k + 1) * len(occurrences) // (2 * size)] for k in range(size)]


def _notes(found: Explanation, settings: LexiconSettings | None, figures: Figures) -> Iterator[str]:
    """What a reader must know of an explanation to take it for no more than it is."""
    if settings is None:
        yield "the head of the lexicon names no recipe: there are no steps to tell"
    elif found.recipe is None:
        yield "the recipe was not run again: there are no steps to tell"
    if found.same_text is False:
        steps = "" if found.recipe is None else ": the steps are those of its recipe on this text"
        yield f"this is not the text of which the lexicon was made{steps}"
    if found.units and found.entry != found.word:
        yield f"the lexicon writes it {found.entry}: figures and steps are those of {found.entry}"
    for text in other_widths(found.word) if found.entry == found.word else ():  # a class has numbers of both widths
        if figures.count(text):
            yield f"written {text} it is in the text {figures.count(text):,} times"
    if len(found.units) > LONGEST:
        yield f"it has more than {LONGEST} units: its cuts are not counted"
    if figures.sampled:
        yield "the entropies are of a part of the neighbours, evenly spread over the text"
    if found.kept is not None and found.same_text is not False:
        given = next((step.count for step in found.steps[::-1] if isinstance(step, (Wishes, Places, Conventions))), 0)
        if found.kept != (found.count is not None) or (found.kept and given != found.count):
            here = f"has it with the count {found.count:,}" if found.count is not None else "does not have it"
            there = f"gives it the count {given:,}" if found.kept else "drops it"
            yield (
                f"the lexicon {here}, its recipe {there}: it was edited, filtered, or built with "
                "other lists (--protect, --ban, --decisions)"
            )
