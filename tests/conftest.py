"""What tests share: where real text is, and how hypothesis runs."""

from __future__ import annotations

import lzma
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parent.parent

# A first example may compile kernels, so there is no deadline; CI draws the same examples every time.
settings.register_profile(
    "minent",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("minent")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with the most slow tests come first, so that no worker is alone with one of them at the end."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real corpora: $MINENT_TEST_DATA, or ../shared/data beside the checkout, or a skip."""
    chosen = os.environ.get("MINENT_TEST_DATA")
    folder = Path(chosen) if chosen else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs real corpora: MINENT_TEST_DATA names their folder")
    return folder


@pytest.fixture(scope="session")
def real_text(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from a name ("laws.txt") to that file, decompressed once a session; or a skip."""
    target = tmp_path_factory.mktemp("real_text")

    def find(name: str) -> Path:
        plain = target / name
        if plain.exists():
            return plain
        found = sorted(shared_data.rglob(f"{name}.xz")) + sorted(shared_data.rglob(name))
        if not found:
            pytest.skip(f"needs {name} in {shared_data}")
        if found[0].suffix != ".xz":
            return found[0]
        partial = plain.with_suffix(".partial")
        with lzma.open(found[0]) as source, partial.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        return partial.rename(plain)

    return find


@pytest.fixture(scope="session")
def bundled_data() -> Path:
    """The samples that come with the project."""
    return CHECKOUT / "data"
