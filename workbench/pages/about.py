"""What this is: version, licence, where the data lies, the tour once more."""

from __future__ import annotations

import gradio as gr

from workbench.context import Context
from workbench.texts import label

HOST = "import('/desk/about.js').then((m) => m.host(element));"


def page(ctx: Context) -> None:
    """Lay the page out."""
    with gr.Tab(label("comfort.tab_about"), id="about"):
        gr.HTML(
            html_template='<div data-about class="wb-about"></div>',
            js_on_load=HOST,
            apply_default_css=False,
            elem_id="wb-about",
        )
