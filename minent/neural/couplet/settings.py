"""What a user of couplets can choose, and the defaults, with the standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from minent.neural.settings import TrainingSettings

MODELS = ("aligned", "gated-cnn")
RULES = ("position", "upper", "repeats", "marks", "tones")
LONGEST_LINE = 1024  # characters of a line that is read at all
MOST_HELD_OUT = 2000  # pairs
TRAINING = {
    "aligned": TrainingSettings(
        epochs=4,
        batch_size=128,
        learning_rate=2e-3,
        warmup=300,
        schedule="linear",
        weight_decay=0.01,
    ),
    "gated-cnn": TrainingSettings(epochs=4, batch_size=64, clip=0.0),  # Adam at 0.001, as in the article
}


@dataclass(frozen=True)
class DataSettings:
    """Which pairs are learned from.

    longest   : characters of a line; pairs of longer ones are left out
    min_count : characters seen less often than this are unknown to the model
    held_out  : share of the pairs by which the best weights are chosen, at most MOST_HELD_OUT
    """

    longest: int = 32
    min_count: int = 2
    held_out: float = 0.02

    def __post_init__(self) -> None:
        if self.longest < 1 or self.min_count < 1:
            raise ValueError(f"longest={self.longest}, min_count={self.min_count}: both must be at least 1")
        if not 0 <= self.held_out < 1:
            raise ValueError(f"held_out={self.held_out}: must be at least 0 and less than 1")


@dataclass(frozen=True)
class DecodingSettings:
    """How lower lines are found.

    rules       : of RULES, those that hold
    answers     : lower lines to give for one upper line
    beam        : beginnings that are kept at each place; where answers are more, so are they
    temperature : 0: the most probable lines; above: lines drawn at random, the more evenly the higher
    seed        : of the draw
    """

    rules: tuple[str, ...] = RULES
    answers: int = 1
    beam: int = 4
    temperature: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.rules) - set(RULES))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no such rule; there are {', '.join(RULES)}")
        if self.answers < 1 or self.beam < 1:
            raise ValueError(f"answers={self.answers}, beam={self.beam}: both must be at least 1")
        if self.temperature and not 0.01 <= self.temperature <= 100:
            raise ValueError(f"temperature={self.temperature}: must be 0 or between 0.01 and 100")
