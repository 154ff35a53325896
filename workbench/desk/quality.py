"""The figures of quality as tables: rows of plain values, one table a section.

What costs time is looked at decision by decision and remembered: a decision never changes.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median
from typing import Any, NamedTuple, get_args

from sqlalchemy import Engine

from db import quality as facts
from db import readings
from db.engine import reading
from db.quality import Decided, ReadPaper, Scope
from models.schemas import Answer, Proposal, Verdict
from models.scoring import Counts, bootstrap_f1, score_document
from models.scoring.agreement import alpha, units
from models.scoring.alignment import KINDS, Kind
from models.scoring.matching import match_texts
from models.scoring.statements import RESEMBLANCES
from training.calibrate import Bin, error_of
from training.judged import BINS, Bucket, Judged, add, errors, judge

Row = dict[str, Any]
Tell = Callable[[float], None]
"""Hears how much is done, from 0 to 1."""
MOST_CONFUSED = 50
MOST_REMEMBERED = 200_000
SECTIONS = (
    "agreement",
    "model_errors",
    "person_errors",
    "confusion",
    "progress",
    "throughput",
    "reliability",
    "calibration",
    "acceptance",
)
PERSONAL = ("person_errors", "throughput")
"""Sections whose rows are about a person: for that person, adjudicators and admins."""


@dataclass(frozen=True, slots=True)
class Report:
    """All sections, and what they are of."""

    decided: int
    read_by_several: int
    waiting: int
    models: tuple[str, ...]
    people: tuple[str, ...]
    sections: dict[str, list[Row]] = field(default_factory=dict)

    def seen_by(self, person: str | None) -> Report:
        """The report with only one person's rows in the personal sections; None is all."""
        if person is None:
            return self
        kept = {
            name: [row for row in rows if name not in PERSONAL or row["person"] == person]
            for name, rows in self.sections.items()
        }
        people = tuple(name for name in self.people if name == person)
        return Report(self.decided, self.read_by_several, self.waiting, self.models, people, kept)


class Seen(NamedTuple):
    """A decision as it was judged."""

    model: str | None
    confidence: float | None
    judged: Judged


Memory = dict[int, Seen]
"""Judged decisions by the number of their revision."""


def report(engine: Engine, scope: Scope, memory: Memory, tell: Tell) -> Report:
    """Compute everything; minutes for 100,000 decisions that were never looked at."""
    with reading(engine) as session:
        ids = facts.decided_ids(session, scope)
        papers = facts.read_papers(session, scope)
        gold = facts.answers(session, [paper.record_id for paper in papers])
        changes = facts.changes(session, scope)
        work = facts.work(session, scope)
        waiting = len(readings.waiting(session, scope.project))
    seen = list(_judge_all(engine, ids, memory, tell))
    models = tuple(sorted({one.model for one in seen if one.model is not None}))
    if scope.model is not None:
        seen = [one for one in seen if one.model == scope.model]
    proposed = [one for one in seen if one.model is not None]
    buckets = add([bucket for one in proposed for bucket in one.judged.buckets])
    final = {id: row.after for id, row in gold.items() if row.after is not None}
    people = {row.person for paper in papers for row in paper.readings}
    return Report(
        decided=len(seen),
        read_by_several=len(papers),
        waiting=waiting,
        models=models,
        people=tuple(sorted(people | {one.person for one in work})),
        sections={
            "agreement": agreement(papers),
            "model_errors": _errors_of("model", _model_errors(proposed)),
            "person_errors": _errors_of("person", _person_errors(papers, final)),
            "confusion": _confusion(proposed),
            "progress": _progress(changes, scope),
            "throughput": _throughput(work),
            "reliability": [_bucket_row(bucket) for bucket in buckets],
            "calibration": _calibration(buckets),
            "acceptance": _acceptance(proposed),
        },
    )


def _judge_all(engine: Engine, ids: Sequence[int], memory: Memory, tell: Tell) -> Iterator[Seen]:
    """Each decision judged, a few hundred a transaction: a long one would keep the log growing."""
    for start in range(0, len(ids), facts.CHUNK):
        some = ids[start : start + facts.CHUNK]
        new = [id for id in some if id not in memory]
        if new:
            if len(memory) + len(new) > MOST_REMEMBERED:
                memory.clear()
            with reading(engine) as session:
                for row in facts.decided(session, new):
                    memory[row.revision_id] = _judge(row)
        yield from (memory[id] for id in some if id in memory)
        tell(min(1.0, (start + len(some)) / max(1, len(ids))))


def _judge(row: Decided) -> Seen:
    if row.proposal is None:
        return Seen(None, None, Judged())
    told = json.loads(row.proposal)
    card = told["card"]
    proposal = Proposal.model_validate(told)
    gold = Answer.model_validate_json(row.answer) if row.answer else Answer()
    same = proposal.funders == gold.funders and (
        [s.text for s in proposal.statements] == [s.text for s in gold.statements]
    )
    label = facts.model_label(card["model"], card["adapter"])
    return Seen(label, row.confidence, judge(proposal, gold, same))


def agreement(papers: Sequence[ReadPaper]) -> list[Row]:
    """F1 of the scorer between readers, and alpha, for each kind of value."""
    told = [[row.answer or Answer() for row in paper.readings] for paper in papers]
    counted = [_pair_counts(answers) for answers in told]
    coded = [units(answers) for answers in told]
    rows = []
    for kind in KINDS:
        counts = [one[kind] for one in counted]
        total = sum(counts, Counts())
        low, high = bootstrap_f1(counts) if papers else (0.0, 0.0)
        beyond = alpha([one[kind] for one in coded])
        rows.append(
            {
                "field": kind,
                "papers": len(papers),
                "f1": None if total.is_empty else total.f(),
                "f1_low": None if total.is_empty else low,
                "f1_high": None if total.is_empty else high,
                "alpha": beyond.value,
                "alpha_low": beyond.low,
                "alpha_high": beyond.high,
                "units": beyond.units,
            }
        )
    return rows


