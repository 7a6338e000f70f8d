"""N-grams and pieces of a corpus, against sets and lists; the same for any number of workers and any shards."""

from __future__ import annotations

from collections import Counter

import naive_mining as naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.corpus.alphabet import Alphabet
from minent.corpus.sources import Corpus
from minent.counting import UNLIMITED, CodedCorpus, NgramLevels, PieceCounter, Pieces, count_corpus_units, split_key
from minent.engines.local import MOST_WORKERS, fold
from minent.errors import CorpusError
from minent.memory import Memory
from minent.recipes.lists import WordLists

texts = st.lists(st.text(alphabet="天地人a ，", max_size=30), max_size=4)
jobs = st.sampled_from([1, 2, 5])
shard_sizes = st.sampled_from([1, 7, 1 << 20])


class Tiny(Memory):
    """A few hundred bytes for the counters of a worker, where it is limited."""

    def share(self, jobs: int) -> int | None:
        return self.size


memories = st.sampled_from([None, 64, 300, 5000]).map(Tiny)


def coded(lines: list[str], jobs: int = 1, shard_size: int = 1 << 20, memory: Memory = UNLIMITED) -> CodedCorpus:
    corpus = Corpus.from_texts(lines, shard_size=shard_size)
    units, _ = count_corpus_units(corpus, True, jobs, memory=memory)
    return CodedCorpus(corpus, Alphabet.from_counts(units), jobs, memory=memory)


def segments(lines: list[str]) -> naive.Segments:
    return [segment for line in lines for segment in naive.segments(line)]


def pieces_as_words(pieces: Pieces, alphabet: Alphabet) -> Counter[naive.Word]:
    found = Counter({(alphabet.texts[unit],): int(count) for unit, count in enumerate(pieces.singles) if count})
    starts = [0, *pieces.words.ends().tolist()]
    for k, count in enumerate(pieces.words.counts[: len(pieces.words)].tolist()):
        word = tuple(alphabet.texts[unit] for unit in pieces.words.content[starts[k] : starts[k + 1]])
        assert word not in found
        found[word] = count
    return found


@given(texts, jobs, shard_sizes, memories)
def test_units_are_counted_alike_in_any_shards(lines: list[str], jobs: int, shard_size: int, memory: Memory) -> None:
    corpus = Corpus.from_texts(lines, shard_size=shard_size)
    units, invalid = count_corpus_units(corpus, True, jobs, memory=memory)
    expected = naive.count_ngrams(segments(lines), 1)
    assert units.total == sum(expected.values())
    assert units.pairs == sum(naive.count_ngrams(segments(lines), 2).values())
    assert dict(units.items()) == {unit[0]: count for unit, count in expected.items()}
    assert invalid is None


@given(texts, jobs, shard_sizes, memories, st.sampled_from([1, 2, 3]))
def test_ngrams_of_rising_order_are_counted_exactly(
    lines: list[str], jobs: int, shard_size: int, memory: Memory, min_count: int
) -> None:
    corpus = coded(lines, jobs, shard_size, memory)
    units = corpus.alphabet.texts
    levels = NgramLevels()
    names: dict[int, naive.Word] = {unit: (text,) for unit, text in enumerate(units)}
    for order in (2, 3, 4):
        counted = corpus.count_ngrams(levels)
        total = counted.total
        keys, counts = counted.items()
        assert total == counts.sum()
        found = {}
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            prefix, last = (part.item() for part in split_key(np.array([key])))
            found[(*names[prefix], units[last])] = count
        everything = naive.count_ngrams(segments(lines), order)
        assert {word: count for word, count in found.items() if count >= min_count} == {
            word: count for word, count in everything.items() if count >= min_count
        }
        frequent = np.sort(keys[counts >= min_count])
        prefixes, lasts = split_key(frequent)
        names = {
            number: (*names[prefix], units[last])
            for number, (prefix, last) in enumerate(zip(prefixes.tolist(), lasts.tolist(), strict=True), start=1)
        }
        levels = levels.extended(frequent)


