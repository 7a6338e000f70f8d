"""The page itself: a template, a style sheet and a script of this package, filled with the data of a report."""

from __future__ import annotations

import base64
import hashlib
import importlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from minent import __version__
from minent.entropy import Entropy
from minent.errors import MissingExtraError
from minent.parsing import ParseTree
from minent.parsing.svg import trees_svg
from minent.report.data import ReportData
from minent.report.inline import inline_svg
from minent.report.plots import plot_lengths, plot_ranks
from minent.report.tables import MOST_TEMPLATES, as_json, keyword_table, template_table, word_tables
from minent.templates import TemplateSet

LIBRARIES = ("jinja2", "matplotlib")  # of the extra `report`
SHOWN = 40  # words of a list in the running text
LADDER = {  # what each row of the ladder is
    "characters": "each character by itself",
    "words": "cut into words of the lexicon",
    "sentences": "words, and where sentences end",
    "templates": "nested templates, and where sentences end",
}


def require_libraries() -> None:
    """MissingExtraError unless all libraries that a report needs are there."""
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingExtraError(name, "report", "a report") from error


@dataclass(frozen=True)
class Step:
    """A row of the ladder.

    share : of the longest bar, in percent;  change : against the row before where they can be compared, in percent
    """

    entropy: Entropy
    meaning: str
    share: float
    change: float | None


def render(data: ReportData) -> str:
    """The page, in UTF-8: equal data give equal text.

    Whatever the texts in it are, they are shown and do nothing: the template escapes, the tables are JSON whose signs
    are escaped and which the script writes as text only, and a policy allows no other script and no request.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    columns, tables = _tables(data)
    script = _resource("page.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["short"] = lambda value: f"{value:,}" if value < 10**7 else f"{value / 1e6:,.2f} M"
    environment.filters["percent"] = lambda value: f"{value:+.1f} %".replace("-", "−")
    return environment.from_string(_resource("page.html")).render(
        data=data,
        tables=tables,
        ladder=_ladder(data.ladder),
        saving=_saving(data.ladder),
        informative=data.words.words[:SHOWN],
        new=data.words.new_words(),
        templates_left_out=_left_out(data.templates),
        shown=SHOWN,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=__version__,
        script=Markup(script),
        style=Markup(_resource("page.css")),
        json=Markup(as_json({"columns": columns, "tables": tables})),
        lengths=Markup(plot_lengths(data.words.lengths, data.words.counts)),
        ranks=Markup(plot_ranks(data.words.counts.tolist(), data.character_counts)),
        trees=[(tree.brackets(), Markup(_picture(tree, f"tree{k}-"))) for k, tree in enumerate(data.trees)],
    )


def _tables(data: ReportData) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns by data set, and tables by name."""
    columns, tables = word_tables(data.words)
    found: dict[str, Any] = {"words": columns}
    if data.keywords is not None:
        found["keywords"], tables["keywords"] = keyword_table(data.keywords)
    if data.templates is not None:
        found["templates"], tables["templates"] = template_table(data.templates)
    return found, tables


def _left_out(templates: TemplateSet | None) -> int:
    """Templates that are not trivial and yet not shown."""
    return max(sum(not entry.template.is_trivial for entry in templates or ()) - MOST_TEMPLATES, 0)


def _picture(tree: ParseTree, prefix: str) -> str:
    return inline_svg(trees_svg([tree]), prefix)


def _ladder(rows: list[Entropy]) -> list[Step]:
    longest = max(row.bits_per_unit for row in rows) or 1.0
    changes = [
        100 * (row.bits_per_unit / before.bits_per_unit - 1) if k % 2 and before.bits_per_unit else None
        for k, (row, before) in enumerate(zip(rows, [rows[0], *rows], strict=False))
    ]
    return [
        Step(row, LADDER[row.cut], 100 * row.bits_per_unit / longest, change)
        for row, change in zip(rows, changes, strict=True)
    ]


def _saving(rows: list[Entropy]) -> float:
    """How much shorter the text and its lexicon are than the text and its characters, in percent."""
    characters, words = rows[0].description_bits, rows[1].description_bits
    return 100 * (1 - words / characters) if characters else 0.0


def _resource(name: str) -> str:
    return files("minent.report").joinpath(name).read_text(encoding="utf-8")
