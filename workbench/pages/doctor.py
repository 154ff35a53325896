"""The Doctor page: a place for the module that asks `/api/doctor` again and again."""

from __future__ import annotations

import gradio as gr

from workbench.context import Context
from workbench.texts import label

HOST = "import('/desk/doctor.js').then((m) => m.host(element));"


def page(ctx: Context) -> None:
    """Lay the page out."""
    with gr.Tab(label("comfort.tab_doctor"), id="doctor"):
        gr.HTML(
            html_template='<div data-doctor class="wb-doctor"></div>',
            js_on_load=HOST,
            apply_default_css=False,
            elem_id="wb-doctor",
        )
