"""From a corpus and its lexicon to trained taggers in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from minent.corpus.notes import corpus_notes
from minent.corpus.sources import Corpus
from minent.errors import CorpusError
from minent.lexicon import Lexicon
from minent.neural.device import choose_device, seed_step
from minent.neural.segment.elements import ElementReader
from minent.neural.segment.segmenter import LEXICON
from minent.neural.segment.settings import LearningSettings
from minent.neural.segment.tagger import TaggerConfig, Taggers
from minent.neural.segment.task import TaggerTask
from minent.neural.segment.text import code_text, count_characters
from minent.neural.settings import TrainingSettings, with_pairs
from minent.neural.training import TrainingResult, train
from minent.progress import progress_bar
from minent.segmentation import Segmenter
from minent.unknown_model import model_path

FIXED = ("characters",)  # of the configuration; they follow from the data


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
        hint = "is it Chinese text, and UTF-8 (else --encoding auto)? --set min_count=1 takes all characters"
        raise CorpusError("corpus", f"no character but letters and digits stands {learning.min_count} times", hint)
    config = with_pairs(TaggerConfig(characters), sizes, FIXED)
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
    for line in corpus_notes(corpus, found.invalid):
        report(line)
    task.extras = _files_of(lexicon)
    task.outdated = () if lexicon.model is not None else (model_path(LEXICON),)
    return train(task, folder, resume=resume, report=report, progress=progress)


def _files_of(lexicon: Lexicon) -> dict[str, bytes]:
    """A lexicon and its model of unknown words, by the names that the files have in the folder."""
    files = {LEXICON: lexicon.to_bytes()}
    if lexicon.model is not None:
        files[model_path(LEXICON)] = lexicon.model.to_bytes(lexicon.digest())
    return files
