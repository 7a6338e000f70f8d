"""Constants of the grammar's training, each once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DmvSettings:
    """One dependency model with valence.

    classes : word classes that its rare words fall into;  own_words : most frequent words, each its own symbol
    iterations : of expectation maximisation
    first_stop, later_stop : initial probability to stop before the first child on a side, and after it
    tilt : how much the boundary statistics of a word shift its initial first stop, in logits a nat
    seed : of the draw of fragments
    """

    classes: int = 50
    own_words: int = 800
    iterations: int = 55
    first_stop: float = 0.7
    later_stop: float = 0.9
    tilt: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class GrammarSettings:
    """How a grammar is learned.

    words : most words and marks of text that are held; of more text, lines are drawn (text.read_text)
    vocabulary, min_count : the most frequent words that are known, and the occurrences each needs
    sweeps : of the exchange clustering
    fragments, longest_fragment : of text between two marks, for the dependency models; in words
    models : the dependency models whose posteriors are averaged
    smoothing, stop_smoothing : counts added to each attachment and root, and to each stop decision
    constituent_classes, constituent_iterations, constituent_fragments : of the constituent-context model
    edge_prior : how many occurrences the rate of all words weighs in the boundary statistics of a word
    """

    words: int = 10_000_000
    vocabulary: int = 60_000
    min_count: int = 4
    sweeps: int = 8
    fragments: int = 300_000
    longest_fragment: int = 10
    models: tuple[DmvSettings, ...] = (
        DmvSettings(50, 800),
        DmvSettings(30, 500, first_stop=0.8, later_stop=0.95, tilt=0.15, seed=1),
        DmvSettings(50, 300, first_stop=0.8, later_stop=0.95, tilt=0.15, seed=2),
    )
    smoothing: float = 0.1
    stop_smoothing: float = 1.0
    constituent_classes: int = 50
    constituent_iterations: int = 4
    constituent_fragments: int = 100_000
    edge_prior: float = 5.0
    seed: int = 0
