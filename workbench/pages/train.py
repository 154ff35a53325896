"""Retraining: what the next run would learn from, the run in hand, the runs and adapters so far."""

from __future__ import annotations

import logging
from typing import Any

import gradio as gr

from db import adapters as stored
from db import runs as rows
from db.engine import reading, writing
from models import catalog
from models.errors import WorkbenchError
from training import presets
from workbench import desk, retrain, runs
from workbench.context import Context
from workbench.pages import runs_html as html
from workbench.pages.handlers import bind
from workbench.people import asked

log = logging.getLogger(__name__)
REFRESH_SECONDS = 2.0


def page(ctx: Context) -> None:
    """Lay the page out and wire it."""
    with gr.Tab("Train", id="train") as tab:
        with gr.Row(elem_classes="wb-next-run"):
            outlook = gr.HTML(elem_id="wb-outlook", apply_default_css=False)
            with gr.Column(scale=0, min_width=340):
                recipe = gr.Dropdown(
                    presets.names(),
                    value=presets.AUTO,
                    label="Recipe",
                    elem_id="wb-recipe",
                )
                with gr.Row():
                    go = gr.Button("Retrain", variant="primary", min_width=90, elem_id="wb-retrain")
                    halt = gr.Button("Stop", min_width=90, elem_id="wb-stop-run")
                    again = gr.Button("Resume", min_width=90, elem_id="wb-resume-run")
        current = gr.HTML(elem_id="wb-run", apply_default_css=False)
        with gr.Accordion("Log", open=False):
            printed = gr.HTML(elem_id="wb-run-log", apply_default_css=False)
        with gr.Row():
            overlay = gr.Dropdown([], multiselect=True, label="Compare the loss of runs", scale=2)
            chosen = gr.Dropdown([], label="Adapter", scale=2, elem_id="wb-adapter")
            reason = gr.Textbox(label="Reason", placeholder="why, for the record", scale=2)
            promote = gr.Button("Make live", scale=0, elem_id="wb-promote")
            rollback = gr.Button("Roll back", scale=0, elem_id="wb-rollback")
            anew = gr.Button("Propose anew", scale=0, elem_id="wb-propose-anew")
        history = gr.HTML(elem_id="wb-history", apply_default_css=False)
        timer = gr.Timer(REFRESH_SECONDS)
    shown, chosen_runs = [current, printed, history], [overlay]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    go.click(bind(start, ctx), recipe, None, api_visibility="private")
    halt.click(bind(stop, ctx), None, None, api_visibility="private")
    again.click(bind(resume, ctx), None, None, api_visibility="private")
    promote.click(bind(make_live, ctx), [chosen, reason], reason, api_visibility="private")
    rollback.click(bind(roll_back, ctx), reason, reason, api_visibility="private")
    anew.click(bind(propose_anew, ctx), None, None, api_visibility="private")
    timer.tick(bind(refresh, ctx), [*chosen_runs, *shown], shown, queue=False, **quiet)
    tab.select(bind(look, ctx), recipe, outlook, **quiet)
    recipe.change(bind(look, ctx), recipe, outlook, **quiet)
    tab.select(bind(choices, ctx), None, [overlay, chosen], queue=False, **quiet)
    overlay.change(bind(refresh, ctx), [*chosen_runs, *shown], shown, queue=False, **quiet)


def look(ctx: Context, recipe: str, request: gr.Request) -> str:
    """What the button would do now, by that recipe."""
    asked(request, "viewer")
    return html.outlook(retrain.outlook(ctx, _known(recipe)))


def choices(ctx: Context, request: gr.Request) -> tuple[Any, Any]:
    """The runs that can be compared and the adapters that can go live."""
    asked(request, "viewer")
    with reading(ctx.engine) as session:
        known = [
            (f"run {row.id}: {row.recipe}, {row.state}", row.id)
            for row in rows.recent_runs(session)
        ]
        made = [row.name for row in stored.history(session, catalog.default_base())]
    return gr.Dropdown(known), gr.Dropdown(made)


