"""Who works here: accounts, the sessions they are signed in with, failed attempts to sign in."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime, Word, utc_now

Role = Literal["viewer", "curator", "adjudicator", "admin"]
"""From least to most: each may do all that those before it may."""
ROLES: tuple[Role, ...] = get_args(Role)
SignInKind = Literal["browser", "program"]
"""A cookie that is renewed while it is used, or a token with a fixed end."""


class PersonRow(SQLModel, table=True):
    """An account. Never deleted, only made inactive: revisions name it.

    `folded` is the name as it is compared. `password_hash` is argon2's, None for who signs in
    elsewhere; `subject` is the name that an identity provider gives them, `issuer|sub`. `seen_at`
    is exact to an hour.
    """

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("folded", name="uq_people_folded"),
        UniqueConstraint("subject", name="uq_people_subject"),
    )

    id: int = Field(default=None, primary_key=True)
    name: str
    folded: str
    role: Role = Field(sa_column=Column(Word(Role), nullable=False))
    password_hash: str | None = None
    subject: str | None = None
    active: bool = True
    created_by: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    seen_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class SignInRow(SQLModel, table=True):
    """A browser or program that is signed in. Only the hash of its token is kept.

    `name` is what a program's token was made for. `seen_at` is exact to an hour; that of a token
    which was never used is `created_at`.
    """

    __tablename__ = "sign_ins"

    token_sha256: str = Field(primary_key=True, max_length=64)
    person_id: int = Field(foreign_key="people.id", index=True)
    kind: SignInKind = Field(sa_column=Column(Word(SignInKind), nullable=False))
    name: str | None = None
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    seen_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class FailedSignInRow(SQLModel, table=True):
    """An attempt that failed or is under way, for the throttle; `name` is folded."""

    __tablename__ = "failed_sign_ins"
    __table_args__ = (
        Index("ix_failed_sign_ins", "name", "address", "created_at"),
        Index("ix_failed_sign_ins_address", "address", "created_at"),
    )

    id: int = Field(default=None, primary_key=True)
    name: str
    address: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
