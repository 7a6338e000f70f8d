"""Lexicons in the files of other tools, and back."""

from minent.export.exporting import Exported, export_lexicon
from minent.export.importing import Imported, import_lexicon

__all__ = ["Exported", "Imported", "export_lexicon", "import_lexicon"]
