"""Signing in by a plain page that needs no JavaScript, and signing out."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qs

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from db import sign_ins
from db.columns import utc_now
from db.engine import writing
from workbench import accounts, gate
from workbench.context import Context
from workbench.origins import local_path
from workbench.pages import sign_in as page
from workbench.people import person_of
from workbench.routes.common import JSON_ONLY, Viewer

LONGEST_FORM = 16_384
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.get("/sign-in")
    def form(request: Request, next: str = "/") -> Response:
        wanted = local_path(next)
        if request.headers.get("sec-fetch-site") == "cross-site":
            return onward(wanted)
        if person_of(request) is not None:
            return RedirectResponse(wanted, 303)
        return shown(request, ctx, wanted)

    @routes.post("/sign-in")
    async def enter(request: Request) -> Response:
        sent = await _form(request)
        name, wanted = sent.get("name", ""), local_path(sent.get("next"))
        act = partial(accounts.sign_in, ctx, name, sent.get("password", ""))
        try:
            token = await to_thread.run_sync(act, address_of(request), utc_now())
        except accounts.WrongPassword:
            return shown(request, ctx, wanted, name, "people.sign_in.wrong", 401)
        except accounts.TooManyTries as error:
            told = {"n": error.seconds}
            return shown(request, ctx, wanted, name, "people.sign_in.wait", 429, **told)
        answer = RedirectResponse(wanted, 303)
        gate.keep(answer, token, is_secure(request, ctx))
        return answer

    @routes.post("/sign-out", dependencies=JSON_ONLY)
    def leave(request: Request, who: Viewer) -> Response:
        with writing(ctx.engine) as session:
            sign_ins.end(session, sign_in_of(request))
        answer = JSONResponse({"ok": True})
        gate.forget(answer, is_secure(request, ctx))
        return answer


def shown(
    request: Request,
    ctx: Context,
    wanted: str,
    name: str = "",
    problem: str = "",
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """The sign-in page, with what went wrong."""
    again = {"Retry-After": str(values["n"])} if status == 429 else {}
    html = page.form(request, ctx, wanted, name, problem, **values)
    return HTMLResponse(html, status, HEADERS | again)


def onward(wanted: str) -> HTMLResponse:
    """A page that goes on to the wanted one.

    A request that another site's page leads to comes without the strict cookie; one that this
    page makes comes with it.
    """
    return HTMLResponse(page.onward(wanted), headers=HEADERS)


def is_secure(request: Request, ctx: Context) -> bool:
    """Whether the browser came by https, to us or to the proxy before us."""
    return request.url.scheme == "https" or ctx.settings.public_url.startswith("https://")


def address_of(request: Request) -> str:
    """Where the request comes from, as the throttle counts."""
    return request.client.host if request.client else "unknown"


def sign_in_of(request: Request) -> str:
    """The hash of the token that the request showed, empty for who works without accounts."""
    found: str = request.scope["state"].get("sign_in", "")
    return found


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; anybody may send one, so a long one is not read to its end."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise HTTPException(413, "The form is too long.")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}
