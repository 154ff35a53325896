"""Whether all is well, and if not, why: the doctor's checks on the screen."""

from __future__ import annotations

from functools import partial

import gradio as gr

from workbench import doctor
from workbench.context import Context
from workbench.pages.tables import checks_table


def page(ctx: Context) -> None:
    """Lay the page out and wire it."""
    with gr.Tab("System", id="system") as tab:
        checks = gr.HTML(elem_id="wb-checks", apply_default_css=False)
        again = gr.Button("Check everything, the model included", size="sm")
        tab.select(partial(quick, ctx), None, checks, api_visibility="private", queue=False)
        again.click(partial(full, ctx), None, checks, api_visibility="private")


def quick(ctx: Context) -> str:
    """The checks that cost nothing."""
    return checks_table(doctor.quick(ctx))


def full(ctx: Context) -> str:
    """All checks."""
    return checks_table(doctor.full(ctx))
