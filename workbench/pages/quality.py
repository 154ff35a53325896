"""How well papers are read: the team's figures, filtered, and the share read by several."""

from __future__ import annotations

from datetime import date
from typing import Any

import gradio as gr

from db import store
from db.engine import reading
from db.quality import Scope
from models.errors import WorkbenchError
from workbench.context import Context
from workbench.desk import sharing
from workbench.pages import quality_html as html
from workbench.pages.handlers import bind
from workbench.people import asked
from workbench.texts import label, language_of, say

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def page(ctx: Context) -> None:
    """Lay the page out and wire it."""
    with gr.Tab(label("quality.page.tab"), id="quality") as tab:
        with gr.Row(elem_classes="wb-quality-filters"):
            project, person, model = (
                gr.Dropdown(
                    html.options((), say("quality.page.all")),
                    value="",
                    label=label(f"quality.page.{name}"),
                    elem_id=f"wb-quality-{name}",
                )
                for name in ("project", "person", "model")
            )
            since = gr.Textbox(label=label("quality.page.since"), max_lines=1)
            until = gr.Textbox(label=label("quality.page.until"), max_lines=1)
            show = gr.Button(label("quality.page.refresh"), scale=0, min_width=110)
        figures = gr.HTML(elem_id="wb-quality", apply_default_css=False)
        timer = gr.Timer(1.0, active=False)
        _share_panel(ctx)
    filters: list[Any] = [project, person, model, since, until]
    shown: list[Any] = [figures, timer, project, person, model]
    tab.select(bind(render, ctx), filters, shown, queue=False, **QUIET)
    show.click(bind(render, ctx), filters, shown, queue=False, **QUIET)
    timer.tick(bind(render, ctx), filters, shown, queue=False, **QUIET)


def _share_panel(ctx: Context) -> None:
    with gr.Accordion(label("quality.page.share_title"), open=False, elem_id="wb-share"):
        with gr.Row():
            project = gr.Textbox("inbox", label=label("quality.page.project"), max_lines=1)
            share = gr.Number(
                0, label=label("quality.page.share"), precision=0, minimum=0, maximum=100
            )
            readers = gr.Radio([2, 3], value=2, label=label("quality.page.readers"))
            apply = gr.Button(label("quality.page.share_apply"), scale=0, min_width=110)
        gr.Markdown(label("quality.page.share_help"))
        told = gr.Markdown()
    apply.click(bind(choose_share, ctx), [project, share, readers], told, api_visibility="private")


def render(
    ctx: Context,
    project: str,
    person: str,
    model: str,
    since: str,
    until: str,
    request: gr.Request,
) -> tuple[Any, ...]:
    """The figures as they are now; the timer goes on while they are being computed."""
    language = language_of(request)
    who = asked(request, "viewer")
    try:
        scope = Scope(
            project or None,
            person or None,
            model or None,
            _day(since, language),
            _day(until, language),
        )
        sharing.require_own(scope.person, who)
    except WorkbenchError as error:
        gr.Warning(str(error))
        return (gr.skip(), gr.Timer(active=False), *[gr.skip()] * 3)
    entry = ctx.reports.ask(scope)
    report = entry.report.seen_by(sharing.only(who)) if entry.report else None
    everything = say("quality.page.all", language)
    return (
        html.page(entry, report, scope, language),
        gr.Timer(active=entry.running),
        gr.Dropdown(html.options(_projects(ctx), everything), value=project or ""),
        _offer(report.people if report else (), person, everything),
        _offer(report.models if report else (), model, everything),
    )


def _offer(names: tuple[str, ...], chosen: str, everything: str) -> gr.Dropdown:
    """The choices, with the chosen one even where nothing is left of it."""
    known = sorted({*names, chosen} - {""})
    return gr.Dropdown(html.options(known, everything), value=chosen or "")


def choose_share(
    ctx: Context, project: str, share: float, readers: int, request: gr.Request
) -> str:
    """Have several people read a share of a project's papers."""
    who = asked(request, "admin")
    try:
        told = sharing.choose(ctx, project.strip() or "inbox", int(share or 0), int(readers), who)
    except WorkbenchError as error:
        return str(error)
    return html.share_line(told, language_of(request))


def _projects(ctx: Context) -> list[str]:
    with reading(ctx.engine) as session:
        return store.projects(session)


def _day(text: str | None, language: str) -> date | None:
    if not text or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise WorkbenchError(
            say("quality.page.wrong_day", language, text=text.strip()[:40])
        ) from None
