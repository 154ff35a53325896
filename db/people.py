"""Accounts: who there is, what each may do, whether they are active. Nobody is ever deleted."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from db.errors import BadName, FirstIsAdmin, LastAdmin, NameTaken, NotFirst, NotFound
from db.sign_ins import end_all
from db.tables import PersonRow, Role

LONGEST_NAME = 80


def clean(name: str) -> str:
    """A name as it is kept: composed letters, single spaces. Raises `BadName`."""
    kept = unicodedata.normalize("NFC", " ".join(name.split()))
    hidden = any(unicodedata.category(letter).startswith("C") for letter in kept)
    if not kept or len(kept) > LONGEST_NAME or hidden:
        raise BadName(f"A name has 1 to {LONGEST_NAME} visible characters.", "Choose another name.")
    return kept


def fold(name: str) -> str:
    """A name as it is compared: letters that look or are spelled alike are the same."""
    return unicodedata.normalize("NFKC", " ".join(name.split()).casefold())


def add(
    session: Session,
    name: str,
    role: Role,
    *,
    by: str,
    password_hash: str | None = None,
    subject: str | None = None,
) -> PersonRow:
    """Make an account. Raises `BadName`, `NameTaken`, or `FirstIsAdmin`."""
    kept = clean(name)
    if role != "admin" and not any_one(session):
        raise FirstIsAdmin("The first account is an administrator's.", "Give it the role admin.")
    if named(session, kept) is not None:
        raise NameTaken(f"There is an account {kept} already.", "Choose another name.")
    row = PersonRow(
        name=kept,
        folded=fold(kept),
        role=role,
        created_by=by,
        password_hash=password_hash,
        subject=subject,
    )
    session.add(row)
    session.flush()
    return row


def add_first(session: Session, name: str, password_hash: str) -> PersonRow:
    """Make the first account, an administrator's, by its own word; raises `NotFirst`."""
    if any_one(session):
        raise NotFirst("There are accounts already.", "Sign in, or ask an administrator for one.")
    return add(session, name, "admin", by=clean(name), password_hash=password_hash)


def any_one(session: Session) -> bool:
    """Whether there are accounts at all."""
    return session.exec(select(PersonRow.id).limit(1)).first() is not None


def everyone(session: Session) -> Sequence[PersonRow]:
    """All accounts by name, the inactive last."""
    order = (col(PersonRow.active).desc(), col(PersonRow.folded))
    return session.exec(select(PersonRow).order_by(*order)).all()


def person(session: Session, person_id: int) -> PersonRow:
    """The account with this number; raises `NotFound`."""
    found = session.get(PersonRow, person_id)
    if found is None:
        raise NotFound(f"There is no account {person_id}.", "Reload the page.")
    return found


def named(session: Session, name: str) -> PersonRow | None:
    """The account of this name, however it is spelled."""
    query = select(PersonRow).where(PersonRow.folded == fold(name))
    found: PersonRow | None = session.exec(query).first()
    return found


def known(session: Session, name: str) -> PersonRow:
    """The account of this name; raises `NotFound`."""
    found = named(session, name)
    if found is None:
        raise NotFound(f"There is no account {name}.", "workbench people list shows them all.")
    return found


def by_subject(session: Session, subject: str) -> PersonRow | None:
    """The account that an identity provider knows under this name."""
    found: PersonRow | None = session.exec(
        select(PersonRow).where(PersonRow.subject == subject)
    ).first()
    return found


def free_name(session: Session, wanted: str) -> str:
    """A name that nobody has: the wanted one, or with a number behind it."""
    kept = clean(wanted[: LONGEST_NAME - 6])
    tries = (kept if n == 1 else f"{kept} ({n})" for n in range(1, 10_000))
    return next(name for name in tries if named(session, name) is None)


def set_role(session: Session, person_id: int, role: Role) -> PersonRow:
    """Change what somebody may do; raises `LastAdmin`."""
    row = person(session, person_id)
    if role != "admin":
        _keep_an_admin(session, row)
    row.role = role
    session.flush()
    return row


def set_active(session: Session, person_id: int, active: bool) -> PersonRow:
    """Let somebody in again, or shut them out and end all their sign-ins; raises `LastAdmin`."""
    row = person(session, person_id)
    if not active:
        _keep_an_admin(session, row)
        end_all(session, person_id)
    row.active = active
    session.flush()
    return row


def set_password(
    session: Session, person_id: int, password_hash: str, keep: str | None = None
) -> PersonRow:
    """Set a new password and end all sign-ins, but for the one whose token's hash is `keep`."""
    row = person(session, person_id)
    row.password_hash = password_hash
    end_all(session, person_id, keep)
    session.flush()
    return row


def _keep_an_admin(session: Session, row: PersonRow) -> None:
    """Raise where this is the only active administrator."""
    if row.role != "admin" or not row.active:
        return
    others = (
        col(PersonRow.role) == "admin",
        col(PersonRow.active).is_(True),
        col(PersonRow.id) != row.id,
    )
    if not session.exec(select(func.count()).select_from(PersonRow).where(*others)).one():
        raise LastAdmin(
            f"{row.name} is the only active administrator.", "Make somebody else one first."
        )
