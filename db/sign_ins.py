"""Who is signed in where, and who failed to: tokens, their ends, and the throttle.

Moments are handed in, so that a day can pass without waiting for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from sqlalchemy import Select, delete, func
from sqlmodel import Session, col, select

from db.errors import NotFound
from db.tables import FailedSignInRow, PersonRow, SignInKind, SignInRow

BROWSER = timedelta(days=14)
"""A browser stays signed in so long after its last visit."""
RENEWED_EACH = timedelta(hours=1)
"""Visits are written down at most this often."""
PROGRAM = timedelta(days=365)
ID_LENGTH = 12
"""Hexadecimal digits of a token's hash by which it is listed and ended."""

FREE_BY_NAME, FREE_BY_ADDRESS = 5, 20
"""Failures before the throttle waits: for one name from an address, for all names from it."""
LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED = timedelta(days=1)


def hash_of(token: str) -> str:
    """What is kept of a token: 256 random bits need no salt and no slow hash."""
    return sha256(token.encode()).hexdigest()


def begin(
    session: Session,
    person_id: int,
    now: datetime,
    kind: SignInKind = "browser",
    lasts: timedelta | None = None,
    name: str | None = None,
) -> str:
    """Sign a person in; returns the token, which is not kept and cannot be shown again."""
    token = secrets.token_urlsafe(32)
    row = SignInRow(
        token_sha256=hash_of(token),
        person_id=person_id,
        kind=kind,
        name=name,
        created_at=now,
        seen_at=now,
        expires_at=now + (lasts or (BROWSER if kind == "browser" else PROGRAM)),
    )
    session.add(row)
    _see(session, person_id, now)
    return token


def find(
    session: Session, token: str, kind: SignInKind, now: datetime
) -> tuple[PersonRow, SignInRow] | None:
    """The active person who holds the token, and the sign-in; None where it is of no use."""
    query = (
        select(PersonRow, SignInRow)
        .where(col(PersonRow.id) == SignInRow.person_id, col(PersonRow.active).is_(True))
        .where(SignInRow.token_sha256 == hash_of(token), SignInRow.kind == kind)
        .where(col(SignInRow.expires_at) > now)
    )
    found: tuple[PersonRow, SignInRow] | None = session.exec(query).first()
    return found


def is_to_renew(row: SignInRow, now: datetime) -> bool:
    """Whether the last visit that was written down is long enough ago, or is a program's first."""
    first = row.kind == "program" and row.seen_at == row.created_at
    return first or now - row.seen_at >= RENEWED_EACH


def renew(session: Session, token_sha256: str, now: datetime) -> None:
    """Write a visit down; a browser's end moves on, a program's does not."""
    row = session.get(SignInRow, token_sha256)
    if row is None:  # ended meanwhile
        return
    row.seen_at = now
    if row.kind == "browser":
        row.expires_at = now + BROWSER
    _see(session, row.person_id, now)


def end(session: Session, token_sha256: str) -> None:
    """Sign one browser or program out."""
    session.execute(delete(SignInRow).where(col(SignInRow.token_sha256) == token_sha256))


def id_of(row: SignInRow) -> str:
    """What a token is called where it is listed: enough to find it, too little to use it."""
    return row.token_sha256[:ID_LENGTH]


def programs(
    session: Session, now: datetime, person_id: int | None = None
) -> Sequence[tuple[PersonRow, SignInRow]]:
    """Tokens of programs that hold, of one person or of all: by person, the newest first."""
    query = (
        select(PersonRow, SignInRow)
        .where(col(PersonRow.id) == SignInRow.person_id, SignInRow.kind == "program")
        .where(col(SignInRow.expires_at) > now)
        .order_by(col(PersonRow.folded), col(SignInRow.created_at).desc())
    )
    if person_id is not None:
        query = query.where(SignInRow.person_id == person_id)
    found: Sequence[tuple[PersonRow, SignInRow]] = session.exec(query).all()
    return found


def end_program(
    session: Session, token_id: str, now: datetime, person_id: int | None = None
) -> tuple[PersonRow, SignInRow]:
    """End one token, only of that person where one is given; raises `NotFound`."""
    held = programs(session, now, person_id)
    found = next(((who, row) for who, row in held if id_of(row) == token_id), None)
    if found is None:
        raise NotFound(f"There is no token {token_id}.", "workbench people tokens shows them all.")
    end(session, found[1].token_sha256)
    return found


def end_all(session: Session, person_id: int, keep: str | None = None) -> int:
    """Sign a person out everywhere but where the token's hash is `keep`; returns how many."""
    ended = delete(SignInRow).where(
        col(SignInRow.person_id) == person_id, col(SignInRow.token_sha256) != (keep or "")
    )
    count: int = session.execute(ended).rowcount  # type: ignore[attr-defined]
    return count


def attempt(session: Session, name: str, address: str, now: datetime) -> int:
    """Ask for one try to sign in: 0 and it is counted, or the seconds to wait.

    It counts as failed until `forgive`, so tries that come at once cannot outrun the throttle.
    `name` is folded.
    """
    wait = max(
        _wait(session, FREE_BY_NAME, now, name=name, address=address),
        _wait(session, FREE_BY_ADDRESS, now, address=address),
    )
    if not wait:
        session.add(FailedSignInRow(name=name, address=address, created_at=now))
        session.flush()
    return wait


def forgive(session: Session, name: str, address: str) -> None:
    """Forget the failures of a name at an address: it was its person."""
    rows = FailedSignInRow
    session.execute(delete(rows).where(col(rows.name) == name, col(rows.address) == address))


def clean_up(session: Session, now: datetime) -> int:
    """Drop sign-ins that have ended and failures that count no more; returns how many."""
    old = (
        delete(SignInRow).where(col(SignInRow.expires_at) <= now),
        delete(FailedSignInRow).where(col(FailedSignInRow.created_at) <= now - REMEMBERED),
    )
    return sum(session.execute(query).rowcount for query in old)  # type: ignore[attr-defined]


def _wait(session: Session, free: int, now: datetime, **where: str) -> int:
    """Seconds until these may try again: a second after `free` failures, then double each."""
    query: Select[tuple[int, datetime | None]] = select(
        func.count(), func.max(FailedSignInRow.created_at)
    ).where(col(FailedSignInRow.created_at) > now - REMEMBERED)
    for column, value in where.items():
        query = query.where(getattr(FailedSignInRow, column) == value)
    count, newest = session.execute(query).one()
    if count < free or newest is None:
        return 0
    pause = min(timedelta(seconds=2 ** min(count - free, 20)), LONGEST_WAIT)
    left: float = (newest + pause - now).total_seconds()
    return max(0, ceil(left))


def _see(session: Session, person_id: int, now: datetime) -> None:
    person = session.get(PersonRow, person_id)
    if person is not None:
        person.seen_at = now
    session.flush()