@given(
    texts,
    jobs,
    shard_sizes,
    memories,
    st.sets(st.tuples(*[st.sampled_from("天地人a")] * 2)),
    st.sampled_from([0, 1, 2]),
)
def test_pieces_are_those_of_the_obvious_cutter(
    lines: list[str], jobs: int, shard_size: int, memory: Memory, together: set[tuple[str, str]], least: int
) -> None:
    corpus = coded(lines, jobs, shard_size, memory)
    ids = {text: unit for unit, text in enumerate(corpus.alphabet.texts)}
    pairs = {(ids[a], ids[b]) for a, b in together if a in ids and b in ids}

    def join(units: np.ndarray, joined: np.ndarray) -> None:
        for at in range(len(units) - 1):
            joined[at] = (int(units[at]), int(units[at + 1])) in pairs

    counted = corpus.count_pieces(join)
    expected = naive.cut(segments(lines), together)
    assert counted.total == sum(expected.values())
    wanted = WordLists(frozenset(["天地", "地人天", "天地天地", "人人人人人"])).protected_table(corpus.alphabet)
    protected = {("天", "地"), ("地", "人", "天"), ("天", "地", "天", "地"), ("人",) * 5}
    found = pieces_as_words(counted.frequent(least, wanted), corpus.alphabet)
    assert found == Counter({w: n for w, n in expected.items() if n > least or w in protected})


def test_pieces_with_large_ids_are_kept_apart() -> None:
    """Short pieces share one integer of 3 × 21 bits; those with an id that does not fit go another way."""
    large = 1 << 21
    rows = [[1, 2], [1, 2, 3], [large, 1], [1, large], [large - 1, large - 1, large - 1], [2, large + 1, 3], [1, 2]]
    units = np.array([unit for row in rows for unit in [*row, 0]], dtype=np.int32)
    pieces = PieceCounter(large + 2)
    pieces.add(units, np.ones(len(units), dtype=np.uint8))
    pieces = pieces.frequent(0)
    starts = [0, *pieces.words.ends().tolist()]
    found = {
        tuple(pieces.words.content[starts[k] : starts[k + 1]].tolist()): int(pieces.words.counts[k])
        for k in range(len(pieces.words))
    }
    assert found == Counter(map(tuple, rows))


def test_a_table_of_many_ngrams_and_pieces_grows() -> None:
    generator = np.random.default_rng(0)
    characters = [chr(0x4E00 + k) for k in range(400)]
    lines = ["".join(characters[k] for k in generator.integers(0, 400, 30)) for _ in range(6000)]
    corpus = coded(lines, jobs=2, shard_size=1 << 16)
    keys, counts = corpus.count_ngrams(NgramLevels()).items()
    expected = naive.count_ngrams(segments(lines), 2)
    assert (len(keys), int(counts.sum())) == (len(expected), expected.total())

    def join(units: np.ndarray, joined: np.ndarray) -> None:
        joined[:] = 1

    assert pieces_as_words(corpus.count_pieces(join).frequent(0), corpus.alphabet) == Counter(
        map(tuple, segments(lines))
    )


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_first_invalid_byte_is_found_whoever_scans_it(tmp_path, workers: int) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes("天地\n".encode() * 50 + b"\xff\xfe" + "人\n".encode() * 50 + b"\xff\n")
    units, invalid = count_corpus_units(Corpus(path, shard_size=16), True, workers)
    assert invalid is not None
    assert (invalid.count, invalid.first_place) == (3, f"{path}:51")
    assert units.total == 150
    with pytest.raises(CorpusError, match=r"corpus\.txt:51: not valid UTF-8 at byte 1; try --encoding auto"):
        count_corpus_units(Corpus(path, shard_size=16, errors="strict"), True, workers)


# The engine


@pytest.mark.parametrize("workers", [1, 2, 5, 100_000])
def test_a_fold_takes_every_shard_once(workers: int) -> None:
    made = []

    def make() -> list[int]:
        made.append(1)
        return []

    total = fold(range(300), make, list.append, list.extend, workers)
    assert sorted(total) == list(range(300))
    assert len(made) <= min(workers, MOST_WORKERS)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_fold_of_nothing_is_an_empty_state(workers: int) -> None:
    assert fold([], list, list.append, list.extend, workers) == []


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("where", ["source", "work"])
def test_a_failure_ends_a_fold_with_its_own_error(workers: int, where: str) -> None:
    taken = []

    def source():
        for number in range(10_000):
            if where == "source" and number == 20:
                raise KeyError("source")
            taken.append(number)
            yield number

    def work(state: list[int], number: int) -> None:
        if where == "work" and number == 20:
            raise KeyError("work")

    with pytest.raises(KeyError, match=where):
        fold(source(), list, work, list.extend, workers)
    assert len(taken) < 10_000