def start(ctx: Context, recipe: str, request: gr.Request) -> None:
    """Begin a run by that recipe."""
    asked(request, "adjudicator")
    _told(lambda: retrain.start(ctx, _known(recipe)), "Run {0.id} is {0.state}.")


def stop(ctx: Context, request: gr.Request) -> None:
    """End the run in hand, or take the waiting one back."""
    asked(request, "adjudicator")
    row = _newest(ctx, ("running", "queued"))
    if row is None:
        gr.Info("No run is going on.")
        return
    _told(lambda: runs.stop(ctx, row.id), "Run {0.id} is {0.state}. {0.message}")


def resume(ctx: Context, request: gr.Request) -> None:
    """Go on with the newest run that ended early."""
    asked(request, "adjudicator")
    row = _newest(ctx, rows.RESUMABLE)
    if row is None:
        gr.Info("No run ended early.")
        return
    _told(lambda: runs.resume(ctx, row.id), "Run {0.id} is {0.state}.")


def make_live(ctx: Context, name: str | None, reason: str, request: gr.Request) -> str:
    """A human's word over the gate's: it needs a reason."""
    who = asked(request, "adjudicator")
    if not name or not reason.strip():
        gr.Warning("Choose an adapter and say why, for the record.")
        return reason
    _told(lambda: runs.promote(ctx, name, who.name, reason.strip()), "{0.name} is live.")
    return ""


def roll_back(ctx: Context, reason: str, request: gr.Request) -> str:
    """Go back to the adapter before the live one."""
    who = asked(request, "adjudicator")
    base = catalog.default_base()
    why = reason.strip() or "rolled back"

    def act() -> Any:
        with writing(ctx.engine) as session:
            return stored.rollback(session, base, who.name, why)

    _told(act, "The adapter before it is live again.")
    return ""


def propose_anew(ctx: Context, request: gr.Request) -> None:
    """Let the live adapter read the papers that wait for review once more."""
    asked(request, "adjudicator")
    name, _ = retrain.live_adapter(ctx)
    count = desk.propose_outdated(ctx, name)
    papers = "1 paper is" if count == 1 else f"{count} papers are"
    gr.Info(f"{papers} read anew by {name}." if count else f"{name} has read all that waits.")


def refresh(
    ctx: Context, request: gr.Request, overlay: list[int] | None, *shown: str
) -> tuple[Any, ...]:
    """The run in hand and the history where they changed since they were last shown."""
    asked(request, "viewer")
    fresh = (*current(ctx, overlay or []), history(ctx))
    return tuple(gr.skip() if new == old else new for new, old in zip(fresh, shown, strict=True))


def current(ctx: Context, overlay: list[int]) -> tuple[str, str]:
    """The newest run with its bar and curves, or those of the runs to compare; what it printed."""
    row = _newest(ctx, None)
    if row is None:
        return html.no_run(), ""
    progress = runs.progress(ctx, row.id)
    compared = {f"run {n}": runs.progress(ctx, n).metrics for n in overlay}
    return html.run(progress, compared), html.log(runs.log_tail(ctx, row.id))


def history(ctx: Context) -> str:
    """All runs and adapters, newest first."""
    with reading(ctx.engine) as session:
        known = list(rows.recent_runs(session))
        made = list(stored.history(session, catalog.default_base()))
    return html.history(known) + html.adapters(made)


def _known(recipe: str) -> str:
    """The recipe if it is one that ships: a browser may send any text, a path among them."""
    return recipe if recipe in presets.names() else presets.AUTO


def _newest(ctx: Context, states: tuple[str, ...] | None) -> Any:
    with reading(ctx.engine) as session:
        found = rows.recent_runs(session)
    return next((row for row in found if states is None or row.state in states), None)


def _told(act: Any, done: str) -> None:
    """Do it and say so, or say what is wrong."""
    try:
        gr.Info(done.format(act()))
    except WorkbenchError as error:
        gr.Warning(str(error))
    except Exception:
        log.exception("training")
        gr.Warning("That failed; the details are in the app's log.")
