"""Whether all is well, and if not, why: the doctor's checks on the screen."""

from __future__ import annotations

import gradio as gr

from workbench import doctor
from workbench.context import Context
from workbench.pages.handlers import bind
from workbench.pages.tables import checks_table
from workbench.people import asked


def page(ctx: Context) -> None:
    """Lay the page out and wire it."""
    with gr.Tab("System", id="system") as tab:
        checks = gr.HTML(elem_id="wb-checks", apply_default_css=False)
        again = gr.Button("Check everything, the model included", size="sm")
        tab.select(bind(quick, ctx), None, checks, api_visibility="private", queue=False)
        again.click(bind(full, ctx), None, checks, api_visibility="private")


def quick(ctx: Context, request: gr.Request) -> str:
    """The checks that cost nothing."""
    asked(request, "viewer")
    return checks_table(doctor.quick(ctx))


def full(ctx: Context, request: gr.Request) -> str:
    """All checks; opening the model costs the machine a minute."""
    asked(request, "curator")
    return checks_table(doctor.full(ctx))
