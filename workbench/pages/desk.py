"""The review cockpit: the PDF page and the form, in one component that talks to the HTTP routes."""

from __future__ import annotations

import gradio as gr

from workbench.context import Context
from workbench.texts import label

HOST = "import('/desk/host.js').then((m) => m.host({element, props, watch}));"


def page(ctx: Context) -> gr.HTML:
    """Lay the page out; the component's value {record, filters} says which paper is open."""
    with gr.Tab(label("common.tab.review"), id="review"):
        return gr.HTML(
            html_template='<div data-cockpit class="wb-host"></div>',
            js_on_load=HOST,
            apply_default_css=False,
            elem_id="wb-review",
        )
