"""HTML of training runs and adapters, from values that are escaped here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from models import catalog
from workbench import bases
from workbench.pages.charts import Look, line_chart
from workbench.pages.tables import table
from workbench.texts import say

if TYPE_CHECKING:
    from db.tables import AdapterRow, TrainingRunRow
    from training.planning import Plan
    from training.run import Status
    from workbench.retrain import Outlook
    from workbench.runs import Progress

CHARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("loss", ("loss", "eval_loss")),
    ("reward", ("reward", "rewards/margins")),
    ("parts", ("parts/",)),
    ("kl", ("kl",)),
    ("entropy", ("entropy",)),
    ("length", ("completions/mean_length",)),
    ("answers", ("answers/",)),
    ("rate", ("learning_rate",)),
)
"""Name of a chart and the log keys that it draws; one that ends in a slash means all below it."""
FIELDS = ("funder", "award_id", "scheme", "title")
RUNS = ("run", "state", "recipe", "queued", "took", "adapter", "outcome")


def outlook(told: Outlook, language: str) -> str:
    """What the button would train on, and how long."""
    recipe = f"<b>{escape(told.recipe.title)}</b> ({escape(told.recipe.source)})"
    if told.base != catalog.default_base():
        recipe += ", " + say("train.outlook.on", language, base=escape(bases.title(told.base)))
    if told.plan is None:
        return f'<p>{recipe}</p><p class="wb-note">{escape(told.reason)}</p>'
    plan = told.plan
    # The catalog's texts are the product's own: they are no HTML, so numbers may be put in as such.
    decided = say(
        "train.outlook.decided",
        language,
        n=told.decided,
        papers=f"<b>{told.decided}</b>",
        held_out=plan.held_out,
    )
    cost = say(
        "train.outlook.cost",
        language,
        kinds=_kinds([phase.kind.upper() for phase, _ in plan.phases], language),
        time=f"<b>{_duration(plan.seconds)}</b>",
        memory=f"{plan.memory / 2**30:.0f}",
    )
    if told.last is not None:
        new = f"<b>{told.new}</b>"
        decided += "; " + say("train.outlook.new", language, n=told.new, new=new, run=told.last)
    parts = [recipe, decided, _to_learn(plan, language), cost]
    return f'<ul class="wb-outlook">{"".join(f"<li>{part}</li>" for part in parts)}</ul>'


def _to_learn(plan: Plan, language: str) -> str:
    return say(
        f"train.outlook.{'learn_prompts' if plan.prompts else 'learn'}",
        language,
        examples=f"<b>{plan.examples}</b>",
        pairs=f"<b>{plan.pairs}</b>",
        prompts=f"<b>{plan.prompts}</b>",
        replayed=plan.replayed,
    )


def _kinds(names: Sequence[str], language: str) -> str:
    """Phases one after the other, in a sentence."""
    told = names[0]
    for name in names[1:]:
        told = say("train.outlook.then", language, first=told, next=name)
    return escape(told)


def no_run(language: str) -> str:
    """Before the first run."""
    link = f'<a href="#" data-go="papers">{escape(say("train.review_some", language))}</a>'
    return f'<p class="wb-note">{say("train.none", language, link=link)}</p>'


def run(
    progress: Progress, compared: Mapping[str, Sequence[Mapping[str, Any]]], language: str
) -> str:
    """A run: state, bar, and its curves or those of the runs to compare."""
    row, status = progress.row, progress.status
    said = f" {escape(row.message)}" if row.message else ""
    title = escape(say("train.title", language, run=row.id))
    parts = [f"<h3>{title} {_chip('run', row.state, language)}<small>{said}</small></h3>"]
    if status is not None and row.state == "running":
        parts.append(_bar(status, progress.seconds_left, language))
    figures = dict(compared) or {"": progress.metrics}
    charts = "".join(_chart(name, keys, figures, language) for name, keys in CHARTS)
    parts.append(f'<div class="wb-charts">{charts}</div>')
    return "".join(parts)


def _bar(status: Status, left: float | None, language: str) -> str:
    """How far the phase is, and how long it still takes."""
    share = status.step / status.steps if status.steps else 0.0
    phase, steps = status.phase or status.state, status.steps or "…"
    told = say("train.step", language, phase=phase, step=status.step, steps=steps)
    soon = "" if left is None else f", {say('train.left', language, time=_duration(left))}"
    return (
        f'<div class="wb-bar"><progress max="1" value="{share:.4f}"></progress> '
        f"{escape(told + soon)} {escape(status.message)}</div>"
    )


def log(tail: str, language: str) -> str:
    """What the run printed last."""
    return f'<pre class="wb-log">{escape(tail or say("train.nothing", language))}</pre>'


def history(rows: Sequence[TrainingRunRow], language: str) -> str:
    """Every run in a line."""
    if not rows:
        return ""
    cells = (
        (
            str(row.id),
            _chip("run", row.state, language),
            escape(row.recipe),
            escape(row.created_at.strftime("%Y-%m-%d %H:%M")),
            _took(row),
            escape(row.adapter or ""),
            escape(row.message),
        )
        for row in rows
    )
    heads = [say(f"train.head.{name}", language) for name in RUNS]
    return f"<h3>{escape(say('train.runs', language))}</h3>" + table(heads, cells, "wb-runs")


def adapters(rows: Sequence[AdapterRow], language: str) -> str:
    """Every adapter with its scores beside those of the adapter that was live then."""
    if not rows:
        return ""
    cells = (
        (
            _named(row),
            _chip("adapter", row.state, language),
            *(_score(row.metrics, name, language) for name in FIELDS),
            _difference(row.metrics.get("reward"), language),
            _verdict(row, language),
        )
        for row in rows
    )
    fields = [say(f"train.field.{name}", language) for name in FIELDS]
    adapter, state, reward = (
        say(f"train.head.{name}", language) for name in ("adapter", "state", "reward")
    )
    scores = [say("train.head.f1", language, field=field) for field in fields]
    title = escape(say("train.adapters", language))
    return f"<h3>{title}</h3>" + table((adapter, state, *scores, reward, ""), cells, "wb-adapters")


def _named(row: AdapterRow) -> str:
    """The adapter's name, and its base's where that is not the embedded one."""
    if row.base == catalog.default_base():
        return escape(row.name)
    base = escape(re.split(r"[\\/]", row.base)[-1])
    return f'{escape(row.name)} <small title="{escape(row.base)}">{base}</small>'


def _verdict(row: AdapterRow, language: str) -> str:
    """Why it is live or not, and where it reads otherwise than the adapter before."""
    told = escape(row.reason or " ".join(row.metrics.get("reasons", ())))
    changes = row.metrics.get("changes") or ()
    if not changes:
        return told
    shown = "".join(
        f"<li>{escape(change['statement'])}<br><del>{escape(change['live'])}</del><br>"
        f"<ins>{escape(change['candidate'])}</ins></li>"
        for change in changes
    )
    summary = escape(say("train.otherwise", language, n=len(changes)))
    return f"{told}<details><summary>{summary}</summary><ul>{shown}</ul></details>"


def _score(metrics: Mapping[str, Any], name: str, language: str) -> str:
    return _difference((metrics.get("fields") or {}).get(name), language)


def _difference(told: Mapping[str, float] | None, language: str) -> str:
    if not told:
        return ""
    low, high = f"{told['low']:+.3f}", f"{told['high']:+.3f}"
    bounds = escape(say("train.difference", language, low=low, high=high))
    return f"{told['value']:.3f} <small>{told['gain']:+.3f} ({bounds})</small>"


def _chart(
    chart: str,
    keys: Sequence[str],
    figures: Mapping[str, Sequence[Mapping[str, Any]]],
    language: str,
) -> str:
    drawn = _logged(keys, figures)
    series = {
        " ".join(filter(None, (name, _label(key) if len(drawn) > 1 else ""))): [
            (float(event["step"]), float(event[key])) for event in events if key in event
        ]
        for name, events in figures.items()
        for key in drawn
    }
    point = say("train.point", language, name="{name}", y="{y:.4g}", x="{x}")
    return line_chart(say(f"train.chart.{chart}", language), series, Look(point=point))


def _logged(keys: Sequence[str], figures: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """The keys themselves, and for those that end in a slash all that begin so."""
    known = {key for events in figures.values() for event in events for key in event}
    found = [
        name
        for key in keys
        for name in (sorted(k for k in known if k.startswith(key)) if key.endswith("/") else [key])
    ]
    return [name for name in found if name in known]


def _label(key: str) -> str:
    return key.rpartition("/")[2].replace("_", " ")


def _chip(of: str, state: str, language: str) -> str:
    told = escape(say(f"common.{of}.{state}", language))
    return f'<span class="wb-chip wb-{escape(state)}">{told}</span>'


def _took(row: TrainingRunRow) -> str:
    if row.started_at is None or row.finished_at is None:
        return ""
    return _duration((row.finished_at - row.started_at).total_seconds())


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
