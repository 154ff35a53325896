"""Signing in and out, and who holds a token: what the gate, the routes and the commands share."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from db import people, sign_ins
from db.columns import utc_now
from db.engine import reading, writing
from db.tables import PersonRow, SignInKind, SignInRow
from models.errors import WorkbenchError
from workbench import passwords

if TYPE_CHECKING:
    from workbench.context import Context


class WrongPassword(WorkbenchError):
    """Name and password do not belong together; which of them is wrong is not told."""


class TooManyTries(WorkbenchError):
    """The throttle waits; `seconds` until the next try is heard."""

    def __init__(self, message: str, hint: str = "", seconds: int = 0) -> None:
        super().__init__(message, hint)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a token, and the hash under which it is kept."""

    person: PersonRow
    token_sha256: str


def sign_in(ctx: Context, name: str, password: str, address: str, now: datetime) -> str:
    """The token of a new sign-in; raises `WrongPassword` or `TooManyTries`."""
    row = verify(ctx, name, password, address, now)
    with writing(ctx.engine) as session:
        sign_ins.clean_up(session, now)
        return sign_ins.begin(session, row.id, now)


def verify(ctx: Context, name: str, password: str, address: str, now: datetime) -> PersonRow:
    """The active person of this name and password, throttled; raises as `sign_in` does."""
    folded, near = people.fold(name)[: people.LONGEST_NAME], neighbourhood(address)
    with writing(ctx.engine) as session:
        wait = sign_ins.attempt(session, folded, near, now)
        row = people.named(session, name)
    if wait:
        raise TooManyTries(
            f"Too many tries to sign in. Wait {wait} seconds.", "Then try again.", wait
        )
    right = passwords.is_right(password, row.password_hash if row else None)
    if row is None or not right or not row.active:
        raise WrongPassword("Name or password is wrong.", "Check both and try again.")
    with writing(ctx.engine) as session:
        sign_ins.forgive(session, folded, near)
        if row.password_hash and passwords.is_outdated(row.password_hash):
            people.person(session, row.id).password_hash = passwords.hashed(password)
    return row


def holder(ctx: Context, token: str, kind: SignInKind, now: datetime) -> Holder | None:
    """The active person who holds the token; their visit is written down once an hour."""
    with reading(ctx.engine) as session:
        found = sign_ins.find(session, token, kind, now)
    if found is None:
        return None
    row, signed = found
    if sign_ins.is_to_renew(signed, now):
        with writing(ctx.engine) as session:
            sign_ins.renew(session, signed.token_sha256, now)
    return Holder(row, signed.token_sha256)


def are_there(ctx: Context) -> bool:
    """Whether there are accounts at all."""
    with reading(ctx.engine) as session:
        return people.any_one(session)


def make_token(
    ctx: Context, name: str, days: int, now: datetime | None = None, label: str = ""
) -> str:
    """A token for a program that acts as this person; raises `NotFound` or `BadName`.

    `label` is what it is for, so that it is found again among others.
    """
    kept = people.clean(label) if label else None
    with writing(ctx.engine) as session:
        row = people.known(session, name)
        if not row.active:
            raise WorkbenchError(f"{row.name} is not active.", "Let them in again first.")
        return sign_ins.begin(
            session, row.id, now or utc_now(), "program", timedelta(days=days), kept
        )


def told_token(row: PersonRow, held: SignInRow) -> dict[str, str | None]:
    """A token as pages and commands list it: nothing that could be used in its place."""
    used = held.seen_at if held.seen_at > held.created_at else None
    return {
        "id": sign_ins.id_of(held),
        "person": row.name,
        "name": held.name,
        "made": held.created_at.isoformat(timespec="seconds"),
        "used": used.isoformat(timespec="seconds") if used else None,
        "ends": held.expires_at.isoformat(timespec="seconds"),
    }


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def neighbourhood(address: str) -> str:
    """The address as the throttle counts it: one line of a provider has 2^64 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(found), 64), strict=False))


def must_be_closed(ctx: Context) -> None:
    """Raise where others could reach an app that knows no accounts."""
    host = ctx.settings.host
    if not is_loopback(host) and not are_there(ctx):
        raise WorkbenchError(
            f"{host} can be reached from other machines, and there are no accounts yet.",
            "Make one with: workbench people add NAME --role admin",
        )
