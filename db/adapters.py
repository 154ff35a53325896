"""Adapters in the store: which one is live for a base and a task, and how it came to be.

Of the live adapters of several bases the one promoted last is in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from db import hooks
from db.columns import utc_now
from db.errors import NotFound, StoreError
from db.tables import AdapterRow


def register(
    session: Session,
    name: str,
    base: str,
    folder: str,
    sha256: str,
    *,
    task: str = "funding",
    parent: str | None = None,
    run_id: int | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> AdapterRow:
    """Add an adapter as a candidate. What a run made is added once, however often it is told."""
    made = find_of_run(session, run_id) if run_id is not None else None
    known = made or find(session, name)
    if known is not None and (known.name, known.sha256, known.run_id) != (name, sha256, run_id):
        raise StoreError(f"There is another adapter {known.name}.", "Choose another name.")
    if known is not None:
        return known
    row = AdapterRow(
        name=name,
        base=base,
        task=task,
        parent=parent,
        run_id=run_id,
        folder=folder,
        sha256=sha256,
        metrics=dict(metrics or {}),
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, name: str) -> AdapterRow | None:
    """The adapter with this name, if there is one."""
    found: AdapterRow | None = session.exec(
        select(AdapterRow).where(col(AdapterRow.name) == name)
    ).first()
    return found


def find_of_run(session: Session, run_id: int) -> AdapterRow | None:
    """The adapter that came of a run, if one did."""
    found: AdapterRow | None = session.exec(
        select(AdapterRow).where(col(AdapterRow.run_id) == run_id)
    ).first()
    return found


def adapter(session: Session, name: str) -> AdapterRow:
    """The adapter with this name."""
    found = find(session, name)
    if found is None:
        raise NotFound(f"There is no adapter {name}.", "See `workbench models list`.")
    return found


def live(session: Session, base: str, task: str = "funding") -> AdapterRow | None:
    """The live adapter of a base; None where it has none."""
    query = select(AdapterRow).where(
        col(AdapterRow.base) == base,
        col(AdapterRow.task) == task,
        col(AdapterRow.state) == "live",
    )
    found: AdapterRow | None = session.exec(query).first()
    return found


def live_ones(session: Session, task: str = "funding") -> Sequence[AdapterRow]:
    """The live adapters of all bases, the last promoted first: that one is in use.

    A rollback leaves the times of promotion, so that it goes back to what was in use before, also
    where that is an adapter of another base.
    """
    query = select(AdapterRow).where(col(AdapterRow.task) == task, col(AdapterRow.state) == "live")
    order = col(AdapterRow.promoted_at).desc(), col(AdapterRow.id).desc()
    found: Sequence[AdapterRow] = session.exec(query.order_by(*order)).all()
    return found


def in_use(session: Session, task: str = "funding") -> AdapterRow | None:
    """The adapter in use, whatever its base; None where it is the one that ships."""
    return next(iter(live_ones(session, task)), None)


def promote(session: Session, name: str, actor: str, reason: str) -> AdapterRow:
    """Put an adapter in use; the former of its base retires, those of other bases wait behind it.

    Promoting the one in use changes nothing.
    """
    chosen = adapter(session, name)
    before = in_use(session, chosen.task)
    if before is not None and before.id == chosen.id:
        return chosen
    former = live(session, chosen.base, chosen.task)
    if former is None or former.id != chosen.id:
        _replace(session, former, chosen)
    chosen.state, chosen.promoted_at = "live", utc_now()
    chosen.actor, chosen.reason = actor, reason
    session.flush()
    _tell(session, chosen.name, before, actor, reason)
    return chosen


def _replace(session: Session, former: AdapterRow | None, chosen: AdapterRow) -> None:
    """Retire the former of the base and note that a rollback of the chosen one goes there."""
    if former is not None:
        former.state = "retired"
        session.flush()  # before the new one: the store allows one live row at any time
    for above in session.exec(select(AdapterRow).where(col(AdapterRow.replaces) == chosen.name)):
        above.replaces = chosen.replaces  # promoted anew, it leaves its old place: no circles
    chosen.replaces = former.name if former else None


def rollback(
    session: Session, base: str, actor: str, reason: str, task: str = "funding"
) -> AdapterRow | None:
    """Retire the live adapter of a base for a reason and go back to the one before it.

    None where the base had none before: what is in use then is the last promoted adapter of
    another base, or the one that ships.
    """
    current = live(session, base, task)
    if current is None:
        raise StoreError("No adapter is live.", "There is nothing to go back from.")
    current.state, current.actor, current.reason = "retired", actor, reason
    session.flush()
    former = adapter(session, current.replaces) if current.replaces else None
    if former is not None:
        former.state = "live"
        session.flush()
    now = in_use(session, task)
    _tell(session, now.name if now else None, current, actor, reason)
    return former


def _tell(
    session: Session, live: str | None, former: AdapterRow | None, actor: str, reason: str
) -> None:
    """Tell webhooks which adapter is in use now; None is the one that ships."""
    replaced = former.name if former else None
    body = {"adapter": live, "replaces": replaced, "actor": actor, "reason": reason}
    hooks.emit(session, "adapter.promoted", body)


def history(
    session: Session, base: str | None = None, task: str = "funding"
) -> Sequence[AdapterRow]:
    """Every adapter of a base, None any, and a task, the newest first."""
    query = select(AdapterRow).where(col(AdapterRow.task) == task)
    if base is not None:
        query = query.where(col(AdapterRow.base) == base)
    found: Sequence[AdapterRow] = session.exec(query.order_by(col(AdapterRow.id).desc())).all()
    return found
