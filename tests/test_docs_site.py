"""The documentation builds as a site in which every link leads somewhere, and which loads nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import minent

ROOT = Path(__file__).resolve().parent.parent
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("mkdocstrings") is None:
        pytest.skip("mkdocs is not installed: pip install 'minent[docs]'")
    folder = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "1", "NO_MKDOCS_2_WARNING": "1"},
        encoding="utf-8",
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return folder


class Loads(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if value and name == LOADED.get(tag)]


@pytest.mark.slow
def test_every_page_is_in_the_site_and_in_its_navigation(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    start = (site / "index.html").read_text(encoding="utf-8")
    for page in sorted(pages | {Path(name) for name in ("results.html", "samples.html", "changelog.html")}):
        assert (site / page).is_file()
        assert f'href="{page.as_posix()}"' in start


@pytest.mark.slow
def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert [url for url in loads.found if re.match(r"(\w+:)?//", url)] == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.slow
def test_the_reference_has_every_public_name(site: Path) -> None:
    reference = (site / "api.html").read_text(encoding="utf-8")
    for name in set(minent.__all__) - {"__version__"}:
        assert re.search(rf'<h3 id="minent\.{name}"', reference), name
    assert "&gt;&gt;&gt;" not in re.sub(r"<pre>.*?</pre>", "", reference, flags=re.DOTALL)  # examples are code


@pytest.mark.slow
def test_links_between_files_of_the_repository_lead_to_pages(site: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    assert '<a href="results.html">Figures</a>' in start
    assert 'href="../results.html"' in (site / "recipes" / "large-corpora.html").read_text(encoding="utf-8")


def test_every_public_name_has_an_example() -> None:
    missing = [name for name in minent.__all__ if name != "__version__" and ">>>" not in getattr(minent, name).__doc__]
    assert missing == []
