"""The app put together: pages, routes, workers. One line a part; each part is its own module."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from workbench import texts
from workbench.context import Context
from workbench.pages import about, desk, exports, papers, train
from workbench.people import SignedIn
from workbench.routes import router
from workbench.routes.errors import explain_errors
from workbench.runs import Watch
from workbench.workers import Workers

STATIC = Path(__file__).parent / "static"
LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]

# System fonts only: Gradio's own themes ask a font server of the web.
THEME = gr.themes.Default(
    primary_hue="teal",
    neutral_hue="slate",
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "Consolas", "monospace"],
)
HEAD = """
<link rel="stylesheet" href="/desk/app.css">
<link rel="stylesheet" href="/desk/cockpit.css">
<link rel="stylesheet" href="/desk/train.css">
<link rel="stylesheet" href="/desk/link.css">
"""


def create_app(ctx: Context, workers: bool = True) -> FastAPI:
    """The whole server; `workers` starts the background processes with it."""
    app = FastAPI(
        title="Funding Workbench",
        lifespan=_lifespan(ctx, workers),
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_hosts(ctx))
    app.add_middleware(SignedIn, ctx=ctx)
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
        max_file_size=ctx.settings.max_bytes,
        favicon_path=str(STATIC / "icon.svg"),
    )
    return mounted


def build(ctx: Context) -> gr.Blocks:
    """The pages, as tabs of one page: events cannot cross from one Gradio page to another."""
    blocks: gr.Blocks
    with gr.Blocks(title="Funding Workbench", fill_width=True, analytics_enabled=False) as blocks:
        with gr.Tabs(elem_id="wb-tabs") as tabs:
            queue = papers.page(ctx)
            cockpit = desk.page(ctx)
            train.page(ctx)
            exports.page(ctx)
            about.page(ctx)
        papers.open_with(queue, tabs, cockpit)
    return blocks


def _hosts(ctx: Context) -> list[str]:
    """Names under which the server answers: a page elsewhere cannot point its own name at it."""
    host = ctx.settings.host
    return ["*"] if host in ("0.0.0.0", "::") else [*LOCAL_HOSTS, host]


def _lifespan(ctx: Context, workers: bool):  # type: ignore[no-untyped-def]
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        crew, watch = Workers(ctx), Watch(ctx)
        if workers:
            crew.start()
            watch.start()
        try:
            yield
        finally:
            if workers:
                watch.stop()
                crew.stop()

    return lifespan
