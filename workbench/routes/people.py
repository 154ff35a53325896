"""Who I am and my password; for administrators, everybody's accounts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from db import people, sign_ins
from db.columns import utc_now
from db.engine import reading, writing
from db.errors import FirstIsAdmin
from db.tables import PersonRow, Role
from workbench import accounts, gate, passwords, texts
from workbench.context import Context
from workbench.people import Person
from workbench.routes.common import JSON_ONLY, Admin, Viewer
from workbench.routes.sign_in import address_of, is_secure, sign_in_of

PersonId = Annotated[int, Path(ge=1, le=2**31 - 1)]
TokenId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
Password = Annotated[str, Field(max_length=4 * passwords.LONGEST)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPerson(_Body):
    """An account to be made."""

    name: Annotated[str, Field(max_length=200)]
    role: Role
    password: Password


class Change(_Body):
    """What of an account is to be another; None leaves it."""

    role: Role | None = None
    active: bool | None = None
    password: Password | None = None


class NewPassword(_Body):
    """One's own new password, and the one so far."""

    current: Password
    new: Password


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""
    _add_me(routes, ctx)
    _add_tokens(routes, ctx)
    _add_people(routes, ctx)


def _add_me(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/me")
    def me(who: Viewer) -> dict[str, Any]:
        if who.id is None:
            return {"name": who.name, "role": who.role, "accounts": False, "password": False}
        with reading(ctx.engine) as session:
            row = people.person(session, who.id)
        return {"accounts": True, "password": row.password_hash is not None, **_told(row)}

    @routes.post("/api/me/password", dependencies=JSON_ONLY)
    def password(request: Request, who: Viewer, body: NewPassword) -> dict[str, bool]:
        language = texts.language_of(request)
        try:
            row = accounts.verify(ctx, who.name, body.current, address_of(request), utc_now())
        except accounts.WrongPassword as error:
            raise HTTPException(422, texts.say("people.refused.current", language)) from error
        except accounts.TooManyTries as error:
            told = texts.say("people.sign_in.wait", language, n=error.seconds)
            raise HTTPException(429, told, {"Retry-After": str(error.seconds)}) from error
        hashed = passwords.hashed(body.new)
        with writing(ctx.engine) as session:
            people.set_password(session, row.id, hashed, keep=sign_in_of(request))
        return {"ok": True}

    @routes.post("/api/me/sign-out-everywhere", dependencies=JSON_ONLY)
    def everywhere(request: Request, who: Viewer) -> Response:
        with writing(ctx.engine) as session:
            ended = sign_ins.end_all(session, who.id) if who.id else 0
        answer = JSONResponse({"ended": ended})
        gate.forget(answer, is_secure(request, ctx))
        return answer


def _add_tokens(routes: APIRouter, ctx: Context) -> None:
    def whose(who: Person) -> int | None:
        """Administrators see to all tokens, others to their own."""
        return None if who.may("admin") else who.id

    @routes.get("/api/tokens")
    def tokens(who: Viewer) -> dict[str, Any]:
        with reading(ctx.engine) as session:
            held = sign_ins.programs(session, utc_now(), whose(who))
            return {"tokens": [accounts.told_token(*one) for one in held]}

    @routes.delete("/api/tokens/{token_id}", dependencies=JSON_ONLY)
    def end(who: Viewer, token_id: TokenId) -> dict[str, Any]:
        with writing(ctx.engine) as session:
            return accounts.told_token(
                *sign_ins.end_program(session, token_id, utc_now(), whose(who))
            )


def _add_people(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/people")
    def listing(who: Admin) -> dict[str, Any]:
        with reading(ctx.engine) as session:
            return {"people": [_told(row) for row in people.everyone(session)]}

    @routes.post("/api/people", status_code=201, dependencies=JSON_ONLY)
    def new(request: Request, who: Admin, body: NewPerson) -> Response:
        hashed = passwords.hashed(body.password)
        with writing(ctx.engine) as session:
            row = _made(session, who, body, hashed)
            token = None if who.id else sign_ins.begin(session, row.id, utc_now())
        answer = JSONResponse(_told(row), 201)
        if token:  # who made the first account is signed in with it
            gate.keep(answer, token, is_secure(request, ctx))
        return answer

    @routes.patch("/api/people/{person_id}", dependencies=JSON_ONLY)
    def change(who: Admin, person_id: PersonId, body: Change) -> dict[str, Any]:
        hashed = passwords.hashed(body.password) if body.password is not None else None
        with writing(ctx.engine) as session:
            row = people.person(session, person_id)
            if body.role is not None:
                people.set_role(session, person_id, body.role)
            if body.active is not None:
                people.set_active(session, person_id, body.active)
            if hashed is not None:
                people.set_password(session, person_id, hashed)
        return _told(row)


def _made(session: Session, who: Person, body: NewPerson, hashed: str) -> PersonRow:
    if who.id is not None:
        return people.add(session, body.name, body.role, by=who.name, password_hash=hashed)
    if body.role != "admin":
        raise FirstIsAdmin("The first account is an administrator's.", "Give it the role admin.")
    return people.add_first(session, body.name, hashed)


def _told(row: PersonRow) -> dict[str, Any]:
    """An account as pages and programs see it: nothing of its password."""
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "active": row.active,
        "elsewhere": row.subject is not None,
        "created_by": row.created_by,
        "created_at": row.created_at.isoformat(),
        "seen_at": row.seen_at.isoformat() if row.seen_at else None,
    }
