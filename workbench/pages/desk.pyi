"""The review cockpit: the PDF page and the form, in one component that talks to the HTTP routes."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.context import Context

HOST = "import('/static/host.js').then((m) => m.host({element, props, watch}));"

from gradio.events import Dependency

class Cockpit(gr.HTML):
    """Hosts the browser's cockpit; its value {record, filters} says which paper is open."""

    def __init__(self, **props: Any) -> None:
        super().__init__(
            html_template='<div data-cockpit class="wb-host"></div>',
            js_on_load=HOST,
            apply_default_css=False,
            **props,
        )

    def api_info(self) -> dict[str, Any]:
        """What the component carries."""
        return {"type": "object"}
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


def page(ctx: Context) -> gr.HTML:
    """Lay the page out."""
    with gr.Tab("Review", id="review"):
        return Cockpit(elem_id="wb-review")