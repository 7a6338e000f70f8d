"""Coverage-guided fuzzing with atheris: whatever bytes come, an answer or one of our errors, soon and in little memory.

pip install atheris; python tests/fuzz/fuzz.py TARGET [FOLDER] [-max_total_time=60 …]
TARGET: corpus, records, lexicon, stage, templates, classes, decisions, grammar, model

FOLDER keeps the inputs that reach new code; without one they are forgotten. What libFuzzer finds is left in the current
folder as crash-…, timeout-… or oom-…; each finding becomes a test.
"""

from __future__ import annotations

import gzip
import importlib
import io
import lzma
import os
import pkgutil
import shutil
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris

import minent.kernels

for module in pkgutil.iter_modules(minent.kernels.__path__):  # what numba compiles must not be instrumented
    importlib.import_module(f"minent.kernels.{module.name}")

with atheris.instrument_imports(include=["minent"]):
    from minent.corpus.sources import Corpus
    from minent.counting import count_corpus_units
    from minent.decisions import parse_decisions
    from minent.discovery import LexiconBuilder
    from minent.errors import MinentError
    from minent.grammar import DmvSettings, GrammarSettings, Piece, load_grammar, save_grammar, train_grammar
    from minent.lexicon import load_lexicon, parse_lexicon
    from minent.parsing import Parser
    from minent.runs import RunDirectory
    from minent.segmentation import Segmenter
    from minent.settings import LexiconSettings
    from minent.stages import Stage
    from minent.templates import find_templates
    from minent.templates.article import ArticleParser
    from minent.templates.classes import parse_classes
    from minent.templates.template_set import parse_templates
    from minent.unknown_model import model_path

WORDS = ["雪梨", "和", "苹果", "的", "颜色", "，", "是", "3.14", "什么", "？"]
TEXT = "天地玄黄，宇宙洪荒。\nABC 3.14％ 1998年 A股 ——……\r\n"
SCRATCH = Path(tempfile.mkdtemp(prefix="minent-fuzz-"))
ENCODINGS = (None, "utf-8", "gb18030", "big5", "utf-16", "auto")


def read(data: bytes, **options: object) -> None:
    """Count a text in two ways: the shards must not matter, nor that it is read again."""
    path = SCRATCH / "text"
    path.write_bytes(data)
    found = []
    for size in (1 << 20, 7):
        with Corpus(path, shard_size=size, **options) as corpus:  # type: ignore[arg-type]
            units, invalid = count_corpus_units(corpus)
            found.append((units.total, units.pairs, units.fingerprint(), str(invalid)))
    assert found[0] == found[1]


def fuzz_corpus(data: bytes) -> None:
    if data:
        errors = "strict" if data[0] & 8 else "boundary"
        read(data[1:], encoding=ENCODINGS[data[0] % len(ENCODINGS)], errors=errors)


def fuzz_records(data: bytes) -> None:
    read(data, field="a.b" if data[:1] == b"." else "text")


def fuzz_lexicon(data: bytes) -> None:
    lexicon = parse_lexicon(data)
    assert parse_lexicon(lexicon.to_bytes()) == lexicon


def fuzz_templates(data: bytes) -> None:
    templates = parse_templates(data)
    assert parse_templates(templates.to_bytes()) == templates
    ArticleParser(templates).parse(WORDS)


def fuzz_classes(data: bytes) -> None:
    classes = parse_classes(data)
    assert parse_classes(classes.to_bytes()) == classes


def fuzz_decisions(data: bytes) -> None:
    decisions = parse_decisions(data)
    assert dict(parse_decisions(decisions.to_bytes())) == dict(decisions)


def replaced(archive: Path, data: bytes) -> bytes:
    """A ZIP file with one of its members replaced by what comes, or what comes itself."""
    if not data or data[0] == 255:
        return data[1:]
    buffer = io.BytesIO()
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(buffer, "w") as target:
        names = source.namelist()
        for name in names:
            target.writestr(name, data[1:] if name == names[data[0] % len(names)] else source.read(name))
    return buffer.getvalue()


def fuzz_grammar(data: bytes) -> None:
    path = SCRATCH / "g.npz"
    path.write_bytes(replaced(SCRATCH / "grammar.npz", data))
    Parser(load_grammar(path), None).parse(WORDS)


def fuzz_model(data: bytes) -> None:
    (SCRATCH / "l.tsv").write_bytes((SCRATCH / "lexicon.tsv").read_bytes())
    Path(model_path(SCRATCH / "l.tsv")).write_bytes(replaced(Path(model_path(SCRATCH / "lexicon.tsv")), data))
    assert "".join(Segmenter(load_lexicon(SCRATCH / "l.tsv")).cut(TEXT)) == "".join(TEXT.split())


