"""Retraining: what the next run would learn from, the run in hand, the runs and adapters so far."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from db import adapters as stored
from db import runs as rows
from db.engine import reading, writing
from models import catalog
from models.errors import WorkbenchError
from training import presets
from workbench import bases, desk, retrain, runs
from workbench.context import Context
from workbench.pages import runs_html as html
from workbench.pages.handlers import bind
from workbench.people import asked
from workbench.texts import label, language_of, say

log = logging.getLogger(__name__)
REFRESH_SECONDS = 2.0


def page(ctx: Context) -> None:
    """Lay the page out and wire it."""
    with gr.Tab(label("common.tab.train"), id="train") as tab:
        with gr.Row(elem_classes="wb-next-run"):
            outlook = gr.HTML(elem_id="wb-outlook", apply_default_css=False)
            with gr.Column(scale=0, min_width=340):
                recipe = gr.Dropdown(
                    presets.names(),
                    value=presets.AUTO,
                    label=label("train.recipe"),
                    elem_id="wb-recipe",
                )
                base = gr.Dropdown(
                    [(bases.title(catalog.default_base()), catalog.default_base())],
                    value=catalog.default_base(),
                    label=label("train.base"),
                    visible=False,
                    elem_id="wb-base",
                )
                with gr.Row():
                    go = _button("retrain", variant="primary", min_width=90)
                    halt = _button("stop", min_width=90, elem_id="wb-stop-run")
                    again = _button("resume", min_width=90, elem_id="wb-resume-run")
        current = gr.HTML(elem_id="wb-run", apply_default_css=False)
        with gr.Accordion(label("train.log"), open=False):
            printed = gr.HTML(elem_id="wb-run-log", apply_default_css=False)
        with gr.Row():
            overlay = gr.Dropdown([], multiselect=True, label=label("train.compare"), scale=2)
            chosen = gr.Dropdown([], label=label("train.adapter"), scale=2, elem_id="wb-adapter")
            reason = gr.Textbox(
                label=label("train.reason"), placeholder=label("train.reason_hint"), scale=2
            )
            promote = _button("make_live", scale=0, elem_id="wb-promote")
            rollback = _button("roll_back", scale=0, elem_id="wb-rollback")
            anew = _button("propose_anew", scale=0)
        history = gr.HTML(elem_id="wb-history", apply_default_css=False)
        timer = gr.Timer(REFRESH_SECONDS)
    shown, chosen_runs = [current, printed, history], [overlay]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    go.click(bind(start, ctx), [recipe, base], None, api_visibility="private")
    halt.click(bind(stop, ctx), None, None, api_visibility="private")
    again.click(bind(resume, ctx), None, None, api_visibility="private")
    promote.click(bind(make_live, ctx), [chosen, reason], reason, api_visibility="private")
    rollback.click(bind(roll_back, ctx), reason, reason, api_visibility="private")
    anew.click(bind(propose_anew, ctx), None, None, api_visibility="private")
    timer.tick(bind(refresh, ctx), [*chosen_runs, *shown], shown, queue=False, **quiet)
    for event in (tab.select, recipe.change, base.change):
        event(bind(look, ctx), [recipe, base], outlook, **quiet)
    tab.select(bind(choices, ctx), None, [overlay, chosen, base], queue=False, **quiet)
    overlay.change(bind(refresh, ctx), [*chosen_runs, *shown], shown, queue=False, **quiet)


def _button(name: str, **more: Any) -> gr.Button:
    """A button with its text, by whose name the browser finds it."""
    given = {"elem_id": f"wb-{name.replace('_', '-')}"} | more
    return gr.Button(label(f"train.{name}"), **given)


def look(ctx: Context, recipe: str, base: str, request: gr.Request) -> str:
    """What the button would do now, by that recipe on that base."""
    asked(request, "viewer")
    told = retrain.outlook(ctx, _known(recipe), _base(ctx, base))
    return html.outlook(told, language_of(request))


def choices(ctx: Context, request: gr.Request) -> tuple[Any, Any, Any]:
    """The runs that can be compared, the adapters that can go live, the bases to train on."""
    asked(request, "viewer")
    language = language_of(request)
    with reading(ctx.engine) as session:
        known = [(_choice(row, language), row.id) for row in rows.recent_runs(session)]
        made = [row.name for row in stored.history(session)]
    here = _named(bases.offered(ctx))
    return gr.Dropdown(known), gr.Dropdown(made), gr.Dropdown(here, visible=len(here) > 1)


def _choice(row: Any, language: str) -> str:
    state = say(f"common.run.{row.state}", language)
    return say("train.choice", language, run=row.id, recipe=row.recipe, state=state)


def start(ctx: Context, recipe: str, base: str, request: gr.Request) -> None:
    """Begin a run by that recipe on that base."""
    asked(request, "adjudicator")
    wanted = _known(recipe), _base(ctx, base)
    _told(lambda: retrain.start(ctx, *wanted), _now, language_of(request))


def stop(ctx: Context, request: gr.Request) -> None:
    """End the run in hand, or take the waiting one back."""
    asked(request, "adjudicator")
    row = _newest(ctx, ("running", "queued"))
    if row is None:
        gr.Info(say("train.no_running", language_of(request)))
        return
    _told(lambda: runs.stop(ctx, row.id), _now, language_of(request))


def resume(ctx: Context, request: gr.Request) -> None:
    """Go on with the newest run that ended early."""
    asked(request, "adjudicator")
    row = _newest(ctx, rows.RESUMABLE)
    if row is None:
        gr.Info(say("train.no_ended", language_of(request)))
        return
    _told(lambda: runs.resume(ctx, row.id), _now, language_of(request))


def make_live(ctx: Context, name: str | None, reason: str, request: gr.Request) -> str:
    """A human's word over the gate's: it needs a reason."""
    who = asked(request, "adjudicator")
    if not name or not reason.strip():
        gr.Warning(say("train.choose", language_of(request)))
        return reason
    _told(lambda: runs.promote(ctx, name, who.name, reason.strip()), _live, language_of(request))
    return ""


def roll_back(ctx: Context, reason: str, request: gr.Request) -> str:
    """Go back to the adapter before the live one."""
    who = asked(request, "adjudicator")
    why = reason.strip() or "rolled back"

    def act() -> Any:
        with writing(ctx.engine) as session:
            used = stored.in_use(session)
            base = used.base if used else catalog.default_base()
            return stored.rollback(session, base, who.name, why)

    _told(act, lambda _, language: say("train.rolled_back", language), language_of(request))
    return ""


def propose_anew(ctx: Context, request: gr.Request) -> None:
    """Let the live adapter read the papers that wait for review once more."""
    asked(request, "adjudicator")
    name, _ = retrain.live_adapter(ctx)
    count = desk.propose_outdated(ctx, name)
    key = "train.anew" if count else "train.all_read"
    gr.Info(say(key, language_of(request), n=count, name=name))


def refresh(
    ctx: Context, request: gr.Request, overlay: list[int] | None, *shown: str
) -> tuple[Any, ...]:
    """The run in hand and the history where they changed since they were last shown."""
    asked(request, "viewer")
    language = language_of(request)
    fresh = (*current(ctx, overlay or [], language), history(ctx, language))
    return tuple(gr.skip() if new == old else new for new, old in zip(fresh, shown, strict=True))


def current(ctx: Context, overlay: list[int], language: str) -> tuple[str, str]:
    """The newest run with its bar and curves, or those of the runs to compare; what it printed."""
    row = _newest(ctx, None)
    if row is None:
        return html.no_run(language), ""
    progress = runs.progress(ctx, row.id)
    compared = {
        say("train.run_name", language, run=n): runs.progress(ctx, n).metrics for n in overlay
    }
    return html.run(progress, compared, language), html.log(runs.log_tail(ctx, row.id), language)


def history(ctx: Context, language: str) -> str:
    """All runs and adapters, newest first."""
    with reading(ctx.engine) as session:
        known = list(rows.recent_runs(session))
        made = list(stored.history(session))
    return html.history(known, language) + html.adapters(made, language)


def _known(recipe: str) -> str:
    """The recipe if it is one that ships: a browser may send any text, a path among them."""
    return recipe if recipe in presets.names() else presets.AUTO


def _base(ctx: Context, base: str) -> str | None:
    """The base if it is one that is offered and not the one that is taken anyway."""
    if base == catalog.default_base():
        return None
    return base if base in bases.offered(ctx) else None


def _named(names: list[str]) -> list[tuple[str, str]]:
    """Bases with what they are called; folders of one name by their paths."""
    titles = [bases.title(name) for name in names]
    return [
        (title if titles.count(title) == 1 else name, name)
        for title, name in zip(titles, names, strict=True)
    ]


def _newest(ctx: Context, states: tuple[str, ...] | None) -> Any:
    with reading(ctx.engine) as session:
        found = rows.recent_runs(session)
    return next((row for row in found if states is None or row.state in states), None)


def _now(row: Any, language: str) -> str:
    state = say(f"common.run.{row.state}", language)
    return f"{say('train.now', language, run=row.id, state=state)} {row.message}".strip()


def _live(row: Any, language: str) -> str:
    return say("train.live", language, name=row.name)


def _told(act: Callable[[], Any], done: Callable[[Any, str], str], language: str) -> None:
    """Do it and say so, or say what is wrong."""
    try:
        gr.Info(done(act(), language))
    except WorkbenchError as error:
        gr.Warning(str(error))
    except Exception:
        log.exception("training")
        gr.Warning(say("train.failed", language))
