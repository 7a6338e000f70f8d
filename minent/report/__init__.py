"""One HTML page about a lexicon and its text, which needs nothing else to be read: no network, no other file."""

from __future__ import annotations

from minent.report.data import ReportData, collect
from minent.report.page import render, require_libraries

__all__ = ["ReportData", "collect", "render", "require_libraries"]
