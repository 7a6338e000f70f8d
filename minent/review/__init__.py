"""A page on this machine where a person goes through the words of a lexicon: keep, drop, or fix their boundaries."""

from __future__ import annotations

from minent.review.contexts import Contexts
from minent.review.keeping import DecisionFile
from minent.review.session import Review
from minent.review.web import make_app, require_libraries, serve

__all__ = ["Contexts", "DecisionFile", "Review", "make_app", "require_libraries", "serve"]
