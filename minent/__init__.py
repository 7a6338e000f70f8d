"""Learn the words of a language from raw text, and cut text into them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minent.corpus.sources import Corpus, open_corpus
    from minent.discovery import build_lexicon
    from minent.errors import MinentError
    from minent.explanation import Explanation, explain
    from minent.export import export_lexicon, import_lexicon
    from minent.grammar import Grammar, load_grammar, train_grammar
    from minent.lexicon import Lexicon, load_lexicon
    from minent.parsing import Parser, ParseTree
    from minent.segmentation import Segmentation, Segmenter
    from minent.settings import LexiconSettings
    from minent.templates import (
        Template,
        TemplateSet,
        TemplateSettings,
        WordClasses,
        find_templates,
        load_classes,
        load_templates,
    )

__version__ = "0.1.0"

__all__ = [
    "Corpus",
    "Explanation",
    "Grammar",
    "Lexicon",
    "LexiconSettings",
    "MinentError",
    "ParseTree",
    "Parser",
    "Segmentation",
    "Segmenter",
    "Template",
    "TemplateSet",
    "TemplateSettings",
    "WordClasses",
    "__version__",
    "build_lexicon",
    "explain",
    "export_lexicon",
    "find_templates",
    "import_lexicon",
    "load_classes",
    "load_grammar",
    "load_lexicon",
    "load_templates",
    "open_corpus",
    "train_grammar",
]

_HOMES = {
    "Corpus": "minent.corpus.sources",
    "Explanation": "minent.explanation",
    "Grammar": "minent.grammar",
    "Lexicon": "minent.lexicon",
    "ParseTree": "minent.parsing",
    "Parser": "minent.parsing",
    "load_grammar": "minent.grammar",
    "train_grammar": "minent.grammar",
    "LexiconSettings": "minent.settings",
    "MinentError": "minent.errors",
    "Segmentation": "minent.segmentation",
    "Segmenter": "minent.segmentation",
    "Template": "minent.templates",
    "TemplateSet": "minent.templates",
    "TemplateSettings": "minent.templates",
    "WordClasses": "minent.templates",
    "build_lexicon": "minent.discovery",
    "explain": "minent.explanation",
    "export_lexicon": "minent.export",
    "import_lexicon": "minent.export",
    "find_templates": "minent.templates",
    "load_lexicon": "minent.lexicon",
    "load_classes": "minent.templates",
    "load_templates": "minent.templates",
    "open_corpus": "minent.corpus.sources",
}


if not TYPE_CHECKING:  # type checkers have the imports above, and tell of names that there are not

    def __getattr__(name: str) -> object:
        """Import a public name when it is first asked for (PEP 562), so that `import minent` stays instant."""
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(home), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
