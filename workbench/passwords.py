"""Passwords: hashed with argon2id, verified in the same time for a name that nobody has."""

from __future__ import annotations

import unicodedata
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from db.errors import AccountRefused

SHORTEST, LONGEST = 12, 1024
HASHER = PasswordHasher()
TURNS = BoundedSemaphore(2)
"""A hash takes 64 MiB: many sign-ins at once take turns instead of all the memory."""


class WeakPassword(AccountRefused):
    """A password that is too short, or longer than anybody types."""

    reason = "weak_password"


def hashed(password: str) -> str:
    """What is kept of a password; raises `WeakPassword`. Length is the only rule."""
    typed = _typed(password)
    if not SHORTEST <= len(typed) <= LONGEST:
        raise WeakPassword(
            f"A password has at least {SHORTEST} characters.", "A few words in a row do well."
        )
    with TURNS:
        return HASHER.hash(typed)


def is_right(password: str, stored: str | None) -> bool:
    """Whether this is the password; None is nobody's, and takes as long to find out."""
    nobody, typed = _nobody(), _typed(password)[:LONGEST]
    with TURNS:
        try:
            HASHER.verify(stored or nobody, typed)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return hashed("the password of nobody")


def _typed(password: str) -> str:
    """One password from keyboards that compose letters differently."""
    return unicodedata.normalize("NFC", password)
