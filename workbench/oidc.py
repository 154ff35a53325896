"""Signing in through an identity provider, by authlib: state, nonce and PKCE are its work."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI

from db import people, sign_ins
from db.engine import writing
from db.tables import PersonRow
from models.errors import WorkbenchError
from workbench.context import Context

log = logging.getLogger(__name__)
START, BACK = "/sign-in/oidc", "/sign-in/oidc/back"


class NotLetIn(WorkbenchError):
    """The provider knows them, and the workbench lets them not in; `key` is the text."""

    def __init__(self, message: str, hint: str = "", key: str = "people.oidc.failed") -> None:
        super().__init__(message, hint)
        self.key = key


def remember_attempts(app: FastAPI, ctx: Context) -> None:
    """Keep what belongs to an attempt in a signed cookie of ten minutes.

    Lax, unlike the session's: it must come back with the provider's redirection. Its key is of
    this process alone, so an attempt that a restart interrupts is begun again.
    """
    if not ctx.settings.oidc_issuer:
        return
    from starlette.middleware.sessions import SessionMiddleware

    app.add_middleware(
        SessionMiddleware,
        secret_key=secrets.token_urlsafe(32),
        session_cookie="workbench_oidc",
        max_age=600,
        path=START,
        same_site="lax",
        https_only=ctx.settings.public_url.startswith("https://"),
    )


def client(ctx: Context) -> Any:
    """Authlib's client of the provider; its addresses are asked of the provider when needed."""
    try:
        from authlib.integrations.starlette_client import OAuth
    except ImportError as error:
        raise WorkbenchError(
            "Signing in through a provider needs authlib.",
            "Install it with: pip install 'funding-workbench[oidc]'",
        ) from error

    settings = ctx.settings
    asked: dict[str, Any] = {"scope": "openid profile email", "code_challenge_method": "S256"}
    if not settings.oidc_client_secret:
        asked["token_endpoint_auth_method"] = "none"
    return OAuth().register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret or None,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs=asked,
    )


def failures() -> tuple[type[Exception], ...]:
    """What the client raises where the provider is away, refuses, or says what cannot be right."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError

    # Authlib takes the newer of the two where both are installed.
    kinds = [import_module(name) for name in ("httpx2", "httpx") if find_spec(name)]
    asking = [kind.HTTPError for kind in kinds]
    return (AuthlibBaseError, JoseError, RuntimeError, ValueError, KeyError, *asking)


def sign_in(ctx: Context, claims: Mapping[str, Any], now: datetime) -> str:
    """The token of a new sign-in of whom the provider's claims name; raises `NotLetIn`."""
    issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
    if not subject or issuer.rstrip("/") != ctx.settings.oidc_issuer.rstrip("/"):
        raise NotLetIn("The answer is another provider's.", "Try again.")
    with writing(ctx.engine) as session:
        row = people.by_subject(session, f"{issuer}|{subject}") or _new(ctx, session, claims)
        if not row.active:
            raise NotLetIn("The account is not active.", key="people.oidc.inactive")
        return sign_ins.begin(session, row.id, now)


def _new(ctx: Context, session: Any, claims: Mapping[str, Any]) -> PersonRow:
    """An account of their own: a name that somebody has already does not make them that person."""
    if not people.any_one(session):
        raise NotLetIn("There are no accounts yet.", key="people.oidc.no_accounts")
    called = (claims.get(claim) for claim in ("preferred_username", "name", "email"))
    wanted = next(filter(None, called), "")
    shown = "".join(letter for letter in str(wanted) if letter.isprintable()).strip()
    name = people.free_name(session, shown or str(claims["sub"]))
    made = people.add(
        session,
        name,
        ctx.settings.oidc_role,
        by=str(claims["iss"]),
        subject=f"{claims['iss']}|{claims['sub']}",
    )
    log.info("%s signed in for the first time, through %s", made.name, claims["iss"])
    return made
