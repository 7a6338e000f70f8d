"""Pages of the documentation that MkDocs does not see by itself (a hook of mkdocs.yml)."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

GUESTS = {  # page: the file of the repository that is shown there
    "results.md": "benchmarks/RESULTS.md",
    "samples.md": "data/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
HOMES = {home: page for page, home in GUESTS.items()}
LINK = re.compile(r"(?<=\]\()(?!\w+:|#|/)([^)\s#]+)(#[^)\s]*)?(?=\))")
CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
MORE = "More"


def on_config(config: Any) -> Any:
    """Put the pages that the navigation does not name into a last section of it."""
    docs = Path(config["docs_dir"])
    named = set(re.findall(r"[\w./-]+\.md", str(config["nav"])))
    rest = sorted(path.relative_to(docs).as_posix() for path in docs.rglob("*.md"))
    if others := [page for page in rest if page not in named]:
        config["nav"] = [*config["nav"], {MORE: others}]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the guests."""
    for page, home in GUESTS.items():
        files.append(File.generated(config, page, abs_src_path=str(_root(config) / home)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Links between files of the repository lead to the pages where these are shown; a slot `[X]` is no link."""
    here = page.file.src_uri
    home = GUESTS.get(here, f"docs/{here}")

    def led(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(home), link[1]))
        shown = HOMES.get(target) or target.removeprefix("docs/")
        if shown == target:  # neither a guest nor in docs/: MkDocs tells that it is not there
            return link[0]
        return posixpath.relpath(shown, posixpath.dirname(here) or ".") + (link[2] or "")

    parts = CODE.split(markdown)
    parts[::2] = [LINK.sub(led, part).replace("[X]", "\\[X]") for part in parts[::2]]
    return "".join(parts)


def _root(config: Any) -> Path:
    return Path(config["config_file_path"]).parent
