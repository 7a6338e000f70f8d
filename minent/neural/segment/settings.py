"""What a user of the neural segmenter can choose, and the defaults, with the standard library only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from minent.neural.settings import TrainingSettings

TRAINING = TrainingSettings(
    epochs=1, batch_size=64, learning_rate=2e-3, warmup=100, schedule="linear", weight_decay=0.01
)
MOST_HELD_OUT = 1000  # windows
LONGEST_NEW_WORD = 4  # units, as in the default recipe
LIMIT_WITH_MODEL = 0.0  # a boundary is less probable than none
LIMIT_WITHOUT_MODEL = -2.0  # chosen on the words of UD Chinese GSDSimp, development part


@dataclass(frozen=True)
class LearningSettings:
    """Which text is learned from, and how.

    window     : elements of the text that one example is about
    min_count  : characters seen less often than this are one to the model
    held_out   : share of the windows by which the best weights are chosen, at most MOST_HELD_OUT
    most_bytes : of text that are learned from; a larger corpus gives evenly spread pieces of so many in all
    """

    window: int = 128
    min_count: int = 5
    held_out: float = 0.02
    most_bytes: int = 100_000_000

    def __post_init__(self) -> None:
        if self.window < 1 or self.min_count < 1 or self.most_bytes < 1:
            raise ValueError(
                f"window={self.window}, min_count={self.min_count}, most_bytes={self.most_bytes}: "
                "all must be at least 1"
            )
        if not 0 <= self.held_out < 1:
            raise ValueError(f"held_out={self.held_out}: must be at least 0 and less than 1")


@dataclass(frozen=True)
class CuttingSettings:
    """Which strings may be words although the lexicon does not have them.

    limit   : a string may where the log-odds of a boundary (nats) are below this at every place inside; −inf: none.
        None is LIMIT_WITH_MODEL where the lexicon has a model of unknown words, which weighs such strings, else
        LIMIT_WITHOUT_MODEL: then each counts as a word seen once
    longest : units of such a string
    """

    limit: float | None = None
    longest: int = LONGEST_NEW_WORD

    def __post_init__(self) -> None:
        if self.limit is not None and math.isnan(self.limit):
            raise ValueError("limit=nan: must be a number of nats")
        if not 0 <= self.longest <= 16:
            raise ValueError(f"longest={self.longest}: must be between 0 and 16")
