"""The interface's texts for the browser, as a module of the language that it asks for."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response

from workbench import texts
from workbench.context import Context


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes. Texts are no secret: the sign-in page needs them."""

    @routes.get("/texts.js")
    def module(request: Request) -> Response:
        language = texts.language_of(request)
        known = json.dumps({"language": language, "texts": texts.catalog(language)})
        return Response(
            f"export default {known};\n",
            media_type="text/javascript",
            headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"},
        )
