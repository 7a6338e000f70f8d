"""Pairs of an upper and a lower line of one length, from files of two shapes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from minent.corpus.records import LeftOut
from minent.errors import CorpusError
from minent.evaluation.lines import read_lines
from minent.files import display_path
from minent.neural.couplet.characters import is_mark
from minent.neural.couplet.settings import LONGEST_LINE

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class Pairs:
    """Upper and lower lines, spaces removed; line i of one answers line i of the other. `wrong`: what was left out."""

    upper: list[str]
    lower: list[str]
    wrong: LeftOut = field(default_factory=LeftOut)

    def __len__(self) -> int:
        return len(self.upper)

    def where(self, chosen: Iterable[int]) -> Pairs:
        """The pairs of these numbers."""
        numbers = list(chosen)
        return Pairs([self.upper[number] for number in numbers], [self.lower[number] for number in numbers], self.wrong)


def read_pairs(
    files: Sequence[Path], lower_files: Sequence[Path] = (), skip_wrong: bool = False, encoding: str = "utf-8"
) -> Pairs:
    """All pairs of some files, in their order.

    files       : of lines `upper TAB lower`, of which further columns are not looked at; or of upper lines, where
                  `lower_files` are as many files of their lower lines. Spaces inside lines do not count, nor do
                  empty lines. Any file may be compressed.
    skip_wrong  : leave out the lines that are no pair, and count them
    encoding    : of all files, any name that Python knows; a byte order mark is obeyed first

    CorpusError names file and line: not text, no tab, lines of two lengths, a control character, a file that ends
    before its partner, or no pair at all. ValueError: not as many lower files as files.
    """
    if lower_files and len(lower_files) != len(files):
        raise ValueError(f"{len(files)} files of upper lines and {len(lower_files)} of lower lines")
    pairs = Pairs([], [])
    sources = _from_two(files, lower_files, encoding) if lower_files else _from_one(files, encoding)
    for place, upper, lower in sources:
        try:
            if upper or lower or lower is None:
                upper, lower = _checked(place, upper, lower)
                pairs.upper.append(upper)
                pairs.lower.append(lower)
        except CorpusError as error:
            if not skip_wrong:
                raise
            pairs.wrong.add(error)
    if not pairs.upper:
        problem = f"no pair of lines; {pairs.wrong.first}" if pairs.wrong.count else "no pair of lines"
        raise CorpusError(", ".join(map(display_path, files)) or "no file", problem)
    return pairs


def text_of(line: str) -> str:
    """A line without punctuation and spaces, to find it in another writing.

    >>> text_of("一上高楼，缅当年江汉风流")
    '一上高楼缅当年江汉风流'
    """
    return "".join(character for character in line if not character.isspace() and not is_mark(character))


def without_lines(pairs: Pairs, files: Iterable[Path], encoding: str = "utf-8") -> Pairs:
    """The pairs of which neither line stands in these files, in any column and with any punctuation."""
    lines = (line for name in files for line in read_lines(name, encoding))
    known = {text_of(column) for line in lines for column in line.split("\t")} - {""}
    return pairs.where(
        number
        for number, pair in enumerate(zip(pairs.upper, pairs.lower, strict=True))
        if known.isdisjoint(map(text_of, pair))
    )


def not_longer(pairs: Pairs, longest: int) -> Pairs:
    """The pairs of at most so many characters a line."""
    return pairs.where(number for number, line in enumerate(pairs.upper) if len(line) <= longest)


def clean_line(line: str) -> str:
    """A line without spaces. ValueError: it holds a character that cannot be printed, or more than LONGEST_LINE."""
    joined = "".join(line.split())
    if len(joined) > LONGEST_LINE:
        raise ValueError(f"a line of {len(joined):,} characters; it may have {LONGEST_LINE:,}")
    if not joined.isprintable():
        odd = next(character for character in joined if not character.isprintable())
        raise ValueError(f"the character U+{ord(odd):04X} cannot be printed")
    return joined


def _from_one(files: Iterable[Path], encoding: str) -> Iterator[tuple[str, str, str | None]]:
    for file in files:
        name = display_path(file)
        for number, line in enumerate(read_lines(file, encoding), start=1):
            upper, tab, rest = line.partition("\t")
            yield f"{name}:{number}", upper.strip(), rest.partition("\t")[0] if tab else (None if upper.strip() else "")


def _from_two(
    files: Iterable[Path], lower_files: Iterable[Path], encoding: str
) -> Iterator[tuple[str, str, str | None]]:
    for file, lower_file in zip(files, lower_files, strict=True):
        uppers, lowers = read_lines(file, encoding), read_lines(lower_file, encoding)
        if len(uppers) != len(lowers):
            longer, shorter = (file, lower_file) if len(uppers) > len(lowers) else (lower_file, file)
            last = min(len(uppers), len(lowers))
            problem = f"has no partner: {display_path(shorter)} has {last:,} lines"
            raise CorpusError(f"{display_path(longer)}:{last + 1}", problem)
        for number, (upper, lower) in enumerate(zip(uppers, lowers, strict=True), start=1):
            yield f"{display_path(lower_file)}:{number}", upper.strip(), lower.strip()


def _checked(place: str, upper: str, lower: str | None) -> tuple[str, str]:
    hint = "--skip-wrong leaves such lines out"
    if lower is None:
        raise CorpusError(
            place, "no tab between an upper and a lower line", f"lower lines of their own: --lower FILE; {hint}"
        )
    try:
        upper, lower = clean_line(upper), clean_line(lower)
    except ValueError as error:
        raise CorpusError(place, str(error), hint) from error
    if len(upper) != len(lower):
        raise CorpusError(place, f"an upper line of {len(upper)} characters and a lower one of {len(lower)}", hint)
    return upper, lower
