"""The page of adjudicators: one component that talks to the HTTP routes, which authorise."""

from __future__ import annotations

import gradio as gr

from workbench.context import Context
from workbench.texts import label

HOST = "import('/desk/adjudicate/adjudicate.js').then((m) => m.host({element}));"


def page(ctx: Context) -> None:
    """Lay the page out."""
    with gr.Tab(label("quality.adjudicate.tab"), id="adjudicate"):
        # Papers, versions and saving all go through the routes: there is no event to authorise.
        gr.HTML(
            html_template='<div data-adjudicate class="wb-host"></div>',
            js_on_load=HOST,
            apply_default_css=False,
            elem_id="wb-adjudicate",
        )
