"""What leaves the workbench: counts, a look at the first rows, and the files."""

from __future__ import annotations

from collections import Counter
from html import escape
from itertools import islice
from typing import Any

import gradio as gr

from workbench.context import Context
from workbench.exports import rows
from workbench.pages.handlers import bind
from workbench.pages.tables import LABELS, table
from workbench.people import asked

FORMATS = {
    "gold": "Gold: one paper a line, funders in the cometadata format.",
    "pairs": "Preference pairs: chosen and rejected messages as TRL reads them.",
}


def page(ctx: Context) -> None:
    """Lay the page out and wire it."""
    with gr.Tab("Export", id="export") as tab:
        overview = gr.HTML(elem_id="wb-exports", apply_default_css=False)
        preview = gr.JSON(label="The first pair", elem_id="wb-preview", max_height=360)
        tab.select(
            bind(look, ctx), None, [overview, preview], api_visibility="private", queue=False
        )


def look(ctx: Context, request: gr.Request) -> tuple[str, dict[str, Any]]:
    """How many rows there are, of which kinds, and the first pair."""
    asked(request, "viewer")
    gold = Counter(LABELS[row["verdict"]] for row in rows(ctx, "gold"))
    pairs = Counter(row["error_type"].replace("_", " ") for row in rows(ctx, "pairs"))
    shown = [_row("gold", gold), _row("pairs", pairs)]
    first = next(islice(rows(ctx, "pairs"), 1), {})
    return table(("File", "Rows", "Of which", "Holds"), shown, "wb-checks"), first


def _row(name: str, kinds: Counter[str]) -> tuple[str, str, str, str]:
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    link = f'<a class="wb-download" href="/api/export/{name}.jsonl" download>{name}.jsonl</a>'
    return link, str(kinds.total()), escape(told), escape(FORMATS[name])
