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
    next_begin : times how well the word behind the span begins a clause
    pair_begin, pair_end, next_pair : times how well the first two words begin one, the last two end one, and the two
        words behind the span begin one
    before, behind, weaker : times the PMI across the gaps before and behind the span, and the larger of both
    length, medial_length, initial_length : times log2(length / 2); for spans that do not end, that begin their block
    clip : boundary statistics are held within ± this, in nats
    threshold : a span of the tree is at least as likely; near half of the F1 that is reached, for the best F1
    """

    bias: float = -0.67
    mean_yield: float = 0.86
    log_yield: float = 0.28
    constituent: float = 0.40
    bad_begin: float = 0.58
    bad_end: float = 0.72
    good_end: float = 0.25
    frequent_end: float = 0.37
    frequent: float = -4.5
    next_begin: float = 0.11
    pair_begin: float = 0.15
    pair_end: float = 0.07
    next_pair: float = 0.41
    before: float = 0.18
    behind: float = 0.23
    weaker: float = -0.39
    length: float = -0.16
    medial_length: float = -0.74
    initial_length: float = -0.18
    clip: float = 3.0
    threshold: float = 0.2
