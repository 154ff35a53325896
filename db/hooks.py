"""Webhooks in the store: who is told of what, and what waits to be sent; never how it is sent.

A delivery is queued in the transaction of its event, so that none is told that did not happen and
none is lost. A webhook that is paused gets nothing new; what it was owed waits.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

from sqlmodel import Session, col, delete, select

from db.columns import utc_now
from db.errors import NotFound, StoreError
from db.tables import DeliveryRow, WebhookRow

Event = Literal["revision.saved", "adapter.promoted", "run.finished", "paper.failed"]
EVENTS: tuple[Event, ...] = get_args(Event)
PING = "ping"
"""What a test sends."""
WAITS = (10, 60, 600, 3600, 6 * 3600)
"""Seconds from a failed attempt to the next; after the last one the delivery is given up."""
KEEP = timedelta(days=30)
SECRET_PREFIX = "whsec_"
ERROR_CHARACTERS = 300


class Due(NamedTuple):
    """A delivery whose time has come, and where it goes."""

    delivery: DeliveryRow
    hook: WebhookRow


def add(session: Session, url: str, events: Collection[str], created_by: str) -> WebhookRow:
    """A new webhook with a secret of its own. Raises `StoreError` for events that do not exist."""
    unknown = sorted(set(events) - set(EVENTS))
    if unknown or not events:
        named = f"There is no event {unknown[0]}." if unknown else "No event is chosen."
        raise StoreError(named, f"Choose of: {', '.join(EVENTS)}.")
    chosen = tuple(event for event in EVENTS if event in events)
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    row = WebhookRow(url=url, secret=secret, events=chosen, created_by=created_by)
    session.add(row)
    session.flush()
    return row


def every(session: Session) -> Sequence[WebhookRow]:
    """All webhooks, the oldest first."""
    return session.exec(select(WebhookRow).order_by(col(WebhookRow.id))).all()


def hook(session: Session, hook_id: int) -> WebhookRow:
    """The webhook with this number."""
    found = session.get(WebhookRow, hook_id)
    if found is None:
        raise NotFound(f"There is no webhook {hook_id}.", "Reload the page.")
    return found


def set_active(session: Session, hook_id: int, active: bool) -> WebhookRow:
    """Pause a webhook, or let it go on."""
    found = hook(session, hook_id)
    found.active = active
    session.flush()
    return found


def remove(session: Session, hook_id: int) -> None:
    """Forget a webhook and all that was sent to it or waits."""
    found = hook(session, hook_id)
    session.exec(delete(DeliveryRow).where(col(DeliveryRow.webhook_id) == hook_id))
    session.delete(found)
    session.flush()


def emit(session: Session, event: Event, body: Mapping[str, Any]) -> None:
    """Queue an event for whoever wants to hear of it, within the transaction that makes it so."""
    for found in session.exec(select(WebhookRow).where(col(WebhookRow.active))):
        if event in found.events:
            _queue(session, found, event, body)


def ping(session: Session, hook_id: int) -> DeliveryRow:
    """Queue a test, also for a webhook that is paused."""
    found = hook(session, hook_id)
    return _queue(session, found, PING, {"message": "This is a test of the webhook."})


def _queue(session: Session, to: WebhookRow, event: str, body: Mapping[str, Any]) -> DeliveryRow:
    at = utc_now()
    told = {"type": event, "timestamp": at.isoformat(), "data": dict(body)}
    row = DeliveryRow(webhook_id=to.id, event=event, body=told, created_at=at, next_at=at)
    session.add(row)
    session.flush()
    return row


def due(session: Session, limit: int, busy: Collection[int] = ()) -> list[Due]:
    """The deliveries whose time has come, one a webhook, the oldest first.

    Webhooks in `busy` are passed over: one at a time keeps the order and spares the receiver.
    """
    query = (
        select(DeliveryRow, WebhookRow)
        .join(WebhookRow, col(WebhookRow.id) == DeliveryRow.webhook_id)
        .where(DeliveryRow.state == "queued", col(DeliveryRow.next_at) <= utc_now())
        .where(col(WebhookRow.active) | (col(DeliveryRow.event) == PING))
        .where(col(WebhookRow.id).not_in(busy))
        .order_by(col(DeliveryRow.id))
    )
    first: dict[int, Due] = {}
    for row in session.exec(query.limit(500)):
        first.setdefault(row[1].id, Due(*row))
    return list(first.values())[:limit]


def note(
    session: Session, delivery_id: int, status_code: int | None, error: str | None, final: bool
) -> None:
    """Write down how an attempt went; without an error it is done.

    After a failed one the next is due later and later, until the last. `final` ends at once. A
    delivery whose webhook was removed meanwhile is passed over.
    """
    found = session.get(DeliveryRow, delivery_id)
    if found is None:
        return
    found.attempts += 1
    found.status_code, found.error = status_code, error[:ERROR_CHARACTERS] if error else None
    if error is None:
        found.state = "done"
    elif final or found.attempts > len(WAITS):
        found.state = "failed"
    else:
        found.next_at = utc_now() + timedelta(seconds=WAITS[found.attempts - 1])
    session.flush()


def again(session: Session, delivery_id: int) -> DeliveryRow:
    """Send a delivery once more at once, with its attempts counted anew."""
    found = session.get(DeliveryRow, delivery_id)
    if found is None:
        raise NotFound(f"There is no delivery {delivery_id}.", "Reload the page.")
    found.state, found.attempts, found.next_at = "queued", 0, utc_now()
    session.flush()
    return found


def deliveries(session: Session, hook_id: int, limit: int = 50) -> Sequence[DeliveryRow]:
    """What was sent to a webhook or waits, the newest first."""
    query = select(DeliveryRow).where(DeliveryRow.webhook_id == hook_id)
    return list(session.exec(query.order_by(col(DeliveryRow.id).desc()).limit(limit)))


def prune(session: Session, before: datetime | None = None) -> None:
    """Forget what was done or given up long ago."""
    limit = before or utc_now() - KEEP
    ended = col(DeliveryRow.state).in_(("done", "failed"))
    session.exec(delete(DeliveryRow).where(ended, col(DeliveryRow.created_at) < limit))
