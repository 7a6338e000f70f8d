"""Weights of the decoder, each once; chosen on the development part of one treebank (UD Chinese GSDSimp)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecoderSettings:
    """What the log-odds that words are a span are made of, and how likely a span of the tree must be.

    bias : of every span
    mean_yield, log_yield : times the mean posterior of the dependency models, and its mean logarithm (at least 1e-4)
    constituent : times the posterior of the constituent-context model
    bad_begin, bad_end : times what the boundary statistics take off the first or last word, 0 beside a mark
    good_end, frequent_end : times what they give the last word; and more if it is a very frequent word
    frequent : ln of its share of all words from which a word is very frequent
    frequent_end_square : times the square of what a very frequent last word is given
    next_begin : times how well the word behind the span begins a clause
    pair_end, next_pair : times how well the last two words end one, and the two words behind the span begin one
    before, weaker : times the PMI across the gap before the span, and the larger of those across both its gaps
    length, medial_length, initial_length : times log2(length / 2); for spans that do not end, that begin their block
    bad_begin_pair : times what is taken off the first word, times how well the first two words begin a clause
    yield_frequent_end : times the mean posterior and what a very frequent last word is given
    yield_behind, yield_medial, yield_share : times the mean logarithm of the posterior and the PMI across the gap
        behind; and log2(length / 2) of a span that does not end its block; and the share of the block's words
    clip : boundary statistics are held within ± this, in nats
    threshold : a span of the tree is at least as likely; near half of the F1 that is reached, for the best F1
    """

    bias: float = -0.83
    mean_yield: float = 0.59
    log_yield: float = 0.36
    constituent: float = 0.7
    bad_begin: float = 0.18
    bad_end: float = 0.58
    good_end: float = 0.31
    frequent_end: float = 2.24
    frequent: float = -4.5
    next_begin: float = 0.12
    pair_end: float = 0.1
    next_pair: float = 0.38
    before: float = 0.16
    weaker: float = -0.37
    length: float = -0.19
    medial_length: float = -0.31
    initial_length: float = -0.35
    frequent_end_square: float = -1.08
    bad_begin_pair: float = -0.49
    yield_frequent_end: float = 1.08
    yield_behind: float = -0.07
    yield_medial: float = 0.15
    yield_share: float = -0.22
    clip: float = 3.0
    threshold: float = 0.2
