"""Parsed text → the main templates of its blocks, counted, with what fills their slots. Source: TREES, 2.7."""

from __future__ import annotations

import dataclasses
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.sources import Corpus
from minent.engines.processes import map_in_processes
from minent.grammar.grammar import Grammar
from minent.grammar.marks import Kind, token_kind
from minent.kernels.template_blocks import LITERAL, SIGN, SLOT, read_blocks
from minent.kernels.template_fillers import find_entries
from minent.memory import Memory
from minent.parsing import Parser, ParseTree
from minent.progress import progress_bar
from minent.segmentation import Segmenter
from minent.segmentation.stream import INVALID
from minent.spill import SpillingInterner
from minent.tables import Interner
from minent.templates.fillers import Lists, gather_fillers
from minent.templates.mining import Wanted, most_frequent
from minent.templates.settings import PARSE, TemplateSettings
from minent.templates.streams import CLOSE, OPEN, Coder, WordStream, beside_words, renumbering, sentences
from minent.templates.template import Template
from minent.templates.template_set import Filler, MinedTemplate

BATCH = 200  # lines that a worker parses at once
PIECE = 1 << 18  # numbers that are written at once


@dataclass(frozen=True)
class _Trees:
    """The trees of some lines: a bracketed stream of the numbers of words, which are counted from 1 on.

    kinds : of each word, SLOT, SIGN or LITERAL: it is the same in every tree
    """

    stream: NDArray[np.int32]
    words: list[str]
    kinds: list[int]


@dataclass(frozen=True)
class _Task:
    """What every worker does with lines; can be pickled."""

    grammar: Grammar
    segmenter: Segmenter | None

    def coder(self) -> Callable[[list[str]], _Trees]:
        """A function from lines to their trees."""
        parser = Parser(self.grammar, self.segmenter)

        def code(lines: list[str]) -> _Trees:
            return _code([parser.parse(line.split() if self.segmenter is None else line) for line in lines])

        return code


def _code(trees: Iterable[ParseTree]) -> _Trees:
    numbers: dict[str, int] = {}
    kinds: list[int] = []
    stream = array("i")
    for tree in trees:
        if not tree.children:
            continue
        waiting: list[ParseTree | None] = [tree]
        while waiting:
            node = waiting.pop()
            if node is None:
                stream.append(CLOSE)
            elif node.word is None:
                stream.append(OPEN)
                waiting.append(None)
                waiting.extend(reversed(node.children))
            else:
                number = numbers.get(node.word)
                if number is None:
                    number = numbers[node.word] = len(numbers) + 1
                    sign = token_kind(node.word) != Kind.WORD
                    kinds.append(SLOT if not node.is_literal else SIGN if sign else LITERAL)
                stream.append(number)
        stream.append(0)
    return _Trees(np.array(stream, dtype=np.int32), list(numbers), kinds)


class _TreeCoder(Coder):
    """Keeps trees."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory.temp_dir)
        self.memory = memory
        self.numbers: dict[str, int] = {}
        self.counts = np.zeros(1 << 10, dtype=np.int64)
        self.kinds: list[int] = []
        self.waiting: list[NDArray[np.int32]] = []

    def add(self, trees: _Trees) -> None:
        """Take the trees that come next."""
        for word, kind in zip(trees.words, trees.kinds, strict=True):
            if word not in self.numbers:
                self.numbers[word] = len(self.numbers) + 1
                self.kinds.append(kind)
        stream = renumbering([self.numbers[word] for word in trees.words])[trees.stream]
        self.waiting.append(stream)
        while len(self.counts) <= len(self.numbers):
            self.counts = np.concatenate([self.counts, np.zeros_like(self.counts)])
        np.add.at(self.counts, stream[stream > 0], 1)
        if sum(map(len, self.waiting)) >= PIECE:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        beside_words(self.memory, len(self.numbers), 1)
        if self.waiting:
            self.write(len(self.pieces), np.concatenate(self.waiting))
            self.waiting = []

    def vocabulary(self) -> tuple[list[bytes], list[int]]:
        return [_bytes(word) for word in self.numbers], self.counts[1 : len(self.numbers) + 1].tolist()


def _bytes(word: str) -> bytes:
    """A word in UTF-8, with U+FFFD for bytes that are no text."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()


