"""From a corpus and its lexicon to a trained taggers in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from minent.corpus.sources import Corpus
from minent.errors import CorpusError
from minent.lexicon import Lexicon
from minent.neural.checkpoint import prepare_folder, save_config
from minent.neural.device import choose_device, seed_step
from minent.neural.segment.elements import ElementReader
from minent.neural.segment.segmenter import KIND, LEXICON
from minent.neural.segment.settings import LearningSettings
from minent.neural.segment.tagger import TaggerConfig, Taggers
from minent.neural.segment.task import TaggerTask
from minent.neural.segment.text import code_text, count_characters
from minent.neural.settings import TrainingSettings, with_pairs
from minent.neural.training import TrainingResult, train
from minent.progress import progress_bar
from minent.segmentation import Segmenter


def train_segmenter(
    corpus: Corpus,
    lexicon: Lexicon,
    folder: str | Path,
    settings: TrainingSettings,
    learning: LearningSettings,
    sizes: Sequence[str] = (),
    *,
    resume: bool = False,
    report: Callable[[str], object] = lambda message: None,
    progress: bool = False,
) -> TrainingResult:
    """Train taggers on what a lexicon says of a corpus, and keep both in `folder`.

    sizes : `key=value` of TaggerConfig
    Errors: `minent.neural.training.train`; CorpusError where there is nothing to learn from; ValueError: no such size.
    """
    found = count_characters(corpus)
    characters = found.frequent(learning.min_count)
    if not characters:
        hint = "--set min_count=1 takes all characters"
        raise CorpusError("corpus", f"no character stands {learning.min_count} times", hint)
    config = with_pairs(TaggerConfig(characters), sizes)
    device = choose_device(settings.device)
    seed_step(settings.seed, -1)
    model = Taggers(config)
    with progress_bar(found.size, "B", "lexicon's boundaries", progress) as advance:
        text = code_text(
            corpus,
            ElementReader(characters),
            Segmenter(lexicon).cutter,
            model.before,
            found.size,
            learning.most_bytes,
            advance,
        )
    task = TaggerTask(model, text, settings, learning, device)
    report(
        f"{text.bytes_read / 1e6:,.1f} of {found.size / 1e6:,.1f} MB, {len(characters):,} characters, "
        f"{sum(weights.numel() for weights in model.parameters()) / 1e6:.2f} M weights"
    )
    path = prepare_folder(folder)
    if not resume:
        save_config(path, KIND, asdict(config))  # so that the folder is that of a model before the lexicon is in it
        lexicon.save(path / LEXICON)
    return train(task, path, resume=resume, report=report, progress=progress)
