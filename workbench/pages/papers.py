"""The queue: papers come in, their state is seen, one is opened. The browser asks the routes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr

from models.errors import WorkbenchError
from workbench import desk
from workbench.context import Context
from workbench.pages.handlers import bind
from workbench.people import asked
from workbench.texts import label, language_of, say

log = logging.getLogger(__name__)
QUEUE = (
    "import('/desk/queue/host.js').then((m) => m.hostQueue(element, (p) => trigger('open', p)));"
)
JOBS = "import('/desk/queue/host.js').then((m) => m.hostJobs(element));"


@dataclass(frozen=True, slots=True)
class Queue:
    """The components that other pages listen to."""

    table: gr.HTML


def page(ctx: Context) -> Queue:
    """Lay the page out and wire it."""
    with gr.Tab(label("common.tab.papers"), id="papers"):
        with gr.Row(elem_classes="wb-intake"):
            upload = gr.File(
                label=label("papers.drop"),
                file_count="multiple",
                height=150,
                elem_id="wb-upload",
            )
            gr.HTML(
                html_template='<div data-jobs class="wb-host"></div>',
                js_on_load=JOBS,
                elem_id="wb-jobs",
                min_height=150,
                apply_default_css=False,
            )
        # A plain component: for a subclass Gradio writes a stub file beside the source.
        table = gr.HTML(
            html_template='<div data-queue class="wb-host"></div>',
            js_on_load=QUEUE,
            elem_id="wb-queue",
            apply_default_css=False,
        )
    upload.upload(bind(receive, ctx), upload, upload, api_visibility="private")
    return Queue(table)


def open_with(queue: Queue, tabs: gr.Tabs, cockpit: gr.HTML) -> None:
    """A click on a row opens the cockpit on that paper, with the queue's filters."""
    shown = [tabs, cockpit]
    queue.table.open(bind(open_record), None, shown, api_visibility="private", queue=False)


def open_record(event: gr.EventData, request: gr.Request) -> tuple[gr.Tabs, dict[str, Any]]:
    """Show the review tab; the cockpit loads the record itself."""
    asked(request, "viewer")
    chosen = {str(name): str(value) for name, value in dict(event.filters).items()}
    # Opened anew each time: the cockpit may have gone on to another paper since the last click.
    wanted = {"record": int(event.record), "filters": chosen, "click": uuid4().hex}
    return gr.Tabs(selected="review"), wanted


def receive(ctx: Context, paths: list[str] | None, request: gr.Request) -> None:
    """Take the dropped files in; they are read in the background, one job each."""
    asked(request, "curator")
    for path in map(Path, paths or []):
        try:
            desk.receive(ctx, path, path.name)
        except (WorkbenchError, OSError) as error:
            log.warning("upload of %s failed: %s", path.name, error)
            gr.Warning(say("papers.refused", language_of(request), name=path.name, why=error))
        finally:
            path.unlink(missing_ok=True)
