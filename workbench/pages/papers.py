"""The queue: papers come in, their state is seen, one is opened."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr

from db.listing import Filters
from models.errors import WorkbenchError
from workbench import desk
from workbench.context import Context
from workbench.pages.handlers import bind
from workbench.pages.tables import jobs_table, queue_table
from workbench.people import asked

log = logging.getLogger(__name__)
PAGE = 100
STATUSES = [
    ("All", ""),
    ("To review", "proposed"),
    ("Accepted", "accepted"),
    ("Corrected", "corrected"),
    ("No funding", "no_funding"),
    ("Skipped", "skipped"),
    ("Flagged", "flagged"),
]
SORTS = [
    ("Least certain first", "uncertain"),
    ("Newest first", "newest"),
    ("Oldest first", "oldest"),
    ("Name", "name"),
]
HOST = "import('/desk/queue.js').then((m) => m.host(element, (row) => trigger('open', row)));"


@dataclass(frozen=True, slots=True)
class Queue:
    """The components that other pages listen to."""

    table: gr.HTML
    filters: list[Any]


def page(ctx: Context) -> Queue:
    """Lay the page out and wire it."""
    with gr.Tab("Papers", id="papers"):
        with gr.Row(elem_classes="wb-intake"):
            upload = gr.File(
                label="Drop papers here (PDF, text, Markdown; many at once)",
                file_count="multiple",
                height=150,
                elem_id="wb-upload",
            )
            jobs = gr.HTML(elem_id="wb-jobs", min_height=150, apply_default_css=False)
        with gr.Row(elem_classes="wb-filters"):
            status = gr.Dropdown(STATUSES, value="", label="Status", scale=1)
            sort = gr.Dropdown(SORTS, value="uncertain", label="Order", scale=1)
            query = gr.Textbox(label="Search", placeholder="name or text  ( / )", scale=3)
            number = gr.Number(1, label="Page", precision=0, minimum=1, scale=0, min_width=90)
        # A plain component: for a subclass Gradio writes a stub file beside the source.
        table = gr.HTML(elem_id="wb-queue", js_on_load=HOST, apply_default_css=False)
        # Inside the tab: among the tabs it would count as one, and their labels would slip.
        timer = gr.Timer(1.5)
    filters: list[Any] = [status, sort, query, number]
    show, show_jobs = bind(render, ctx), bind(render_jobs, ctx)
    for component in filters:
        component.change(show, [*filters], table, api_visibility="private", queue=False)
    upload.upload(bind(receive, ctx), upload, [upload, jobs], api_visibility="private")
    timer.tick(
        bind(refresh, ctx),
        [*filters, table, jobs],
        [table, jobs],
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )
    blocks = gr.context.Context.root_block
    if blocks is not None:
        blocks.load(show, filters, table, api_visibility="private", queue=False)
        blocks.load(show_jobs, None, jobs, api_visibility="private", queue=False)
    return Queue(table, list(filters))


def open_with(queue: Queue, tabs: gr.Tabs, cockpit: gr.HTML) -> None:
    """A click on a row opens the cockpit on that paper, with the queue's filters."""
    queue.table.open(
        bind(open_record), queue.filters, [tabs, cockpit], api_visibility="private", queue=False
    )


def open_record(
    status: str, sort: str, query: str, number: float, event: gr.EventData, request: gr.Request
) -> tuple[gr.Tabs, dict[str, Any]]:
    """Show the review tab; the cockpit loads the record itself."""
    asked(request, "viewer")
    chosen = {"status": status or "", "sort": sort, "q": query or ""}
    # Opened anew each time: the cockpit may have gone on to another paper since the last click.
    wanted = {"record": int(event.record), "filters": chosen, "click": uuid4().hex}
    return gr.Tabs(selected="review"), wanted


def render(
    ctx: Context,
    status: str,
    sort: str,
    query: str,
    number: float | None,
    request: gr.Request,
) -> str:
    """The queue's table for these filters."""
    asked(request, "viewer")
    filters = Filters(status=status or None, q=query or "", sort=sort)  # type: ignore[arg-type]
    page_number = max(1, int(number or 1))
    page = desk.queue(ctx, filters, (page_number - 1) * PAGE, PAGE)
    last = max(1, -(-page["total"] // PAGE))
    if page_number > last:
        page_number, page = last, desk.queue(ctx, filters, (last - 1) * PAGE, PAGE)
    return queue_table(page, page_number)


def render_jobs(ctx: Context, request: gr.Request) -> str:
    """What the background is doing."""
    asked(request, "viewer")
    return jobs_table(desk.jobs(ctx))


def refresh(ctx: Context, request: gr.Request, *state: Any) -> tuple[Any, Any]:
    """The table and the jobs where they changed since they were last shown."""
    *filters, shown, shown_jobs = state
    status, sort, query, number = filters
    fresh, fresh_jobs = render(ctx, status, sort, query, number, request), render_jobs(ctx, request)
    return (
        gr.skip() if fresh == shown else fresh,
        gr.skip() if fresh_jobs == shown_jobs else fresh_jobs,
    )


def receive(ctx: Context, paths: list[str] | None, request: gr.Request) -> tuple[None, str]:
    """Take the dropped files in; they are read in the background, one job each."""
    asked(request, "curator")
    for path in map(Path, paths or []):
        try:
            desk.receive(ctx, path, path.name)
        except (WorkbenchError, OSError) as error:
            log.warning("upload of %s failed: %s", path.name, error)
            gr.Warning(f"{path.name} was not taken in: {error}")
        finally:
            path.unlink(missing_ok=True)
    return None, render_jobs(ctx, request)
