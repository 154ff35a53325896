"""Handlers of a page's events, bound to what they work on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from html import escape
from typing import Any, get_type_hints

import gradio as gr

from workbench.people import NotAllowed


def bind(handler: Callable[..., Any], *bound: Any) -> Callable[..., Any]:
    """The handler with its first arguments given, as Gradio can read it.

    Gradio finds a `gr.Request` by the annotations of a function, and `functools.partial` has none.
    Who may not do it sees a message and no error of the program.
    """
    left = list(inspect.signature(handler).parameters.values())[len(bound) :]
    hints = get_type_hints(handler)

    @wraps(handler)
    def run(*given: Any) -> Any:
        try:
            return handler(*bound, *given)
        except NotAllowed as error:
            told = escape(str(error))  # a toast is HTML
            raise gr.Error(told, title="", print_exception=False) from error

    del run.__wrapped__
    run.__signature__ = inspect.Signature(left)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: hints[one.name] for one in left if one.name in hints}
    return run
