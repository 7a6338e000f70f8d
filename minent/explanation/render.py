"""An explanation as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minent.concordance import Occurrence, aligned, printable
from minent.evaluation.table import display_width, format_table
from minent.explanation.explaining import Explanation
from minent.explanation.steps import (
    Bond,
    Candidate,
    Conventions,
    Joining,
    Kinds,
    Listing,
    Ngrams,
    Pair,
    Pairs,
    Part,
    Places,
    Received,
    Redundancy,
    Spelling,
    Splitting,
    Step,
    Terms,
    Wishes,
    verdicts,
)

WIDTH = 30  # columns on each side of a word in its contexts

TITLES = {
    "spelling": "spelling",
    "pairs": "neighbouring units 相邻字",
    "ngrams": "cohesion 凝固度",
    "candidate": "candidate 候选词",
    "redundancy": "redundancy 冗余",
    "received": "from longer words",
    "kinds": "kinds of text",
    "listing": "listing",
    "splitting": "splitting",
    "joining": "joining",
    "terms": "long words",
    "wishes": "what was asked for",
    "places": "places in the text",
    "conventions": "conventions",
}


def rendered(found: Explanation, width: int = WIDTH) -> str:
    """The explanation of a word as lines. width : columns on each side of a word in its contexts."""
    return "\n".join(_lines(found, width))


def _lines(found: Explanation, width: int) -> Iterator[str]:
    yield from _head(found)
    for note in found.notes:
        yield f"  note: {printable(note)}"
    yield from _figures(found)
    if found.ways:
        where = f"{found.cut_occurrences:,} of its {found.occurrences:,} places"
        if found.cut_occurrences == found.occurrences:
            where = f"all {found.occurrences:,} places"
        yield f"  as the lexicon cuts it 现在的切分, in {where}"
        rows = [["    " + printable(" | ".join(way.tokens)), f"{way.count:,}"] for way in found.ways]
        yield format_table(rows)
    if found.steps:
        yield f"  steps of the recipe {found.recipe}"
        for number, (step, verdict) in enumerate(zip(found.steps, verdicts(found.steps), strict=True), start=1):
            decisive = "  ← decides 决定" if step.name == found.decided_by else ""
            yield f"    {number}. {TITLES[step.name]}: {'in' if verdict else 'out'}{decisive}"
            for line in _step(step):
                yield f"       {printable(line)}"
    if found.contexts:
        yield "  contexts 上下文"
        yield from (f"    {line}" for line in context_lines(found.contexts, width))


def _head(found: Explanation) -> Iterator[str]:
    written = "" if found.entry == found.word else f", written {printable(found.entry)}"
    yield f"{printable(found.word)}{written}"
    if found.count is None:
        place = "  not in the lexicon 不在词库"
    else:
        place = f"  in the lexicon 在词库: count {found.count:,}, rank {found.rank:,}, ln p {found.log_prob:.2f}"
    if decision := _decisive_decision(found):
        place += f"; a decision {'keeps' if found.kept else 'drops'} it 人工决定: {printable(decision)}"
    elif found.kept is not None:
        ways = {True: "the recipe keeps it", False: "the recipe drops it"}
        step = f" at the step: {TITLES[found.decided_by]}" if found.decided_by else ", no step spoke against it"
        place += f"; {ways[found.kept]}{step}"
    yield place


def _decisive_decision(found: Explanation) -> str:
    """The decision of which the word is in or out; empty for none. Some recipes obey it before the last step."""
    wishes = next((step for step in found.steps if isinstance(step, Wishes)), None)
    if wishes is None or wishes.protected == wishes.banned:
        return ""
    if found.kept:
        return wishes.decision
    gone_before = any(isinstance(step, Redundancy) and step.threshold is None for step in found.steps)
    by_ban = found.decided_by == "wishes" or (found.decided_by == "redundancy" and gone_before)
    return wishes.decision if wishes.banned and by_ban else ""


def _figures(found: Explanation) -> Iterator[str]:
    units = f"units {' '.join(map(printable, found.units))}; " if len(found.units) > 1 else ""
    yield f"  {units}{found.occurrences:,} times 出现次数 in {found.total:,} units of text"
    if found.cuts:
        yield "  cuts 切分处: counts of the parts, PMI and F_ab of each"
        rows = []
        for k, cut in enumerate(found.cuts):
            weakest = "  ← weakest 凝固度" if k == found.weakest else ""
            counts = f"{cut.left_count:,} · {cut.right_count:,}"
            parts = f"    {cut.left} | {cut.right}"
            rows.append([printable(parts), counts, f"{cut.pmi:.2f} nats", f"{cut.merge_gain:.3g}{weakest}"])
        yield _flush(rows)
    if found.left_entropy is not None and found.right_entropy is not None:
        yield f"  branching entropy 自由度: left 左 {found.left_entropy:.2f}, right 右 {found.right_entropy:.2f} nats"


def _step(step: Step) -> Iterator[str]:
    """What a step compared with what."""
    if isinstance(step, Spelling):
        yield step.problem
    elif isinstance(step, Pairs):
        yield f"two stay together if they occur more than {step.above:,.4g} times with PMI above {step.min_pmi:g}"
        for pair in step.pairs:
            yield f"{_pair(pair)}: {'together' if step.joins(pair) else 'cut'}"
    elif isinstance(step, Ngrams):
        for ngram in step.ngrams:
            strength = "never occurs" if ngram.pmi is None else f"PMI at the weakest cut {ngram.pmi:.2f}"
            good = "holds together" if step.is_good(ngram) else "too loose or too rare"
            needs = f"needs {step.least:,} and more than {ngram.threshold:g}"
            yield f"{ngram.text}: {ngram.count:,} times, {strength} ({needs}): {good}"
    elif isinstance(step, Candidate):
        yield f"cut out as a piece {step.count:,} times; needs more than {step.above:,.4g}"
        if step.longer:
            yield f"inside the longer pieces {_parts(step.longer)}"
    elif isinstance(step, Redundancy):
        yield f"best cutting into others: {_parts(step.parts)}; count {step.count:,} of {step.total:,}"
        needs = "cut in any case" if step.threshold is None else f"needs at least {step.threshold:g}"
        yield f"PMI against it {step.pmi:.2f} nats; {needs}"
    elif isinstance(step, Received):
        yield f"longer words that were cut gave it {step.count:,}"
    elif isinstance(step, Kinds):
        for kind in step.kinds:
            tokens = f"{kind.count:,} of {kind.total:,} tokens"
            yield f"{kind.name}: {tokens}, {kind.count_after:,} after joining and splitting"
    elif isinstance(step, Listing):
        rare = "" if step.rare_pmi is None else f", or 1 if no neighbours have a PMI below {step.rare_pmi:g}"
        yield f"{step.count:,} of {step.total:,} tokens of the last sweep; needs {step.least}{rare}"
        if step.rare_pmi is not None and 0 < step.count < step.least:
            yield "; ".join(_pair(pair) for pair in step.pairs)
    elif isinstance(step, Splitting):
        for cut in step.cuts:
            yield f"{_bond(cut)}: {'split' if cut.pmi is not None and cut.pmi < cut.threshold else 'stays'}"
    elif isinstance(step, Joining):
        if step.is_only_way and not step.cuts:
            yield "it has a class unit, or more units than two words can have together"
        for cut in step.cuts:
            verdict = "joined" if step.joins(cut) else "not joined"
            yield f"{_bond(cut)}, {cut.beside:,} times side by side (needs {step.least}): {verdict}"
        if step.term is not None:
            yield f"{_bond(step.term)}: they hardly occur without each other (share {step.inseparable:g}), both go"
        yield f"{step.count_after:,} tokens after joining and splitting"
        if step.longer:
            yield f"joined to longer words {_parts(step.longer)}"
    elif isinstance(step, Terms):
        needs = f"more than {step.pairs_above:,.4g} times with PMI above {step.min_pmi:g}"
        yield f"words stay together if they occur {needs}"
        for term in step.terms:
            yield "; ".join(f"{_pair(pair)}: {'together' if step.joins(pair) else 'cut'}" for pair in term.pairs)
            yield f"left as a piece {term.count:,} times; needs more than {step.above:,.4g}"
            if term.redundancy is not None:
                yield from _step(term.redundancy)
        if not step.terms:
            yield "the words of the lexicon do not make it up"
    elif isinstance(step, Wishes):
        yield from _wishes(step)
    elif isinstance(step, Places):
        yield f"the recipe gives it no count; it has that of its places, {step.count:,}"
    elif isinstance(step, Conventions):
        yield f"{step.names}: count {step.count:,}" if step.count else f"{step.names}: there is no such word any more"


def _wishes(step: Wishes) -> Iterator[str]:
    longest = f" to {step.max_length}" if step.max_length is not None else " or more"
    yield f"count {step.count:,} (needs {step.min_count}), {step.length} units (from {step.min_length}{longest})"
    if step.protected:
        yield "protected: always in"
    if step.banned and not step.protected:
        yield "banned"
    if step.decision:
        yield f"decision 人工决定: {step.decision}"


def _pair(pair: Pair) -> str:
    strength = "" if pair.pmi is None else f", PMI {pair.pmi:.2f}"
    return f"{pair.left} {pair.right} {pair.count:,} times{strength}{', protected' if pair.protected else ''}"


def _bond(cut: Bond) -> str:
    counts = f"{cut.left} {cut.left_count:,} + {cut.right} {cut.right_count:,}, together {cut.together:,}"
    if cut.pmi is None:
        return f"{counts}: {cut.problem}" if cut.problem else counts
    return f"{counts}, PMI {cut.pmi:.2f} against {cut.threshold:g}"


def _parts(parts: Sequence[Part]) -> str:
    return ", ".join(f"{part.word} {part.count:,}" for part in parts)


def context_lines(places: Sequence[Occurrence], width: int) -> Iterator[str]:
    """Lines whose words stand below one another."""
    cells = [aligned(place, width) for place in places]
    widest = max(display_width(word) for _, word, _ in cells)
    for left, word, right in cells:
        yield f"{left}  {word}{' ' * (widest - display_width(word))}  {right}".rstrip()


def _flush(rows: Sequence[Sequence[str]]) -> str:
    """A table with its last column flush left."""
    table = format_table([row[:-1] for row in rows]).split("\n")
    return "\n".join(f"{line}  F_ab {row[-1]}" for line, row in zip(table, rows, strict=True))
