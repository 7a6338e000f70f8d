"""Constants of the default recipe, each once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DefaultSettings:
    """Settings of the default recipe (sample, grow, harvest). Sizes are in units, separators not counted.

    Sizes of the text
      first_sample, second_sample: size of the two nested samples.
      large_text: from here on, factors of the harvest leave out words and pairs seen once.
      shard_units, sample_shard_units: fixed shards of the whole text and of the samples.
      longest_segment: longer segments are cut, so that buffers are bounded.
      longest_piece: a longer line is cut at the next separator before it is hashed for the samples.
    Sweeps
      first_sweeps, second_sweeps, harvest_sweeps: sweeps over the first sample, the second, the whole text.
    Word model
      discount, strength: of the Pitman–Yor process (d, theta).
      length_prior: of the spelling base, for words of 1, 2, 3, 4 units.
      spelling_discount: Kneser–Ney discount of the transitions inside a spelling.
      tag_power, tag_smoothing: exponent lambda of the tag expert; pseudo-counts of its emissions.
      pmi_power, pmi_threshold, pmi_clip: PMI expert exp(power · clip(PMI − threshold, ±clip)), in nats.
    Merge proposals (between two harvest sweeps)
      proposal_rounds: how many times; proposal_count: occurrences that a string of two words needs;
      proposal_margin: how many times better than its best split it must be.
    Output
      min_count: occurrences that a word needs.
    """

    first_sample: int = 3_000_000
    second_sample: int = 10_000_000
    large_text: int = 20_000_000
    shard_units: int = 4_000_000
    sample_shard_units: int = 250_000
    longest_segment: int = 4_096
    longest_piece: int = 1_024

    first_sweeps: int = 24
    second_sweeps: int = 12
    harvest_sweeps: int = 2

    discount: float = 0.5
    strength: float = 1.0
    length_prior: tuple[float, float, float, float] = (0.05, 0.80, 0.12, 0.03)
    spelling_discount: float = 0.75
    tag_power: float = 0.9
    tag_smoothing: float = 25.0
    pmi_power: float = 0.5
    pmi_threshold: float = 3.0
    pmi_clip: float = 4.0

    proposal_rounds: int = 1
    proposal_count: int = 5
    proposal_margin: float = 100.0

    min_count: int = 2
