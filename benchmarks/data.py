"""Where the benchmarks find real text: $MINENT_TEST_DATA, or ../shared/data beside the checkout."""

from __future__ import annotations

import lzma
import os
import shutil
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SCRATCH = Path(tempfile.gettempdir()) / "minent-benchmarks"


def data_folder() -> Path:
    """The folder of corpora. SystemExit with a hint where there is none."""
    chosen = os.environ.get("MINENT_TEST_DATA")
    folder = Path(chosen) if chosen else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not there: MINENT_TEST_DATA names the folder of corpora (laws.txt.xz, …)")
    return folder


def text(name: str) -> Path:
    """A corpus, decompressed once into the scratch folder."""
    plain = SCRATCH / name
    if plain.exists():
        return plain
    SCRATCH.mkdir(parents=True, exist_ok=True)
    packed = next(iter(sorted(data_folder().rglob(f"{name}.xz"))), None)
    if packed is None:
        return next(iter(sorted(data_folder().rglob(name))))
    with lzma.open(packed) as source, open(f"{plain}.part", "wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    return Path(f"{plain}.part").rename(plain)


def repeated(path: Path, times: int) -> Path:
    """A file several times over."""
    target = SCRATCH / f"{path.name}.x{times}"
    if not target.exists() or target.stat().st_size != times * path.stat().st_size:
        with open(target, "wb") as sink:
            for _ in range(times):
                sink.write(path.read_bytes())
    return target