class ParsedText(WordStream[_TreeCoder]):
    """The trees of a corpus as bracketed word streams (kernels/template_blocks.py), those of `minent parse`.

    segmenter : cuts raw text; None: words and signs stand between white space
    jobs : processes that parse, and workers that count
    kinds : uint8[words] — SLOT, SIGN or LITERAL
    """

    def __init__(
        self,
        corpus: Corpus,
        grammar: Grammar,
        segmenter: Segmenter | None,
        *,
        jobs: int = 1,
        progress: bool = False,
        memory: Memory | None = None,
    ) -> None:
        memory = memory or Memory()
        task = _Task(dataclasses.replace(grammar), segmenter)  # a copy, without what it has looked up

        def fill(coders: list[_TreeCoder]) -> None:
            coder = _TreeCoder(memory)
            coders.append(coder)
            sizes: deque[int] = deque()  # of the batches at work, in bytes
            trees = map_in_processes(task.coder(), task.coder, _batches(corpus, coder, sizes), jobs)
            with closing(trees), progress_bar(corpus.size(), "B", "parse", progress) as advance:
                for some in trees:
                    coder.add(some)
                    advance(sizes.popleft())
            coder.flush()

        super().__init__(corpus, fill, jobs=jobs, progress=progress, memory=memory)
        (coder,) = self.coders
        kinds = {_bytes(word): kind for word, kind in zip(coder.numbers, coder.kinds, strict=True)}
        self.kinds = np.array([SLOT, *(kinds[str(word).encode()] for word in self.words[1:])], dtype=np.uint8)


def _batches(corpus: Corpus, coder: _TreeCoder, sizes: deque[int]) -> Iterator[list[str]]:
    for shard in corpus.shards():
        text = shard.data.tobytes().decode("utf-8", "surrogateescape")
        found = INVALID.findall(text) if not text.isascii() else []
        if found:
            coder.note_invalid(shard, len(found), len(text[: text.index(found[0])].encode("utf-8")))
        lines = text.split("\n")
        for start in range(0, len(lines), BATCH):
            sizes.append(len(shard.data) // -(-len(lines) // BATCH))
            yield lines[start : start + BATCH]


@dataclass(frozen=True)
class ParseReport:
    """What the summary of a run tells.

    trees : lines that are not empty;  blocks : of them those with a word of a template;  bare : without one
    least_count : the least count of a template that the thresholds admit
    """

    trees: int
    blocks: int
    bare: int
    least_count: int


@dataclass(frozen=True)
class _Blocks:
    """Main templates of a block of text, one entry each.

    words : the stream without brackets;  content, entries : as in an intern table
    fillers : int64[n, 2] — start and stop of the fillers of all slots, in the order of the slots
    """

    words: NDArray[np.int32]
    content: NDArray[np.int32]
    entries: NDArray[np.uint64]
    fillers: NDArray[np.int64]
    bare: int
    trees: int

    @classmethod
    def read(cls, stream: NDArray[np.int32], kinds: NDArray[np.uint8]) -> _Blocks:
        size = len(stream)
        words, content = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
        entries, fillers = np.empty((size, 2), dtype=np.uint64), np.empty((size, 2), dtype=np.int64)
        templates, slots, bare, trees = read_blocks(stream, kinds, words, content, entries, fillers)
        return cls(words, content, entries[:templates], fillers[:slots], bare, trees)

    def slots(self) -> NDArray[np.int64]:
        """How many slots each template has."""
        ends = self.entries[:, 1].astype(np.int64)
        before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.content[: ends.max(initial=0)] == 0)])
        return np.diff(before[ends], prepend=0)


