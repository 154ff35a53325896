"""Handlers bound to what they are given at the start, so that Gradio still sees who asks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints


def bound(handler: Callable[..., Any], *given: Any) -> Callable[..., Any]:
    """The handler with its first arguments filled in.

    Gradio hands a `gr.Request` to whoever asks for one by annotation, and it does not see the
    annotations of a `functools.partial`.
    """
    hints = get_type_hints(handler)
    parameters = list(inspect.signature(handler).parameters.values())[len(given) :]

    def call(*arguments: Any) -> Any:
        return handler(*given, *arguments)

    call.__name__ = call.__qualname__ = getattr(handler, "__name__", "handler")
    call.__annotations__ = {it.name: hints[it.name] for it in parameters}
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [it.replace(annotation=hints[it.name]) for it in parameters]
    )
    return call
