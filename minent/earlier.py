"""Pairs that an earlier run has counted, in the alphabet of an update."""

from __future__ import annotations

import numpy as np

from minent.corpus.alphabet import Alphabet
from minent.kernels.ngram import UNIT_BITS
from minent.kernels.spill import GROUPS, add_pairs
from minent.runs import RunDirectory
from minent.spill import SLOT, SpillingCounter
from minent.stages import Stage

UNIT_MASK = (1 << UNIT_BITS) - 1


def save_alphabet(alphabet: Alphabet, run: RunDirectory) -> None:
    """Keep what the ids of a run stand for, so that an update can read its pairs."""
    if run.load("alphabet") is None:
        with run.write("alphabet") as stage:
            stage.add("texts", np.frombuffer("\n".join(alphabet.texts).encode(), dtype=np.uint8))
            stage.facts["rest"] = alphabet.rest


def has_earlier_pairs(run: RunDirectory) -> bool:
    """Whether the pairs of the text that an update adds to need not be counted again.

    They must be where that text had so many distinct runs that some shared an id: which of them would now be among
    those with an id of their own is not known.
    """
    if run.base is None:
        return False
    alphabet, parts = run.base.load("alphabet"), run.base.parts("ngrams-2")
    return alphabet is not None and alphabet.fact("rest", int) == 0 and bool(parts) and parts[-1][2]


def add_earlier_pairs(counter: SpillingCounter, alphabet: Alphabet, base: RunDirectory) -> None:
    """Add the pairs of an earlier run to a counter, with the ids of this alphabet."""
    stage = base.load("alphabet")
    assert stage is not None
    try:
        texts = stage.array("texts", "|u1").tobytes().decode().split("\n")
    except UnicodeDecodeError:
        raise stage.damage() from None
    ids = {text: unit for unit, text in enumerate(alphabet.texts) if text}
    units = np.array([0, *(ids.get(text, alphabet.rest) for text in texts[1:])], dtype=np.int64)
    if (units[1:] == 0).any():
        raise stage.damage()
    for _, _, _, path in base.parts("ngrams-2"):
        part = Stage(path)
        spill = part.spill("ngrams", SLOT)
        part.check_pairs(spill, lambda keys: (keys >> UNIT_BITS < len(units)) & (keys & UNIT_MASK < len(units)))
        for block in spill.blocks(0, GROUPS, SLOT):
            pairs, at = block.view(np.int64).copy(), 0
            pairs[::2] = units[pairs[::2] >> UNIT_BITS] << UNIT_BITS | units[pairs[::2] & UNIT_MASK]
            while (at := add_pairs(counter.table, counter.used, pairs, at, 1, 0)) < len(pairs) // 2:
                counter.grow()
