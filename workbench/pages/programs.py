"""What other programs may call: four named endpoints, the same for gradio_client and for MCP.

Everything else on the pages is private. Each endpoint asks who calls; the long ones wait for the
worker that has the model open, in a thread of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from db.engine import reading
from db.tables import Role
from models.errors import WorkbenchError
from workbench import asks, exports
from workbench.context import Context
from workbench.exports.gold import Gold
from workbench.people import asked

MOST_FOUND = 100
MOST_ROWS = 1000


def endpoints(ctx: Context) -> None:
    """Add the endpoints to the page that is being built."""
    made = (_extract(ctx), _parse(ctx), _search_gold(ctx), _export(ctx))
    for function in made:
        # Without Gradio's queue: a tool call would go round through a client that has not signed
        # in. The worker's own queue bounds what is asked at a time.
        api(function, api_name=function.__name__, queue=False)
    # Rows by the thousand are of no use to a language model.
    made[-1]._mcp_type = "program"  # type: ignore[attr-defined]


def _extract(ctx: Context) -> Callable[..., Any]:
    def extract(file: gr.FileData, request: gr.Request) -> str:
        """Find out who paid for a paper: its funding statements, funders, award ids and schemes.

        Reads a PDF, text or Markdown file with the model in use. Takes seconds to a minute; the
        file is not kept. Each statement and value comes with its page, its place in the text, its
        confidence from 0 to 1 and how it stands there (exact, normalised, fuzzy or absent).

        Parameters:
            file: the paper as an uploaded file, or as a data: URL in base64
        Returns:
            JSON with path, sha256, pages, statements, funders, fields, model, adapter and seconds
        """
        with _allowed(request, "curator"):
            given: Any = file
            path = Path(given["path"] if isinstance(given, dict) else given.path)
            name = given.get("orig_name") if isinstance(given, dict) else given.orig_name
            return _json(asks.extract(ctx, path, name or path.name))

    return extract


def _parse(ctx: Context) -> Callable[..., Any]:
    def parse(statement: str, request: gr.Request) -> str:
        """Read the funders out of a funding statement, with their award ids, schemes and titles.

        Takes some seconds. Values are copied from the statement and never made up.

        Parameters:
            statement: the text of a funding statement or an acknowledgement, in any language
        Returns:
            JSON with funders (each a funder_name and awards, these with award_ids, funding_scheme
            and award_title), model and adapter
        """
        with _allowed(request, "curator"):
            return _json(asks.parse(ctx, statement))

    return parse


def _search_gold(ctx: Context) -> Callable[..., Any]:
    def search_gold(query: str, request: gr.Request, limit: int = 10) -> str:
        """Search the decisions of human curators about who paid for which paper.

        Finds papers whose name, funding statement, funders, award ids, schemes or titles hold all
        words of the query, whatever their case; the newest decision first.

        Parameters:
            query: words to be found, such as the name of a funder or an award id
            limit: how many papers at most, from 1 to 100
        Returns:
            a JSON list with document, funding_statement, funders, verdict and actor of each paper
        """
        from db import gold

        with _allowed(request, "viewer"):
            if not 1 <= limit <= MOST_FOUND:
                raise WorkbenchError(f"The limit is from 1 to {MOST_FOUND}.", f"Not {limit}.")
            with reading(ctx.engine) as session:
                row = Gold().row
                return _json([row(one) for one in gold.search(session, query, limit)])

    return search_gold


def _export(ctx: Context) -> Callable[..., Any]:
    def export(
        format: str, request: gr.Request, project: str = "", offset: int = 0, limit: int = 100
    ) -> str:
        """Rows of an export, as `workbench export` writes them.

        Parameters:
            format: gold or pairs, or another that `workbench export` knows
            project: only papers of this project; empty for all
            offset: how many rows to pass over
            limit: how many rows at most, from 1 to 1000
        Returns:
            a JSON list of the rows
        """
        with _allowed(request, "viewer"):
            if offset < 0 or not 1 <= limit <= MOST_ROWS:
                raise WorkbenchError(f"The limit is from 1 to {MOST_ROWS}.", "Ask in parts.")
            found = exports.rows(ctx, format, project or None)
            return _json(list(islice(found, offset, offset + limit)))

    return export


def _json(found: Any) -> str:
    """As text: clients take an object with a `path` for a file that they must fetch."""
    return json.dumps(found, ensure_ascii=False)


@contextmanager
def _allowed(request: Any, role: Role) -> Iterator[None]:
    """For those of the role; what is refused comes to the caller as a sentence."""
    try:
        asked(request, role)
        yield
    except WorkbenchError as error:
        raise gr.Error(str(error), print_exception=False) from error
