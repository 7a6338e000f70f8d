"""How vectors of words are made, with the standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WordSettings:
    """Which words, which features, how many numbers.

    words     : the most frequent ones get a vector
    min_count : of a word that gets one
    neighbours: the most frequent words, which are features where they stand at one of the `window` places to each side
    frames    : the most frequent templates `a [X] b` of adjacent words, whose slot is a feature
    dim       : numbers of a vector
    smoothing : exponent of the counts of features in the PMI (1 − less weight for rare ones)
    """

    words: int = 5000
    min_count: int = 20
    neighbours: int = 2000
    window: int = 2
    frames: int = 20_000
    dim: int = 100
    smoothing: float = 0.75

    def __post_init__(self) -> None:
        for name, most in (
            ("words", 10**6),
            ("neighbours", 10**6),
            ("window", 10),
            ("dim", 4096),
            ("min_count", 1 << 62),
        ):
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name}={getattr(self, name)}: must be between 1 and {most:,}")
        if self.words <= self.dim:
            raise ValueError(f"words={self.words}: more than dim={self.dim} are needed")
        if not 0 <= self.frames <= 10**7:
            raise ValueError(f"frames={self.frames}: must be between 0 and 10,000,000")
        if not 0 < self.smoothing <= 1:
            raise ValueError(f"smoothing={self.smoothing}: must be above 0 and at most 1")
