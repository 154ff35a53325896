"""`workbench db …`: look after the store. Thin commands over the db package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.terminal import Json, tell

if TYPE_CHECKING:
    from workbench.context import Context

LEFT_OUT = "adapters that never were live, training runs, exports, the index of funders"
app = typer.Typer(help="Look after the store.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Create the store or bring it to the newest schema."""
    ctx = _context()
    typer.echo(f"{ctx.engine.url.database} is up to date.")


@app.command()
def backup(
    destination: Annotated[Path, typer.Argument(help="The .tar file to write.")],
    as_json: Json = False,
) -> None:
    """Write store, files and adapters to one verified .tar, also while the app runs.

    Not in it: adapters that never were live, runs, exports, the funder index (docs/backups.md).
    """
    from db import snapshots
    from workbench.doctor.looks import note_backup

    ctx = _context()
    manifest = snapshots.backup(ctx.engine, ctx.files, destination)
    note_backup(ctx.home, destination, manifest.records)
    told = manifest.model_dump(mode="json") | {"output": str(destination)}
    if not as_json:
        told |= {"adapters": list(manifest.adapters), "not_in_it": LEFT_OUT}
    tell(told, as_json)


@app.command()
def restore(archive: Annotated[Path, typer.Argument(help="A .tar of `db backup`.")]) -> None:
    """Put a backup in place of the store; the replaced one is kept beside it."""
    from db import snapshots
    from workbench.worker import ROLES
    from workbench.workers import is_alive

    ctx = _context()
    if any(is_alive(ctx, role) for role in ROLES):
        typer.secho("The app is running. End it first.", fg="red", err=True)
        raise typer.Exit(1)
    restored = snapshots.restore(archive, ctx.home)
    typer.echo(f"Restored {restored.manifest.records} papers into {ctx.home}.")
    if restored.manifest.adapters:
        typer.echo(f"Adapters in the backup: {', '.join(restored.manifest.adapters)}.")
    if lost := restored.manifest.adapters_missing:
        typer.echo(f"Without their files: {', '.join(lost)}. Train or bring them in again.")
    if restored.replaced:
        typer.echo(f"The store that was there is kept as {restored.replaced}.")


@app.command()
def dois(as_json: Json = False) -> None:
    """Look for the DOI of papers that came in without one; run again to go on."""
    from workbench.desk.documents import fill_dois
    from workbench.terminal import progress

    with progress(None, "papers") as advance:
        filled = fill_dois(_context(), advance)
    tell(filled._asdict(), as_json)


@app.command()
def check(as_json: Json = False) -> None:
    """Check that the store and its files are whole."""
    from db import checks

    ctx = _context()
    told: dict[str, list[str]] = {"problems": [], "notes": []}
    for problem in checks.check(ctx.engine, ctx.files):
        told["problems" if problem.level == "error" else "notes"].append(problem.message)
    tell(told, as_json)
    if told["problems"]:
        raise typer.Exit(1)


def _context() -> Context:
    from workbench.context import Context, Settings

    return Context(Settings())
