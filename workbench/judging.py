"""Keeps the worth of papers up to date: when a proposal comes, after decisions, or all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlmodel import Session

from db import worth as store
from db.engine import reading, writing
from db.tables import RevisionRow
from workbench.context import Context
from workbench.worth import Known, audit_place, audited, is_audited, judge

CHUNK = 100
"""Papers that one transaction judges."""
MOST_TOUCHED = 200
"""Papers that one decision has judged again: the worthiest of those that name its funders."""


def known(session: Session) -> Known:
    """What the gold tells of funders and their awards."""
    return Known.of(store.known_awards(session))


def judge_records(
    session: Session, record_ids: Sequence[int], gold: Known, ladder: Sequence[float] | None = None
) -> list[int]:
    """Judge these records anew, where they have a proposal; returns those of the audit.

    `ladder` is `db.worth.ladder`, asked when it is needed and not given.
    """
    chosen = []
    for facts in store.facts(session, record_ids):
        judged = judge(facts.proposal, gold, facts.other, _surest(session, facts))
        if is_audited(facts.sha256):
            chosen.append(facts.record_id)
            ladder = store.ladder(session) if ladder is None else ladder
            judged = audited(judged, at(ladder, audit_place(facts.sha256)))
        store.keep(session, facts.record_id, judged.worth, judged.reasons)
    return chosen


def at(ladder: Sequence[float], place: float) -> float:
    """The worth at a place of the queue, which is a share counted from its end."""
    return ladder[int(place * len(ladder))] if ladder else 0.0


def refresh(ctx: Context, tell: Callable[[int], None] = lambda done: None) -> int:
    """Judge every open paper, a short transaction for each hundred; how many there were.

    The audited ones come last, when it is known how worth is spread over the others.
    """
    with reading(ctx.engine) as session:
        gold = known(session)
    done = last = 0
    chosen: list[int] = []
    while True:
        with writing(ctx.engine) as session:
            ids = store.open_after(session, last, CHUNK)
            chosen += judge_records(session, ids, gold, [0.0])
        if not ids:
            break
        done, last = done + len(ids), ids[-1]
        tell(done)
    with reading(ctx.engine) as session:
        ladder = store.ladder(session)
    for first in range(0, len(chosen), CHUNK):
        with writing(ctx.engine) as session:
            judge_records(session, chosen[first : first + CHUNK], gold, ladder)
    return done


class Follower:
    """Judges the papers anew that decisions touch: those that name the same funders."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        with reading(ctx.engine) as session:
            self._seen = store.newest_revision(session)
            self.gold = known(session)

    def follow(self) -> int:
        """Take up the decisions since the last call; how many papers were judged anew."""
        with reading(self._ctx.engine) as session:
            fresh = store.decided_since(session, self._seen)
            if not fresh:
                return 0
            self.gold = known(session)
        done = 0
        for revision in fresh:
            with writing(self._ctx.engine) as session:
                ids = store.open_with(session, _names(revision), MOST_TOUCHED)
                judge_records(session, ids, self.gold)
            done += len(ids)
        self._seen = fresh[-1].id
        return done


def _names(revision: RevisionRow) -> list[str]:
    """The funders that a decision added to the gold, or took out of it."""
    sides = (revision.before, revision.after)
    return sorted({f.funder_name for side in sides if side for f in side.funders if f.funder_name})


def _surest(session: Session, facts: store.Facts) -> float:
    """The finder's highest probability, asked only where the model found nothing: it reads all."""
    from models.cues import units
    from models.finder import judge as shipped

    if facts.proposal.statements or facts.proposal.funders:
        return 0.0
    text = store.text_of(session, facts.record_id)
    return max((shipped().probability(unit) for unit in units(text)), default=0.0)
