"""Coverage-guided fuzzing with atheris: whatever bytes come, an answer or one of our errors, soon and in little memory.

pip install atheris; python tests/fuzz/fuzz.py corpus|records|lexicon|stage [FOLDER] [-max_total_time=60 …]

FOLDER keeps the inputs that reach new code; without one they are forgotten. What libFuzzer finds is left in the current
folder as crash-…, timeout-… or oom-…; each finding becomes a test.
"""

from __future__ import annotations

import gzip
import importlib
import lzma
import os
import pkgutil
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import atheris

import minent.kernels

for module in pkgutil.iter_modules(minent.kernels.__path__):  # what numba compiles must not be instrumented
    importlib.import_module(f"minent.kernels.{module.name}")

with atheris.instrument_imports(include=["minent"]):
    from minent.corpus.sources import Corpus
    from minent.counting import count_corpus_units
    from minent.discovery import LexiconBuilder
    from minent.errors import MinentError
    from minent.lexicon import parse_lexicon
    from minent.runs import RunDirectory
    from minent.settings import LexiconSettings
    from minent.stages import Stage

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


def main() -> None:
    target = sys.argv.pop(1)
    warnings.simplefilter("ignore")
    if target == "stage":
        (SCRATCH / "corpus").write_text(TEXT * 30, encoding="utf-8")
        build(SCRATCH / "whole")
    given = SCRATCH / "seeds"
    given.mkdir()
    for number, data in enumerate(seeds(target)):
        (given / str(number)).write_bytes(data)
    kept = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    os.makedirs(SCRATCH / "new", exist_ok=True)
    folders = [*(kept or [str(SCRATCH / "new")]), str(given)]
    fuzz = guarded(
        {"corpus": fuzz_corpus, "records": fuzz_records, "lexicon": fuzz_lexicon, "stage": fuzz_stage}[target]
    )
    atheris.Setup([sys.argv[0], "-timeout=10", "-rss_limit_mb=2048", "-max_len=20000", *options, *folders], fuzz)
    try:
        atheris.Fuzz()
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)


if __name__ == "__main__":
    main()
