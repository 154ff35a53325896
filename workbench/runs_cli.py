"""`workbench runs …`: see training runs, stop them, go on with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from db.tables import TrainingRunRow
    from workbench.context import Context

app = typer.Typer(help="See, stop and resume training runs.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Run = Annotated[int, typer.Argument(metavar="RUN", help="The run's number.")]
HEADS = ("run", "state", "recipe", "base", "created", "adapter", "message")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """The newest training runs."""
    from rich.console import Console
    from rich.table import Table

    from db import runs
    from db.engine import reading
    from workbench.runs import reconcile

    ctx = _context()
    reconcile(ctx)
    with reading(ctx.engine) as session:
        rows = runs.recent_runs(session, limit)
    if as_json:
        typer.echo(json.dumps([row.model_dump(mode="json") for row in rows]))
        return
    table = Table(*HEADS)
    for row in rows:
        table.add_row(*_cells(row))
    Console().print(table)


@app.command()
def show(run: Run, as_json: Json = False) -> None:
    """Where a run stands."""
    from workbench import runs

    ctx = _context()
    runs.reconcile(ctx)
    told = runs.progress(ctx, run).told()
    if as_json:
        typer.echo(json.dumps(told))
    else:
        _tell(told)


@app.command()
def stop(
    run: Run,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds before asking harder, thrice at most.")
    ] = 120.0,
    as_json: Json = False,
) -> None:
    """End a run with a checkpoint; take a waiting one out of the queue."""
    from workbench import runs

    _end(runs.stop(_context(), run, patience), as_json)


@app.command()
def resume(run: Run, as_json: Json = False) -> None:
    """Go on with a run that was stopped, interrupted or failed."""
    from workbench import runs

    _end(runs.resume(_context(), run), as_json)


def _end(row: TrainingRunRow, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(row.model_dump(mode="json")))
    else:
        typer.echo(f"Run {row.id} is {row.state}. {row.message}".strip())
    if row.state == "failed":
        raise typer.Exit(1)


def _cells(row: TrainingRunRow) -> tuple[str, ...]:
    created = row.created_at.strftime("%Y-%m-%d %H:%M")
    return (
        str(row.id), row.state, row.recipe, row.base, created, row.adapter or "", row.message
    )  # fmt: skip


def _tell(told: dict[str, Any]) -> None:
    for name, value in told.items():
        if isinstance(value, dict):
            typer.echo(f"{name}:")
            for inner, said in value.items():
                typer.echo(f"  {inner}: {said}")
        elif value not in (None, ""):
            typer.echo(f"{name.replace('_', ' ')}: {value}")


def _context() -> Context:
    from workbench.context import Context, Settings

    return Context(Settings())