def _pair_counts(answers: Sequence[Answer]) -> dict[Kind, Counts]:
    """Counts of a paper by kind, summed over all pairs of its readers."""
    found: dict[Kind, Counts] = {kind: Counts() for kind in KINDS}
    strict = RESEMBLANCES["strict"]
    for one, other in combinations(answers, 2):
        for level, counts in score_document(other.funders, one.funders).items():
            found[level] += counts
        a, b = ([s.text for s in side.statements] for side in (one, other))
        pairs = match_texts(a, b, strict.measure, strict.threshold)
        found["statement"] += Counts(len(a), len(b), len(pairs))
    return found


def _model_errors(seen: Iterable[Seen]) -> Iterator[tuple[str, Sequence[tuple[str, str, int]]]]:
    return ((one.model or "", one.judged.errors) for one in seen)


def _person_errors(
    papers: Iterable[ReadPaper], final: dict[int, Answer]
) -> Iterator[tuple[str, Sequence[tuple[str, str, int]]]]:
    """What each reader said otherwise than the decision that followed."""
    for paper in papers:
        gold = final.get(paper.record_id)
        if gold is not None:
            for row in paper.readings:
                yield row.person, errors(row.answer or Answer(), gold)


def _errors_of(
    whose: str, found: Iterable[tuple[str, Sequence[tuple[str, str, int]]]]
) -> list[Row]:
    papers: Counter[str] = Counter()
    counts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for name, its in found:
        papers[name] += 1
        for level, kind, n in its:
            counts[name][level, kind] += n
    return [
        {
            whose: name,
            "field": level,
            "error": kind,
            "count": n,
            "papers": papers[name],
            "per_paper": n / papers[name],
        }
        for name in sorted(papers)
        for (level, kind), n in sorted(counts[name].items(), key=lambda it: (-it[1], it[0]))
        or [(("", "none"), 0)]
    ]


def _confusion(seen: Iterable[Seen]) -> list[Row]:
    pairs = Counter(pair for one in seen for pair in one.judged.confused)
    ordered = sorted(pairs.items(), key=lambda it: (-it[1], it[0]))[:MOST_CONFUSED]
    return [
        {"proposed": proposed, "corrected": corrected, "count": n}
        for (proposed, corrected), n in ordered
    ]


def _progress(changes: Iterable[facts.Change], scope: Scope) -> list[Row]:
    """How many papers stood at each verdict at the end of each day on which something changed."""
    standing: Counter[str] = Counter()
    days: dict[str, Row] = {}
    for change in changes:
        standing[change.before] -= change.papers
        standing[change.after] += change.papers
        counts = {verdict: standing[verdict] for verdict in get_args(Verdict)[1:]}
        days[change.day] = {"day": change.day, "decided": sum(counts.values())} | counts
    first = scope.since.isoformat() if scope.since else ""
    last = scope.until.isoformat() if scope.until else "9999"
    return [row for day, row in days.items() if first <= day <= last]


def _throughput(work: Iterable[facts.Work]) -> list[Row]:
    """Papers an hour of looking at them, and the time that half of them took less than."""
    leads: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in work:
        leads[one.day, one.person].append(one.lead_ms)
    rows = []
    for (day, person), its in sorted(leads.items()):
        timed = [ms for ms in its if ms > 0]
        hours = sum(timed) / 3_600_000
        rows.append(
            {
                "day": day,
                "person": person,
                "papers": len(its),
                "hours": hours,
                "papers_an_hour": len(timed) / hours if hours else None,
                "median_seconds": median(timed) / 1000 if timed else None,
            }
        )
    return rows


def _bucket_row(bucket: Bucket) -> Row:
    return {
        "field": bucket.field,
        "from": bucket.bin / BINS,
        "to": (bucket.bin + 1) / BINS,
        "values": bucket.count,
        "said": bucket.said / bucket.count,
        "right": bucket.right / bucket.count,
    }


def _calibration(buckets: Sequence[Bucket]) -> list[Row]:
    """Expected calibration error of each field, and of all values together."""
    every = add([Bucket("all", b.bin, b.count, b.said, b.right) for b in buckets])
    rows = []
    for name in dict.fromkeys(["all", *(b.field for b in buckets)]):
        its = [b for b in (every if name == "all" else buckets) if b.field == name]
        bins = [Bin(b.count, b.said / b.count, b.right / b.count) for b in its]
        if bins:
            total = sum(b.count for b in its)
            rows.append({"field": name, "values": total, "error": error_of(bins)})
    return rows


def _acceptance(seen: Iterable[Seen]) -> list[Row]:
    """How many proposals were taken as they are, in ten parts by their weakest confidence."""
    known = sorted((s.confidence, s.judged.unchanged) for s in seen if s.confidence is not None)
    rows = []
    for tenth in range(10):
        part = known[len(known) * tenth // 10 : len(known) * (tenth + 1) // 10]
        if part:
            taken = sum(unchanged for _, unchanged in part)
            rows.append(
                {
                    "decile": tenth + 1,
                    "from": part[0][0],
                    "to": part[-1][0],
                    "papers": len(part),
                    "accepted": taken,
                    "share": taken / len(part),
                }
            )
    return rows
