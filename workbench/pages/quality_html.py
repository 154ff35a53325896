"""HTML of the figures of quality, from values that are escaped here and in `tables`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from html import escape
from typing import Any
from urllib.parse import urlencode

from db.quality import Scope
from workbench.desk.quality import Report, Row
from workbench.desk.reports import Entry
from workbench.pages.charts import Look, Point, line_chart
from workbench.pages.tables import table
from workbench.texts import say

Say = Callable[..., str]
VERDICTS = ("accepted", "corrected", "no_funding", "skipped", "flagged")
MOST_LINES = 6
"""Lines in a chart: those of the people who did most."""
MOST_DAYS = 400


def page(entry: Entry, report: Report | None, scope: Scope, language: str) -> str:
    """The figures as far as they are there, and what is being done."""

    def tell(key: str, **values: Any) -> str:
        area = "" if key.startswith("common") else "quality."
        return say(area + key, language, **values)

    parts = [_state(entry, report, tell)]
    if report is not None:
        parts += [_summary(report, scope, tell), *_sections(report, scope, tell)]
    return f'<div class="wb-quality">{"".join(parts)}</div>'


def _state(entry: Entry, report: Report | None, tell: Say) -> str:
    if entry.error:
        return f'<p class="wb-note" role="alert">{_e(tell("page.failed", error=entry.error))}</p>'
    if not entry.running and report is not None:
        return ""
    key = "page.running" if report is not None else "page.starting"
    told = _e(tell(key, share=f"{100 * entry.progress:.0f}"))
    bar = f'<progress max="1" value="{entry.progress:.3f}" aria-label="{told}"></progress>'
    return f'<p class="wb-note" role="status">{told} {bar}</p>'


def _summary(report: Report, scope: Scope, tell: Say) -> str:
    told = tell(
        "page.summary",
        decided=report.decided,
        several=report.read_by_several,
        waiting=report.waiting,
    )
    link = _link("/api/quality.json", scope, tell("page.all_json"))
    return f'<p class="wb-note">{_e(told)} {link}</p>'


def _sections(report: Report, scope: Scope, tell: Say) -> list[str]:
    made = {
        "agreement": lambda rows: _agreement(rows, tell),
        "model_errors": lambda rows: _errors(rows, "model", tell),
        "person_errors": lambda rows: _errors(rows, "person", tell),
        "confusion": lambda rows: _confusion(rows, tell),
        "progress": lambda rows: _progress(rows, tell),
        "throughput": lambda rows: _throughput(rows, tell),
        "reliability": lambda rows: _reliability(rows, tell),
        "calibration": lambda rows: _calibration(rows, tell),
        "acceptance": lambda rows: _acceptance(rows, tell),
    }
    return [_section(name, report.sections[name], draw, scope, tell) for name, draw in made.items()]


def _section(
    name: str, rows: Sequence[Row], draw: Callable[[Sequence[Row]], str], scope: Scope, tell: Say
) -> str:
    body = draw(rows) if rows else f'<p class="wb-note">{_e(tell("page.nothing"))}</p>'
    csv = _link(f"/api/quality/{name}.csv", scope, f"{tell('page.download')} (CSV)")
    return (
        f'<section class="wb-figures" data-section="{name}"><h3>{_e(tell(f"section.{name}"))}</h3>'
        f'<p class="wb-note">{_e(tell(f"about.{name}"))} {csv if rows else ""}</p>{body}</section>'
    )


def _agreement(rows: Sequence[Row], tell: Say) -> str:
    heads = [tell(f"head.{n}") for n in ("field", "papers", "f1", "interval", "alpha", "interval")]
    cells = (
        (
            _e(tell(f"field.{row['field']}")),
            str(row["papers"]),
            _share(row["f1"]),
            _interval(row["f1_low"], row["f1_high"]),
            _share(row["alpha"]),
            _interval(row["alpha_low"], row["alpha_high"]),
            str(row["units"]),
        )
        for row in rows
    )
    return table([*heads, tell("head.units")], cells, "wb-agreement")


def _errors(rows: Sequence[Row], whose: str, tell: Say) -> str:
    heads = [tell(f"head.{n}") for n in (whose, "field", "error", "count", "papers", "per_paper")]
    cells = (
        (
            _e(row[whose]),
            _e(tell(f"field.{row['field']}")) if row["field"] else "",
            _e(tell(f"error.{row['error']}")),
            str(row["count"]),
            str(row["papers"]),
            f"{row['per_paper']:.3f}",
        )
        for row in rows
    )
    return table(heads, cells, "wb-errors")


def _confusion(rows: Sequence[Row], tell: Say) -> str:
    heads = [tell(f"head.{n}") for n in ("proposed", "corrected", "count")]
    cells = (
        (_e(row["proposed"]) or "–", _e(row["corrected"]) or "–", str(row["count"])) for row in rows
    )
    return table(heads, cells, "wb-confusion")


def _progress(rows: Sequence[Row], tell: Say) -> str:
    shown = [name for name in VERDICTS if any(row[name] for row in rows)]
    series: dict[str, list[Point]] = {
        tell(f"common.status.{name}"): [(_day(row["day"]), row[name]) for row in rows]
        for name in shown
    }
    last = rows[-1]
    text = ", ".join(f"{tell(f'common.status.{name}')} {last[name]}" for name in shown)
    most = max(row[name] for row in rows for name in VERDICTS)
    look = _by_day(rows, f"{last['day']}: {text}", float(most))
    heads = [
        tell("head.day"),
        tell("head.decided"),
        *(tell(f"common.status.{n}") for n in VERDICTS),
    ]
    cells = [
        (_e(row["day"]), str(row["decided"]), *(str(row[n]) for n in VERDICTS))
        for row in rows[-MOST_DAYS:]
    ]
    return line_chart(tell("section.progress"), series, look) + _fallback(heads, cells, tell)


def _throughput(rows: Sequence[Row], tell: Say) -> str:
    done: dict[str, int] = {}
    for row in rows:
        done[row["person"]] = done.get(row["person"], 0) + row["papers"]
    people = sorted(done, key=lambda name: (-done[name], name))[:MOST_LINES]
    series: dict[str, list[Point]] = {
        name: [
            (_day(row["day"]), row["papers_an_hour"])
            for row in rows
            if row["person"] == name and row["papers_an_hour"] is not None
        ]
        for name in people
    }
    title = f"{tell('section.throughput')}: {tell('head.papers_an_hour')}"
    text = ", ".join(f"{name}: {done[name]} {tell('head.papers')}" for name in people)
    keys = ("day", "person", "papers", "hours", "papers_an_hour", "median_seconds")
    cells = [
        (
            _e(row["day"]),
            _e(row["person"]),
            str(row["papers"]),
            f"{row['hours']:.2f}",
            _number(row["papers_an_hour"]),
            _number(row["median_seconds"]),
        )
        for row in rows[-MOST_DAYS:]
    ]
    heads = [tell(f"head.{name}") for name in keys]
    most = max((row["papers_an_hour"] or 0.0 for row in rows), default=0.0)
    return line_chart(title, series, _by_day(rows, text, most)) + _fallback(heads, cells, tell)


def _reliability(rows: Sequence[Row], tell: Say) -> str:
    fields = list(dict.fromkeys(row["field"] for row in rows))
    series: dict[str, list[Point]] = {
        tell(f"field.{name}"): [(r["said"], r["right"]) for r in rows if r["field"] == name]
        for name in fields
    }
    look = Look(
        text=tell("about.reliability"),
        x_axis=(0.0, 1.0),
        y_axis=(0.0, 1.0),
        x_name="{:.2g}".format,
        point="{name}: {y:.2f} ({x})",
        diagonal=True,
        dots=True,
    )
    cells = [
        (
            _e(tell(f"field.{row['field']}")),
            f"{row['from']:.1f}–{row['to']:.1f}",
            str(row["values"]),
            _share(row["said"]),
            _share(row["right"]),
        )
        for row in rows
    ]
    heads = [tell(f"head.{name}") for name in ("field", "said", "values", "said", "right")]
    return line_chart(tell("section.reliability"), series, look) + _fallback(heads, cells, tell)


def _calibration(rows: Sequence[Row], tell: Say) -> str:
    heads = [tell(f"head.{name}") for name in ("field", "values", "calibration_error")]
    cells = (
        (_e(tell(f"field.{row['field']}")), str(row["values"]), _share(row["error"]))
        for row in rows
    )
    return table(heads, cells, "wb-calibration")


def _acceptance(rows: Sequence[Row], tell: Say) -> str:
    points = [(float(row["decile"]), row["share"]) for row in rows]
    look = Look(
        text=tell("about.acceptance"),
        x_axis=(1.0, 10.0),
        y_axis=(0.0, 1.0),
        point="{x}: {y:.2f}",
        dots=True,
    )
    cells = [
        (
            str(row["decile"]),
            _share(row["from"]),
            _share(row["to"]),
            str(row["papers"]),
            str(row["accepted"]),
            _share(row["share"]),
        )
        for row in rows
    ]
    keys = ("decile", "from", "to", "papers", "accepted", "share")
    title = tell("section.acceptance")
    return line_chart(title, {title: points}, look) + _fallback(
        [tell(f"head.{name}") for name in keys], cells, tell
    )


def _fallback(heads: Sequence[str], cells: Sequence[Sequence[str]], tell: Say) -> str:
    """The same figures as a table, for those who read rather than look."""
    told = _e(tell("page.figures"))
    return f"<details><summary>{told}</summary>{table(heads, cells, 'wb-figures-table')}</details>"


def _by_day(rows: Sequence[Row], text: str, most: float) -> Look:
    """Days from left to right, from nothing up; a single day stands in the middle."""
    first, last = _day(rows[0]["day"]), _day(rows[-1]["day"])
    alone = float(first == last)
    return Look(
        text,
        x_axis=(first - alone, last + alone),
        y_axis=(0.0, most or 1.0),
        x_name=_date,
        point="{name}: {y:.4g} ({x})",
        dots=True,
    )


def _day(text: str) -> float:
    return float(date.fromisoformat(text).toordinal())


def _date(day: float) -> str:
    return date.fromordinal(max(1, round(day))).isoformat()


def _link(path: str, scope: Scope, label: str) -> str:
    chosen = {
        name: value
        for name in ("project", "person", "model", "since", "until")
        if (value := getattr(scope, name)) is not None
    }
    query = f"?{urlencode(chosen)}" if chosen else ""
    return f'<a class="wb-download" href="{_e(path + query)}" download>{_e(label)}</a>'


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f}–{high:.3f}"


def _e(text: Any) -> str:
    return escape(str(text))


Options = list[tuple[str, str]]


def options(names: Sequence[str], everything: str) -> Options:
    """Choices of a filter, the first of which is no filter."""
    return [(everything, ""), *((name, name) for name in names)]


def share_line(told: Mapping[str, Any], language: str) -> str:
    """What the share that was chosen means."""
    return say("quality.page.share_done", language, **told)