class _Tally:
    """Distinct main templates with their counts."""

    def __init__(self, share: int | None, folder: str | None) -> None:
        self.table = SpillingInterner(np.int32, share, folder)
        self.bare = self.trees = 0

    def add(self, blocks: _Blocks) -> None:
        self.table.add_entries(blocks.entries, blocks.content, np.ones(len(blocks.entries), dtype=np.int64))
        self.bare += blocks.bare
        self.trees += blocks.trees

    def merge(self, other: _Tally) -> None:
        self.table.merge(other.table)
        self.bare += other.bare
        self.trees += other.trees


def mine_blocks(
    text: ParsedText, settings: TemplateSettings, wanted: Wanted
) -> tuple[list[MinedTemplate], ParseReport]:
    """The frequent main templates of all blocks that are wanted, with the most frequent fillers of their slots.

    A block is a node of a tree that has children, the whole line among them. Its template is the sequence of these:
    a sign or a very frequent word is itself, every other child a slot that it fills. Blocks whose template has no word
    in it, signs apart, are passed over.
    Memory: about 50 bytes for each distinct template, or what there is; and what `gather_fillers` takes.
    """

    def count(found: _Tally, stream: NDArray[np.int32]) -> None:
        for piece in sentences(stream):
            found.add(_Blocks.read(piece, text.kinds))

    share, folder = text.memory.share(text.jobs), text.memory.temp_dir
    tally = text.fold(lambda: _Tally(share, folder), count, _Tally.merge, "blocks")
    total = tally.table.total
    least = settings.least_blocks(total)
    table, none = Interner(np.int32), Interner(np.int32, 1)
    for part in tally.table.parts():
        table.add_frequent(part, least - 1, none)
    tally.table.release()
    counts = table.counts[: len(table)]
    ends = table.ends().tolist()
    templates: dict[int, Template] = {}
    for k in range(len(table)):
        numbers = table.content[ends[k - 1] if k else 0 : ends[k]].tolist()
        template = Template(tuple(text.words[number] or None for number in numbers))
        if wanted(template):
            templates[k] = template
    entries = [MinedTemplate(template, int(counts[k]), (), PARSE) for k, template in templates.items()]
    kept = {entry.template for entry in most_frequent(entries, settings.top)}
    places = {k: template for k, template in templates.items() if template in kept}
    fillers = _fillers(text, table, places, settings)
    mined = [
        MinedTemplate(template, int(counts[k]), fillers.get(k, ()), PARSE) for k, template in sorted(places.items())
    ]
    return mined, ParseReport(tally.trees, total, tally.bare, least)


def _fillers(
    text: ParsedText, table: Interner, templates: dict[int, Template], settings: TemplateSettings
) -> dict[int, tuple[tuple[Filler, ...], ...]]:
    """What fills the slots of some templates, these by their number in the table."""
    if not settings.fillers or not templates:
        return {}
    first_slots = np.full(len(table) + 1, -1, dtype=np.int64)  # the last for what is not in the table, number -1
    number = 0
    for k, template in sorted(templates.items()):
        first_slots[k] = number
        number += template.slots
    expected = float(sum(int(table.counts[k]) * template.slots for k, template in templates.items()))

    def found(stream: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        blocks = _Blocks.read(stream, text.kinds)
        numbers = np.empty(len(blocks.entries), dtype=np.int64)
        find_entries(table.runs, table.entries, blocks.content, blocks.entries, numbers)
        slots = blocks.slots()
        firsts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(slots)])[:-1]
        wanted = first_slots[numbers]
        of_slots = np.repeat(wanted - firsts, slots) + np.arange(len(blocks.fillers))
        lengths = blocks.fillers[:, 1] - blocks.fillers[:, 0]
        chosen = np.repeat(wanted >= 0, slots) & (lengths <= settings.filler_length)
        return blocks.words, np.column_stack([of_slots, blocks.fillers])[chosen]

    lists: Lists = gather_fillers(text, found, expected, settings.fillers)
    return {
        k: tuple(lists.get(slot, ()) for slot in range(int(first_slots[k]), int(first_slots[k]) + template.slots))
        for k, template in templates.items()
    }
