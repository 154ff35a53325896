"""What leaves the workbench: the formats, exports in the background, and their files."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import gradio as gr

from db.engine import reading
from db.gold import decided
from models.errors import WorkbenchError
from workbench.context import Context
from workbench.exchange import jobs
from workbench.exchange.jobs import Job
from workbench.exchange.writing import Spec
from workbench.exports import formats
from workbench.pages import hub
from workbench.pages.handlers import bind
from workbench.pages.tables import table
from workbench.people import asked
from workbench.texts import label, language_of, say

HOOKS = "import('/desk/hooks.js').then((m) => m.host(element));"
SECONDS = 2.0


def page(ctx: Context) -> None:
    """Lay the page out and wire it."""
    with gr.Tab(label("exports.tab"), id="export") as tab:
        with gr.Row():
            name = gr.Dropdown(
                list(formats()), value="gold", label=label("exports.format"), scale=3
            )
            project = gr.Textbox(label=label("exports.project"), scale=1)
            split = gr.Number(0, label=label("exports.split"), minimum=0, precision=0, scale=1)
            start = gr.Button(label("exports.start"), variant="primary", scale=0, min_width=140)
        listed = gr.HTML(elem_id="wb-exports", apply_default_css=False)
        with gr.Row():
            chosen = gr.Dropdown([], label=label("exports.chosen"), scale=3, elem_id="wb-export")
            buttons = [gr.Button(label(f"exports.{act}"), size="sm") for act in ACTS]
        about = gr.HTML(elem_id="wb-formats", apply_default_css=False)
        hub.panel(ctx)
        gr.HTML(
            html_template='<div data-hooks class="wb-hooks-place"></div>',
            js_on_load=HOOKS,
            apply_default_css=False,
            elem_id="wb-hooks",
        )
        timer = gr.Timer(SECONDS, active=False)
    shown = [listed, chosen, timer]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    tab.select(bind(look, ctx), chosen, shown, queue=False, **quiet)
    tab.select(about_formats, None, [name, about], queue=False, **quiet)
    timer.tick(bind(look, ctx), chosen, shown, **quiet)
    start.click(bind(begin, ctx), [name, project, split, chosen], shown, api_visibility="private")
    for act, button in zip(ACTS, buttons, strict=True):
        button.click(bind(do, ctx, act), chosen, shown, api_visibility="private")


def look(ctx: Context, chosen: str | None, request: gr.Request) -> tuple[str, Any, Any]:
    """The list of exports; it is asked for again while one runs."""
    asked(request, "viewer")
    found = jobs.jobs(ctx)
    ids = [job.id for job in found]
    value = chosen if chosen in ids else (ids[0] if ids else None)
    is_busy = any(job.is_active for job in found)
    return (
        _table(found, language_of(request)) + _nothing_yet(ctx, language_of(request)),
        gr.Dropdown(choices=ids, value=value),
        gr.Timer(active=is_busy),
    )


def _nothing_yet(ctx: Context, language: str) -> str:
    """What to do where no paper is decided, and every file would be empty."""
    with reading(ctx.engine) as session:
        if next(decided(session), None) is not None:
            return ""
    note, link = say("comfort.no_gold", language), say("comfort.to_papers", language)
    return f'<p class="wb-note">{escape(note)} <a href="#" data-go="papers">{escape(link)}</a></p>'


def begin(
    ctx: Context,
    name: str,
    project: str,
    split: float | None,
    chosen: str | None,
    request: gr.Request,
) -> tuple[str, Any, Any]:
    """Start an export in the background."""
    person = asked(request, "curator")
    try:
        spec = Spec(name, (project or "").strip() or None, {}, int(split or 0))
        chosen = jobs.start(ctx, spec, person.name).id
        gr.Info(say("exports.started", language_of(request)))
    except WorkbenchError as error:
        gr.Warning(str(error))
    return look(ctx, chosen, request)


def do(ctx: Context, act: str, chosen: str | None, request: gr.Request) -> tuple[str, Any, Any]:
    """Cancel, resume or remove the chosen export."""
    asked(request, "curator")
    try:
        if not chosen:
            gr.Warning(say("exports.nothing_chosen", language_of(request)))
        else:
            ACTS[act](ctx, chosen)
    except WorkbenchError as error:
        gr.Warning(str(error))
    return look(ctx, chosen, request)


ACTS = {"cancel": jobs.cancel, "resume": jobs.resume, "remove": jobs.remove}


def about_formats(request: gr.Request) -> tuple[Any, str]:
    """The formats to choose from, and what each keeps."""
    asked(request, "viewer")
    language = language_of(request)
    titles = {name: say(f"exports.title.{name}", language) for name in formats()}
    rows = []
    for name, of in formats().items():
        missing = _fields(of.cannot, language)
        told = say("exports.no_place", language, fields=missing) if missing else ""
        told = told or say("exports.rows" if of.is_rows else "exports.keeps_all", language)
        needs = say(f"exports.need.{of.needs}", language) if of.needs else ""
        needs = say("exports.needs", language, needs=needs) if needs else ""
        shown = escape(titles[name]), escape(f"{told} {needs}")
        rows.append((f"<code>{escape(name)}</code>", *shown))
    choices = gr.Dropdown(choices=[(title, name) for name, title in titles.items()])
    return choices, table((say("exports.formats", language), "", ""), rows, "wb-checks")


def _fields(names: Iterable[str], language: str) -> str:
    return ", ".join(say(f"exports.field.{name}", language) for name in names)


def _table(found: list[Job], language: str) -> str:
    if not found:
        return f'<p class="wb-note">{escape(say("exports.none", language))}</p>'
    heads = tuple(
        say(f"exports.heads_{name}", language) for name in ("export", "state", "proof", "file")
    )
    return table(heads, [_row(job, language) for job in found], "wb-checks")


def _row(job: Job, language: str) -> tuple[str, ...]:
    by = say("exports.by", language, person=job.person)
    what = f"{escape(job.id)}<br><small>{escape(by)}</small>"
    return what, _state(job, language), _proof(job, language), _file(job, language)


def _state(job: Job, language: str) -> str:
    told = escape(say(f"exports.state.{job.state}", language))
    if job.state == "running" and job.step:
        told += f": {escape(say(f'exports.step.{job.step}', language))}"
        if job.total:
            told += (
                f' {job.done:,}/{job.total:,} <progress value="{job.done}" max="{job.total}" '
                f'aria-label="{escape(job.id)}"></progress>'
            )
    return told + (f"<br>{escape(job.error)}" if job.error else "")


def _proof(job: Job, language: str) -> str:
    proof = job.outcome.get("proof")
    if not proof:
        return ""
    if proof["rows"] is not None and not proof["lost"]:
        return escape(say("exports.rows_same", language))
    told = say("exports.lost", language, n=proof["lost"])
    missing = _fields((n for n, it in proof["fields"].items() if it["no_place"]), language)
    if missing:
        told += ". " + say("exports.no_place", language, fields=missing)
    return escape(told)


def _file(job: Job, language: str) -> str:
    if job.state != "done":
        return ""
    size = job.outcome["bytes"] / 1_000_000
    link = f"/api/exports/{job.id}/file"
    told = say("exports.written", language, n=job.outcome["written"])
    parts = [
        f'<a class="wb-download" href="{link}" download>{escape(say("exports.download", language))}'
        f" ({size:,.1f} MB)</a>",
        escape(told),
    ]
    if left := sum(job.outcome["unfit"].values()):
        text = escape(say("exports.left_out", language, n=left))
        why = escape("; ".join(job.outcome["unfit"]))
        parts.append(f'<a href="/api/exports/{job.id}/unfit" download title="{why}">{text}</a>')
    return "<br>".join(parts)
