"""`workbench funders …`: the local index of organisations that funders are linked to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.terminal import Json, progress, tell

if TYPE_CHECKING:
    from workbench.context import Context

app = typer.Typer(help="The index of funders that names are linked to.", no_args_is_help=True)


@app.command()
def update(
    path: Annotated[
        Path, typer.Argument(help="ROR's data dump: .zip, .json, .jsonl, .gz, or a folder.")
    ],
    registry: Annotated[
        Path | None,
        typer.Option(help="CSV with ror_id and fundref_id, and works where it counts them."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the index of a dump; the one in use stays until the new one is whole."""
    import time

    from models.linking.index import build

    begun = time.monotonic()
    with progress(None, "organisations") as advance:
        made = build(path, _context().funders, registry, advance)
    tell(made.told() | {"seconds": round(time.monotonic() - begun, 1)} | _memory(), as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """What the index was made of and what it holds."""
    from models.linking import index

    tell(index.status(_context().funders).told(), as_json)


def _memory() -> dict[str, int]:
    """The most memory that this process held, in MB; nothing where the system does not tell."""
    import psutil

    peak = getattr(psutil.Process().memory_info(), "peak_wset", None)
    if peak is None:
        try:
            import resource
        except ImportError:
            return {}
        unit = 1 if sys.platform == "darwin" else 1024  # the one counts bytes, the others KiB
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"peak_megabytes": round(peak / 1_000_000)}


def _context() -> Context:
    from workbench.context import Context, Settings

    return Context(Settings())