def fuzz_stage(data: bytes) -> None:
    """A run directory of which one stage is what comes."""
    if not data:
        return
    copy = SCRATCH / "run"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(SCRATCH / "whole", copy)
    stages = sorted((copy / "1").glob("*.last"))
    name = stages[data[0] % len(stages)]
    name.write_bytes(data[1:])
    Stage(name)
    build(copy)


def build(where: Path) -> None:
    corpus = Corpus(SCRATCH / "corpus")
    builder = LexiconBuilder(corpus, LexiconSettings(recipe="plain"))
    builder.run = RunDirectory.start(where, {"inputs": []}, resume=True)
    builder.build()


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with."""
    text = TEXT.encode()
    if target == "lexicon":
        table = LexiconBuilder([TEXT] * 30, LexiconSettings(recipe="plain")).build().to_bytes()
        return [table, "的 5 u\n科学\t3\n".encode(), b"a\nb\n", gzip.compress(b"x")]
    if target == "records":
        return [
            b'{"text": "\xe5\xa4\xa9"}\n{"text": ["a", "b"]}\n{"text": null}',
            b'.{"a": {"b": "x"}}\n\n{"a.b": "y"}',
        ]
    if target == "templates":
        found = find_templates(["从 北京 到 上海", "从 这 到 那", "a:b | c\\d [X]"] * 9, pretokenized=True, min_pmi=0)
        return [found.to_bytes(), b"#minent-templates 1\ntemplate\tcount\n[X] \xe5\x90\x97\t3\n"]
    if target == "classes":
        head = "#minent-classes 1\nclass\tcount\ttemplates\tmembers\tkept\n"
        return [(head + "<个、位>\t9\t[X] 个:3\t个:5,位:4\t的:9\n<N>\t1\t\t1:1\t\n").encode()]
    if target == "decisions":
        head = "#minent-decisions 1\n#fingerprint ab\nword\tdecision\treplacement\ttime\tby\n"
        return [(head + "的主要\tfix\t的 主要\t2026-07-01T12:00:00Z\tme\n凝固度\tkeep\t\t\t\n").encode()]
    if target in ("grammar", "model"):
        path = SCRATCH / "grammar.npz" if target == "grammar" else Path(model_path(SCRATCH / "lexicon.tsv"))
        with zipfile.ZipFile(path) as archive:
            members = [bytes([k]) + archive.read(name) for k, name in enumerate(archive.namelist())]
        return [*members, b"\xff" + path.read_bytes()]
    if target == "stage":
        stages = sorted((SCRATCH / "whole" / "1").glob("*.last"))
        return [bytes([k]) + path.read_bytes() for k, path in enumerate(stages)]
    packed = [gzip.compress(text), lzma.compress(text), gzip.compress(gzip.compress(text)), text + b"\xff\xfe"]
    return [b"\x00" + data for data in (text, *packed)] + [
        b"\x04" + TEXT.encode("utf-16"),
        b"\x02" + TEXT.encode("gbk"),
    ]


def guarded(target: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        try:
            target(data)
        except MinentError as error:
            assert "\n" not in str(error)

    return run


TARGETS = {name.removeprefix("fuzz_"): run for name, run in globals().items() if name.startswith("fuzz_")}


def main() -> None:
    target = sys.argv.pop(1)
    warnings.simplefilter("ignore")
    if target == "stage":
        (SCRATCH / "corpus").write_text(TEXT * 30, encoding="utf-8")
        build(SCRATCH / "whole")
    if target == "grammar":
        text = "".join(f"{a} 的 {b} 是 {c} ， {b} 和 {a} 。\n" for a in WORDS[::4] for b in WORDS for c in WORDS) * 3
        small = GrammarSettings(models=(DmvSettings(4, 5, iterations=2),), min_count=1, constituent_classes=4)
        save_grammar(train_grammar([Piece(text)], small), SCRATCH / "grammar.npz")
    if target == "model":
        LexiconBuilder([TEXT] * 300, LexiconSettings()).build().save(SCRATCH / "lexicon.tsv")
    given = SCRATCH / "seeds"
    given.mkdir()
    fuzz = guarded(TARGETS[target])
    for number, data in enumerate(seeds(target)):
        (given / str(number)).write_bytes(data)
        fuzz(data)  # what has to be compiled is, before the clock runs
    kept = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    os.makedirs(SCRATCH / "new", exist_ok=True)
    folders = [*(kept or [str(SCRATCH / "new")]), str(given)]
    atheris.Setup([sys.argv[0], "-timeout=10", "-rss_limit_mb=2048", "-max_len=20000", *options, *folders], fuzz)
    try:
        atheris.Fuzz()
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)


if __name__ == "__main__":
    main()
