"""The house: imports go downwards only, and each optional or heavy library has one room."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "minent"

LAYERS = (  # from the ground up; a name stands for a module or a package and everything below it
    ("errors", "settings"),
    ("kernels", "tables", "files", "progress", "notebook", "memory", "spill", "stages", "runs"),
    ("corpus", "engines"),
    ("counting", "passes", "earlier", "association", "table_files", "lexicon", "decisions", "unknown_model"),
    (
        *("discovery", "recipes", "segmentation", "templates", "grammar", "parsing", "entropy", "evaluation"),
        *("conventions", "word_statistics", "distributed", "concordance", "kept_words"),
    ),
    ("export", "report", "review", "neural", "warm", "explanation"),
    ("cli",),
)
LAYER = {name: level for level, names in enumerate(LAYERS) for name in names}
STRANGERS = {"export", "report", "review", "neural"}  # siblings that do not import each other
FREE = {"__init__", "__main__"}  # `minent/__init__.py` is lazy; `python -m minent` calls the command

ROOMS = {  # library: the only places that may import it
    "numba": ("kernels",),
    "torch": ("neural",),
    "safetensors": ("neural",),
    "tokenizers": ("neural",),
    "pypinyin": ("neural",),
    "PIL": ("neural",),
    "pyspark": ("engines.spark",),
    "tqdm": ("progress",),
    "click": ("cli",),
    "starlette": ("review",),
    "uvicorn": ("review",),
    "zstandard": ("corpus",),
    "lzma": ("corpus",),
    "bz2": ("corpus",),
    "gzip": ("corpus",),
}


def module_name(path: Path) -> str:
    """corpus/units.py → corpus.units; corpus/__init__.py → corpus; __init__.py → __init__."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def imported_modules(source: str, module: str, is_package: bool) -> set[str]:
    """Full names of what a module imports, anywhere in it, also in functions and for type checking only."""
    package = ["minent", *module.split(".")][: None if is_package else -1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [] if node.level == 0 else package[: len(package) - node.level + 1]
            origin = ".".join([*base, *([node.module] if node.module else [])])
            names.update(f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if called in {"import_module", "__import__"} and node.args:
                argument = node.args[0]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    names.add(argument.value)
    return names


def complaints(module: str, imported: set[str]) -> list[str]:
    """Why these imports do not become a module of this name."""
    found = []
    room = module.split(".")[0]
    for name in sorted(imported):
        top, _, rest = name.partition(".")
        allowed = ROOMS.get(top)
        if allowed and not any(module == place or module.startswith(place + ".") for place in allowed):
            found.append(f"{module} imports {top}, which belongs in {', '.join(allowed)} only")
        target = rest.split(".")[0]
        if top != "minent" or target not in LAYER or target == room or room in FREE:
            continue
        if LAYER[target] > LAYER[room]:
            found.append(f"{module} (layer {LAYER[room]}) imports {name} (layer {LAYER[target]})")
        elif target in STRANGERS and room in STRANGERS:
            found.append(f"{module} imports its sibling {name}")
    return found


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_layer_and_imports_downwards_only(module: str) -> None:
    room = module.split(".")[0]
    assert room in LAYER or room in FREE, f"give {module} its layer, here and in CONTRIBUTING.md"
    path = MODULES[module]
    imported = imported_modules(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")
    assert complaints(module, imported) == []


def test_the_root_imports_nothing_when_it_is_imported() -> None:
    tree = ast.parse(MODULES["__init__"].read_text(encoding="utf-8"))
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {node.module for node in at_once if isinstance(node, ast.ImportFrom)} <= {
        "__future__",
        "importlib",
        "typing",
    }
    assert not any(isinstance(node, ast.Import) for node in at_once)


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("lexicon", "from minent.segmentation import Segmenter", "imports minent.segmentation"),
        ("corpus.units", "from ..discovery import build_lexicon", "imports minent.discovery"),
        ("corpus.units", "from minent import cli", "imports minent.cli"),
        ("settings", "def f():\n    import minent.files", "imports minent.files"),
        ("export", "from minent.report import page", "sibling"),
        ("lexicon", "import numba", "belongs in kernels"),
        ("engines.local", "from pyspark.sql import SparkSession", "belongs in engines.spark"),
        ("files", "import lzma", "belongs in corpus"),
    ],
)
def test_the_judge_sees_a_bad_import(module: str, source: str, complaint: str) -> None:
    found = complaints(module, imported_modules(source, module, is_package=False))
    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("segmentation", "from minent.lexicon import Lexicon\nimport minent.kernels.trie"),
        ("parsing", "from minent.grammar import Grammar"),
        ("corpus.sources", "from .units import unit_classes\nimport lzma"),
        ("cli.segment", "import click\nfrom minent import Segmenter, __version__"),
        ("engines.spark", "import pyspark"),
    ],
)
def test_the_judge_lets_a_good_import_pass(module: str, source: str) -> None:
    assert complaints(module, imported_modules(source, module, is_package=False)) == []
