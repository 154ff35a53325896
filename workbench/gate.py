"""Stands before the whole app: says who asks, and lets nobody in where a name is needed.

What is open is listed here; a path that is not, of whichever part of the app, is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response

from db.columns import utc_now
from db.tables import Role
from workbench import accounts, origins, texts
from workbench.people import Person

if TYPE_CHECKING:
    from workbench.context import Context

COOKIE = "workbench_session"
COOKIE_AGE = 400 * 24 * 3600
"""Seconds a browser keeps the cookie, the most that browsers allow; the store knows the end."""
FILES = ("/desk/", "/pdfjs/")
"""The interface's own files."""
OPEN = ("/healthz", "/texts.js", "/sign-in", "/sign-in/oidc", "/sign-in/oidc/back")
HANDED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""What proxies add: the request may come from anywhere."""
GRADIO_NEEDS: Mapping[str, Role] = {"/gradio_api/upload": "curator"}
"""Parts of Gradio that do something before a handler of ours is asked."""
OUTSIDE = tuple(f"/gradio_api/{way}" for way in ("file=http:", "file=https:", "proxy="))
"""Parts of Gradio that would fetch an address which the caller names."""


class SignedIn:
    """Middleware that puts the person into the request, or answers in the app's place."""

    def __init__(self, app: Any, ctx: Context) -> None:
        self.app, self.ctx = app, ctx
        self._accounts = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket") or _is_file(scope):
            await self.app(scope, receive, send)
            return
        request, state = HTTPConnection(scope), scope.setdefault("state", {})
        state |= await to_thread.run_sync(self.found, request)
        refusal = self.refusal(request, state)
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send)

    def found(self, request: HTTPConnection) -> dict[str, Any]:
        """Who asks: `person`; `sign_in`, the hash of their token; `by`, how they showed it."""
        kind, token = _token(request)
        held = accounts.holder(self.ctx, token, kind, utc_now()) if token else None
        if held:
            who = Person(held.person.name, held.person.role, held.person.id)
            return {"person": who, "sign_in": held.token_sha256, "by": kind}
        return {"person": None if self._needs_account() else self._alone(request), "by": None}

    def refusal(self, request: HTTPConnection, state: Mapping[str, Any]) -> Response | None:
        """The answer to a request that may not pass, None to one that may."""
        path, person = request.scope["path"], state["person"]
        if person is None and path not in OPEN:
            return _sign_in_first(request)
        if origins.changes(request.scope) and state["by"] != "program":
            foreign = origins.is_foreign(request.headers, self.ctx.settings.public_url)
            if foreign or (state["by"] == "browser" and not origins.is_told(request.headers)):
                return _refused(request, 403, "people.foreign")
        if path.startswith(OUTSIDE):
            return _refused(request, 403, "people.outside")
        needed = next((role for part, role in GRADIO_NEEDS.items() if path.startswith(part)), None)
        if needed and (person is None or not person.may(needed)):
            return _refused(request, 403, "people.not_allowed", role=needed)
        return None

    def _needs_account(self) -> bool:
        # Accounts are never deleted, so once there are some there always are.
        self._accounts = self._accounts or accounts.are_there(self.ctx)
        return self._accounts

    def _alone(self, request: HTTPConnection) -> Person | None:
        """One person alone on their own machine may do everything, a proxy's visitor nothing."""
        settings = self.ctx.settings
        handed_on = any(header in request.headers for header in HANDED_ON)
        here = accounts.is_loopback(settings.host) and not handed_on
        return Person(settings.actor, "admin") if here else None


def keep(response: Response, token: str, secure: bool) -> None:
    """Put a token into the browser. Strict: other sites' pages send requests without it."""
    response.set_cookie(
        COOKIE, token, COOKIE_AGE, path="/", secure=secure, httponly=True, samesite="strict"
    )


def forget(response: Response, secure: bool) -> None:
    """Take the token out of the browser, and what it kept of pages and papers."""
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache"'


def _is_file(scope: Any) -> bool:
    return scope["path"].startswith(FILES) and scope.get("method") in ("GET", "HEAD")


def _token(request: HTTPConnection) -> tuple[Any, str]:
    """What kind of token the request shows, and the token, empty where it shows none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return "program", token.strip()
    return "browser", request.cookies.get(COOKIE, "")


def _sign_in_first(request: HTTPConnection) -> Response:
    """To the sign-in page where a person looks at it, an error where a program does."""
    scope, headers = request.scope, request.headers
    navigates = headers.get("sec-fetch-mode", "navigate") == "navigate"
    reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
    if reads and navigates and "text/html" in headers.get("accept", ""):
        query = scope["query_string"].decode("latin-1")
        path = quote(scope["path"]) + (f"?{query}" if query else "")
        return RedirectResponse(f"/sign-in?next={quote(path, safe='/')}", 303)
    return _refused(request, 401, "people.signed_out")


def _refused(request: HTTPConnection, status: int, key: str, **values: str) -> Response:
    told = texts.say(key, texts.language_of(request), **values)
    return JSONResponse({"error": told, "errors": []}, status, {"Cache-Control": "no-store"})
