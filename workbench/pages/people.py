"""Accounts and one's own password: a place for the module that talks to the HTTP routes."""

from __future__ import annotations

import gradio as gr

from workbench.context import Context
from workbench.texts import label

HOST = "import('/desk/people/page.js').then((m) => m.host(element));"


def page(ctx: Context) -> None:
    """Lay the page out; what it shows depends on who looks, and the routes decide that."""
    with gr.Tab(label("people.tab"), id="people"):
        gr.HTML(
            html_template='<div data-people class="wb-people"></div>',
            js_on_load=HOST,
            apply_default_css=False,
            elem_id="wb-people",
        )
