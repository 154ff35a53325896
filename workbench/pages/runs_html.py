"""HTML of training runs and adapters, from values that are escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.pages.charts import line_chart
from workbench.pages.tables import table

if TYPE_CHECKING:
    from db.tables import AdapterRow, TrainingRunRow
    from workbench.retrain import Outlook
    from workbench.runs import Progress

CHARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Loss", ("loss", "eval_loss")),
    ("Reward", ("reward", "rewards/margins")),
    ("Reward components", ("parts/",)),
    ("KL", ("kl",)),
    ("Entropy", ("entropy",)),
    ("Completion length (tokens)", ("completions/mean_length",)),
    ("Answers (share)", ("answers/",)),
    ("Learning rate", ("learning_rate",)),
)
"""Title of a chart and the log keys that it draws; one that ends in a slash means all below it."""
FIELDS = {"funder": "funder", "award_id": "award id", "scheme": "scheme", "title": "title"}


def outlook(told: Outlook) -> str:
    """What the button would train on, and how long."""
    recipe = f"<b>{escape(told.recipe.title)}</b> ({escape(told.recipe.source)})"
    if told.plan is None:
        return f'<p>{recipe}</p><p class="wb-note">{escape(told.reason)}</p>'
    plan = told.plan
    kinds = " then ".join(phase.kind.upper() for phase, _ in plan.phases)
    prompts = f" and <b>{plan.prompts}</b> prompts to answer and be rewarded for" * bool(
        plan.prompts
    )
    parts = [
        recipe,
        f"<b>{told.decided}</b> decided papers, {plan.held_out} of them held out to compare on",
        f"<b>{plan.examples}</b> examples and <b>{plan.pairs}</b> preference pairs to learn from"
        f"{prompts}, {plan.replayed} synthetic examples so that nothing is forgotten",
        f"{kinds}, about <b>{_duration(plan.seconds)}</b>, {plan.memory / 2**30:.0f} GB of memory",
    ]
    return f'<ul class="wb-outlook">{"".join(f"<li>{part}</li>" for part in parts)}</ul>'


def no_run() -> str:
    """Before the first run."""
    return (
        '<p class="wb-note">No run yet. <a href="#" data-go="papers">Review some papers</a>, '
        "then press Retrain: the next adapter learns from what you decided.</p>"
    )


def run(progress: Progress, compared: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """A run: state, bar, and its curves or those of the runs to compare."""
    row, status = progress.row, progress.status
    said = f" {escape(row.message)}" if row.message else ""
    parts = [f"<h3>Run {row.id} {_chip(row.state)}<small>{said}</small></h3>"]
    if status is not None and row.state == "running":
        share = status.step / status.steps if status.steps else 0.0
        left = progress.seconds_left
        soon = "" if left is None else f", {_duration(left)} left"
        parts.append(
            f'<div class="wb-bar"><progress max="1" value="{share:.4f}"></progress> '
            f"{escape(status.phase or status.state)}: step {status.step} of {status.steps or '…'}"
            f"{soon} {escape(status.message)}</div>"
        )
    figures = dict(compared) or {"": progress.metrics}
    charts = "".join(_chart(title, keys, figures) for title, keys in CHARTS)
    parts.append(f'<div class="wb-charts">{charts}</div>')
    return "".join(parts)


def log(tail: str) -> str:
    """What the run printed last."""
    return f'<pre class="wb-log">{escape(tail) or "Nothing yet."}</pre>'


def history(rows: Sequence[TrainingRunRow]) -> str:
    """Every run in a line."""
    if not rows:
        return ""
    cells = (
        (
            str(row.id),
            _chip(row.state),
            escape(row.recipe),
            escape(row.created_at.strftime("%Y-%m-%d %H:%M")),
            _took(row),
            escape(row.adapter or ""),
            escape(row.message),
        )
        for row in rows
    )
    heads = ("Run", "State", "Recipe", "Queued", "Took", "Adapter", "Outcome")
    return "<h3>Runs</h3>" + table(heads, cells, "wb-runs")


def adapters(rows: Sequence[AdapterRow]) -> str:
    """Every adapter with its scores beside those of the adapter that was live then."""
    if not rows:
        return ""
    cells = (
        (
            escape(row.name),
            _chip(row.state),
            *(_score(row.metrics, name) for name in FIELDS),
            _difference(row.metrics.get("reward")),
            _verdict(row),
        )
        for row in rows
    )
    heads = ("Adapter", "State", *(f"F1 {name}" for name in FIELDS.values()), "Reward", "")
    return "<h3>Adapters</h3>" + table(heads, cells, "wb-adapters")


def _verdict(row: AdapterRow) -> str:
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
    return (
        f"{told}<details><summary>{len(changes)} statements read otherwise</summary>"
        f"<ul>{shown}</ul></details>"
    )


def _score(metrics: Mapping[str, Any], name: str) -> str:
    return _difference((metrics.get("fields") or {}).get(name))


def _difference(told: Mapping[str, float] | None) -> str:
    if not told:
        return ""
    return (
        f"{told['value']:.3f} <small>{told['gain']:+.3f} "
        f"({told['low']:+.3f} to {told['high']:+.3f})</small>"
    )


def _chart(
    title: str, keys: Sequence[str], figures: Mapping[str, Sequence[Mapping[str, Any]]]
) -> str:
    drawn = _logged(keys, figures)
    series = {
        " ".join(filter(None, (name, _label(key) if len(drawn) > 1 else ""))): [
            (float(event["step"]), float(event[key])) for event in events if key in event
        ]
        for name, events in figures.items()
        for key in drawn
    }
    return line_chart(title, series)


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


def _chip(state: str) -> str:
    return f'<span class="wb-chip wb-{escape(state)}">{escape(state)}</span>'


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
