"""What a page stores may reach the page after it a moment late, so tests reload until it has come."""

from __future__ import annotations

from typing import Any


def after_reload(page: Any, expression: str, expected: Any) -> Any:
    """The value of `expression` in the reloaded page: `expected`, or what it still is after two seconds."""
    for _ in range(20):
        page.reload()
        if page.evaluate(expression) == expected:
            break
        page.wait_for_timeout(100)
    return page.evaluate(expression)
