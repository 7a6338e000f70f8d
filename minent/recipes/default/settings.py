"""Constants of the default recipe, each once."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class DefaultSettings:
    """Settings of the default recipe (divide, sample, learn, harvest). Sizes are in units, separators not counted.

    Sizes of the text
      whole_text: a text up to this size is learned from as a whole; a larger one by kinds.
      large_text: from here on, factors of the harvest leave out words and pairs seen once.
      most_pairs: no more pairs than these, the most frequent ones, are in the factors of the harvest.
      shard_units, sample_shard_units: fixed shards of the whole text and of the samples.
      longest_segment: longer segments are cut, so that buffers are bounded.
      longest_piece: a longer line is cut at the next separator before it is hashed for the samples.
    Kinds of text
      kind_text, most_kinds: one kind for so much text, but no more than so many.
      kind_sample, samples: size of the sample of one kind, of all together.
      survey_sample: size of the sample on which kinds are found.
      kind_rounds: rounds of reciprocal averaging, and of EM; kind_smoothing: pseudo-counts of a kind's units;
      line_prior, unit_prior: pseudo-counts of the averages.
    Sweeps
      text_sweeps, kind_sweeps: over a text as a whole, over the sample of one kind.
      harvest_sweeps: over the whole text, with the words of all kinds together.
    Word model
      discount, strength: of the Pitman–Yor process (d, theta).
      length_prior: of the spelling base, for words of 1, 2, 3, 4 units.
      spelling_discount: Kneser–Ney discount of the transitions inside a spelling.
      tag_power, tag_smoothing: exponent lambda of the tag expert; pseudo-counts of its emissions.
      pmi_power, pmi_threshold, pmi_clip: PMI expert exp(power · clip(PMI − threshold, ±clip)), in nats.
    Joining and splitting (rows: units of the left word, columns: of the right one, 1 to 4)
      join_pmi: neighbours with a higher PMI become one word, if they stand side by side join_count times.
      longest_joined: units of the longest word that is joined; a sweep has none of more than four.
      inseparable: two words of more than four units together become one, and are none themselves, if so large a share
        of the tokens of each stands beside the other.
      split_pmi: a word with a cut of a lower PMI is none.
    Output
      min_count: occurrences that a word needs. None: 2; in a text learned from as a whole 1 is enough for words
        whose neighbours all have a PMI of rare_pmi nats or more.
    """

    whole_text: int = 6_000_000
    large_text: int = 20_000_000
    most_pairs: int = 1 << 21
    shard_units: int = 4_000_000
    sample_shard_units: int = 250_000
    longest_segment: int = 4_096
    longest_piece: int = 1_024

    kind_text: int = 6_000_000
    most_kinds: int = 8
    kind_sample: int = 3_000_000
    samples: int = 16_000_000
    survey_sample: int = 2_000_000
    kind_rounds: int = 10
    kind_smoothing: float = 1_000.0
    line_prior: float = 10.0
    unit_prior: float = 20.0

    text_sweeps: int = 32
    kind_sweeps: int = 20
    harvest_sweeps: int = 1

    discount: float = 0.5
    strength: float = 1.0
    length_prior: tuple[float, float, float, float] = (0.05, 0.80, 0.12, 0.03)
    spelling_discount: float = 0.75
    tag_power: float = 0.9
    tag_smoothing: float = 25.0
    pmi_power: float = 0.5
    pmi_threshold: float = 3.0
    pmi_clip: float = 4.0

    join_pmi: tuple[tuple[float, ...], ...] = ((3.5, 9, 10, 10), (5, 10, 10, 10), (6, 10, 10, 10), (6, 10, 10, 10))
    join_count: int = 3
    longest_joined: int = 8
    inseparable: float = 0.9
    split_pmi: tuple[tuple[float, ...], ...] = ((3.5, 7, -math.inf), (5, 7), (-math.inf,))

    min_count: int | None = None
    rare_pmi: float = 4.0
