"""Handlers of pages, handed their context."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints

from workbench.context import Context


def with_context(handler: Callable[..., Any], ctx: Context) -> Callable[..., Any]:
    """The handler with its first argument given.

    Unlike a `functools.partial` it keeps its type hints, by which Gradio knows which argument is
    the request: without them a handler that asks who is there is told that nobody is.
    """
    first, *others = inspect.signature(handler).parameters.values()
    hints = get_type_hints(handler)

    @wraps(handler)
    def bound(*args: Any) -> Any:
        return handler(ctx, *args)

    del bound.__dict__["__wrapped__"]  # its hints would be looked for there
    bound.__annotations__ = {name: hint for name, hint in hints.items() if name != first.name}
    bound.__signature__ = inspect.Signature(others)  # type: ignore[attr-defined]
    return bound
