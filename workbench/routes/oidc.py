"""To the identity provider and back."""

from __future__ import annotations

import logging

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from db.columns import utc_now
from workbench import gate, oidc
from workbench.context import Context
from workbench.origins import local_path
from workbench.routes.sign_in import is_secure, onward, shown

log = logging.getLogger(__name__)


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes, where a provider is set."""
    if not ctx.settings.oidc_issuer:
        return
    provider, refused = oidc.client(ctx), oidc.failures()

    @routes.get(oidc.START)
    async def go(request: Request, next: str = "/") -> Response:
        request.session["next"] = local_path(next)
        public = ctx.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
        try:
            answer: Response = await provider.authorize_redirect(request, public + oidc.BACK)
        except refused as error:
            return failed(request, "/", error)
        return answer

    @routes.get(oidc.BACK)
    async def back(request: Request) -> Response:
        wanted = local_path(request.session.pop("next", "/"))
        try:
            claims = (await provider.authorize_access_token(request))["userinfo"]
        except refused as error:
            return failed(request, wanted, error)
        try:
            token = await to_thread.run_sync(oidc.sign_in, ctx, claims, utc_now())
        except oidc.NotLetIn as error:
            return shown(request, ctx, wanted, problem=error.key, status=403)
        answer = onward(wanted)
        gate.keep(answer, token, is_secure(request, ctx))
        return answer

    def failed(request: Request, wanted: str, error: Exception) -> Response:
        log.warning("sign-in through %s failed: %r", ctx.settings.oidc_issuer, error)
        return shown(request, ctx, wanted, problem="people.oidc.failed", status=502)
