"""The neural segmenter: used as the fast one is, with taggers that judge what the lexicon does not have."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from minent.errors import ModelError
from minent.files import display_path
from minent.lexicon import Lexicon, load_lexicon
from minent.neural.checkpoint import Folder, build_model, require_extras
from minent.neural.segment.cutter import NeuralCutter
from minent.neural.segment.settings import LIMIT_WITH_MODEL, LIMIT_WITHOUT_MODEL, CuttingSettings
from minent.neural.segment.tagger import TaggerConfig, Taggers
from minent.segmentation import Segmenter
from minent.segmentation.cuts import Bytes
from minent.segmentation.lattice import Lattice
from minent.segmentation.model import word_log_probs
from minent.unknown_model import has_model_beside, model_path

KIND = "segment-taggers"
LEXICON = "lexicon.tsv"


class NeuralSegmenter(Segmenter):
    """Cuts text into words by a lexicon, and by taggers that see a few characters on each side of a boundary.

    The words of the lexicon have their probabilities; whether another string may be a word is for the taggers to say.
    Everything else is as in `Segmenter`, but that nothing is drawn at random.

    model : Taggers in evaluation mode;  settings : which strings may be words
    protect, unknown_model : see Segmenter
    """

    def __init__(
        self,
        model: Any,
        lexicon: Lexicon,
        settings: CuttingSettings | None = None,
        *,
        protect: Iterable[str] = (),
        unknown_model: bool = True,
    ) -> None:
        super().__init__(lexicon, protect=protect, unknown_model=unknown_model)
        self.taggers, self.settings = model, settings or CuttingSettings()

    @cached_property
    def cutter(self) -> NeuralCutter:
        """What cuts bytes: made when it is first needed."""
        plain = Segmenter(self.lexicon, protect=self.protect, unknown_model=False).cutter
        limit, base = self.settings.limit, plain
        if self.model is not None:
            base = Segmenter(self.lexicon, protect=self.protect).cutter
        if limit is None:
            limit = LIMIT_WITHOUT_MODEL if self.model is None else LIMIT_WITH_MODEL
        _, unknown = word_log_probs(self.lexicon.counts, self.lexicon.total)
        return NeuralCutter(self.taggers, plain, base, unknown, limit, self.settings.longest)

    def lattice(self, data: Bytes) -> Lattice:
        """All words and new strings that UTF-8 text, valid or not, admits."""
        return self.cutter.read(data).lattice

    def sample(self, text: str, alpha: float = 1.0, seed: int = 0) -> list[str]:
        """ValueError: the neural segmenter draws no cuttings."""
        raise ValueError("the neural segmenter draws no cuttings")

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (self.taggers, self.lexicon, self.settings, self.protect, self.unknown_model)


def _make(
    model: Any, lexicon: Lexicon, settings: CuttingSettings, protect: frozenset[str], unknown_model: bool
) -> NeuralSegmenter:
    return NeuralSegmenter(model, lexicon, settings, protect=protect, unknown_model=unknown_model)


def load_model(folder: Folder, device: Any = None) -> Any:
    """The taggers in a folder, in evaluation mode. ModelError: none, another kind, not whole."""
    return build_model(folder, KIND, TaggerConfig, Taggers, device)


def load_segmenter(
    folder: Folder, settings: CuttingSettings | None = None, *, protect: Iterable[str] = (), device: Any = None
) -> NeuralSegmenter:
    """The segmenter in a folder. ModelError, LexiconError: it is not whole, or the folder of something else."""
    model = load_model(folder, device)
    path = Path(folder) / LEXICON
    if path.exists() and not path.is_file():
        raise ModelError(display_path(path), "is not a file")
    lexicon = load_lexicon(path)
    if lexicon.model is None and has_model_beside(path):
        raise ModelError(display_path(model_path(path)), f"belongs to another lexicon than {LEXICON}", "remove it")
    require_extras(folder, LEXICON, *([model_path(LEXICON)] if lexicon.model is not None else []))
    return NeuralSegmenter(model, lexicon, settings, protect=protect)
