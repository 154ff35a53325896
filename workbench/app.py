"""The app put together: pages, routes, workers. One line a part; each part is its own module."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from workbench import accounts, oidc, texts
from workbench.context import Context
from workbench.gate import SignedIn
from workbench.hooks import Sender
from workbench.pages import (
    about,
    adjudicate,
    desk,
    doctor,
    exports,
    papers,
    people,
    programs,
    quality,
    train,
)
from workbench.routes import router
from workbench.routes.errors import explain_errors
from workbench.runs import Watch
from workbench.uploads import Pages
from workbench.workers import Workers

STATIC = Path(__file__).parent / "static"
LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]

# System fonts only: Gradio's own themes ask a font server of the web.
THEME = gr.themes.Default(
    primary_hue="teal",
    neutral_hue="slate",
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "Consolas", "monospace"],
).set(  # the theme's own teal is too light under white words
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_hover_dark="*primary_800",
)
HEAD = """
<link rel="stylesheet" href="/desk/app.css">
<link rel="stylesheet" href="/desk/cockpit.css">
<link rel="stylesheet" href="/desk/review.css">
<link rel="stylesheet" href="/desk/train.css">
<link rel="stylesheet" href="/desk/comfort.css">
<script type="module" src="/desk/comfort.js"></script>
<link rel="stylesheet" href="/desk/adjudicate.css">
<link rel="stylesheet" href="/desk/quality.css">
<link rel="stylesheet" href="/desk/people/people.css">
<script type="module" src="/desk/people/header.js"></script>
<link rel="stylesheet" href="/desk/queue.css">
<link rel="stylesheet" href="/desk/link.css">
<link rel="stylesheet" href="/desk/card.css">
<link rel="stylesheet" href="/desk/hub.css">
"""


def create_app(ctx: Context, workers: bool = True) -> FastAPI:
    """The whole server; `workers` starts the background processes with it."""
    app = FastAPI(
        title="Funding Workbench",
        lifespan=_lifespan(ctx, workers),
        docs_url=None,
        redoc_url=None,
    )
    accounts.must_be_closed(ctx)
    oidc.remember_attempts(app, ctx)
    app.add_middleware(SignedIn, ctx=ctx)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_hosts(ctx))
    explain_errors(app)
    app.include_router(router(ctx))
    app.mount("/desk", StaticFiles(directory=STATIC))
    app.mount("/pdfjs", StaticFiles(directory=STATIC / "pdfjs"))
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build(ctx),
        path="/",
        server_name=ctx.settings.host,
        theme=THEME,
        head=HEAD,
        footer_links=[],
        i18n=texts.for_pages(),
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=ctx.settings.mcp,
        max_file_size=ctx.settings.max_bytes,
        favicon_path=str(STATIC / "icon.svg"),
    )
    return mounted


def build(ctx: Context) -> gr.Blocks:
    """The pages, as tabs of one page: events cannot cross from one Gradio page to another."""
    blocks: gr.Blocks
    with Pages(
        title="Funding Workbench",
        fill_width=True,
        analytics_enabled=False,
        delete_cache=(3600, 86_400),  # uploads of programs, which nobody else removes
    ) as blocks:
        with gr.Tabs(elem_id="wb-tabs") as tabs:
            queue = papers.page(ctx)
            cockpit = desk.page(ctx)
            adjudicate.page(ctx)
            quality.page(ctx)
            train.page(ctx)
            exports.page(ctx)
            doctor.page(ctx)
            about.page(ctx)
            people.page(ctx)
        papers.open_with(queue, tabs, cockpit)
        programs.endpoints(ctx)
    return blocks


def _hosts(ctx: Context) -> list[str]:
    """Names under which the server answers: a page elsewhere cannot point its own name at it."""
    host, public = ctx.settings.host, urlsplit(ctx.settings.public_url).hostname
    if host in ("0.0.0.0", "::"):
        return ["*"]
    return [*LOCAL_HOSTS, host, *([public] if public else [])]


def _lifespan(ctx: Context, workers: bool):  # type: ignore[no-untyped-def]
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        crew, watch, sender = Workers(ctx), Watch(ctx), Sender(ctx)
        if workers:
            crew.start()
            watch.start()
            sender.start()
        try:
            yield
        finally:
            if workers:
                sender.stop()
                watch.stop()
                crew.stop()

    return lifespan
