"""HTML of tables, from values that are escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

LABELS = {
    "proposed": "to review",
    "accepted": "accepted",
    "corrected": "corrected",
    "no_funding": "no funding",
    "skipped": "skipped",
    "flagged": "flagged",
}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    """A table of cells that are HTML already."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    head, body = f"<thead><tr>{head}</tr></thead>", f"<tbody>{body}</tbody>"
    return f'<table class="wb-table {kind}">{head}{body}</table>'


def queue_table(page: Mapping[str, Any], number: int) -> str:
    """The queue: one row a paper, the whole row opens it."""
    items = page["items"]
    if not items:
        return _empty(page)
    rows = "".join(map(_queue_row, items))
    heads = ("Paper", "Status", "Confidence", "Statements", "Funders", "Pages", "Changed")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    first = (number - 1) * 100 + 1
    shown = f"{first}\u2013{first + len(items) - 1} of {page['total']}"
    return (
        f"{_counts(page['counts'])}"
        f'<table class="wb-table wb-queue"><thead><tr>{head}</tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="wb-note">{shown}</p>'
    )


def _empty(page: Mapping[str, Any]) -> str:
    if sum(page["counts"].values()):
        return f'{_counts(page["counts"])}<p class="wb-note">No paper matches these filters.</p>'
    return (
        '<div data-empty><p class="wb-note wb-welcome">Nothing here yet. Drop a PDF above: its '
        "funding statements are found and marked, and you correct what is wrong.</p></div>"
    )


def _counts(counts: Mapping[str, int]) -> str:
    done = sum(count for status, count in counts.items() if status != "proposed")
    total = sum(counts.values())
    share = 100 * done / total if total else 0
    parts = ", ".join(f"{count} {LABELS[name]}" for name, count in counts.items() if count)
    return (
        f'<div class="wb-progress" role="img" aria-label="{done} of {total} decided">'
        f'<span style="width:{share:.1f}%"></span></div>'
        f'<p class="wb-note">{done} of {total} decided: {escape(parts)}</p>'
    )


def _queue_row(item: Mapping[str, Any]) -> str:
    record = int(item["id"])
    cells = (
        f'<a href="#record={record}">{escape(item["name"])}</a>',
        _status(item),
        _confidence(item),
        _count(item["n_statements"]),
        _count(item["n_funders"]),
        str(int(item["pages"])),
        escape(str(item["updated_at"])[:16].replace("T", " ")),
    )
    return f'<tr data-record="{record}">' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"


def _count(value: int | None) -> str:
    return "" if value is None else str(int(value))


def _status(item: Mapping[str, Any]) -> str:
    job = item["job"] or {}
    if item["status"] == "proposed" and job.get("state") in ("queued", "running"):
        return f'<span class="wb-chip wb-{job["state"]}">model: {escape(job["state"])}</span>'
    if item["status"] == "proposed" and job.get("state") == "failed":
        return f'<span class="wb-chip wb-failed" title="{escape(job["error"] or "")}">failed</span>'
    status = item["status"]
    return f'<span class="wb-chip wb-{escape(status)}">{escape(LABELS.get(status, status))}</span>'


def _confidence(item: Mapping[str, Any]) -> str:
    score, absent = item["confidence"], item["absent"] or 0
    warning = f'<span class="wb-absent">{absent} not in the text</span>' if absent else ""
    if score is None:
        return warning
    share = round(100 * score)
    return (
        f'<span class="wb-meter"><i style="width:{share}%"></i></span> {share}&thinsp;% {warning}'
    )


def jobs_table(jobs: Sequence[Mapping[str, Any]]) -> str:
    """Files on their way in, newest first, with what went wrong and what to do."""
    if not jobs:
        return '<p class="wb-note">Files that you drop appear here with their progress.</p>'
    return '<ul class="wb-jobs">' + "".join(map(_job_row, jobs)) + "</ul>"


def _job_row(job: Mapping[str, Any]) -> str:
    doing = {"read": "reading", "propose": "asking the model"}[job["kind"]]
    state = {"queued": f"waits for {doing}", "running": doing, "done": "ready"}.get(job["state"])
    told = escape(state or "")
    if job["state"] == "failed":
        told = f"{escape(job['error'] or '')} {escape(job['hint'] or '')}"
    bar = f'<progress max="1" value="{job["progress"]:.2f}"></progress>'
    return (
        f'<li class="wb-job wb-{escape(job["state"])}"><b>{escape(job["name"])}</b> '
        f"<span>{told}</span>{bar if job['state'] == 'running' else ''}</li>"
    )
