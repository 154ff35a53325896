"""The command line. Each command is a few lines over a function that lives elsewhere.

Nothing heavy is imported until a command runs: `workbench --help` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench import exchange_cli, hub_cli
from workbench.funders import app as funders_app
from workbench.people_cli import app as people_app
from workbench.runs_cli import app as runs_app
from workbench.store import app as store_app
from workbench.terminal import Json, must_be_writable, must_exist, progress, table, tell
from workbench.train import app as train_app

if TYPE_CHECKING:
    from models.extract import Pipeline
    from workbench.context import Context

app = typer.Typer(
    help="Find and correct who paid for a paper.", no_args_is_help=True, add_completion=False
)
models_app = typer.Typer(help="See, push and pull models.", no_args_is_help=True)
queue_app = typer.Typer(help="Look after the queue.", no_args_is_help=True)
app.add_typer(store_app, name="db")
app.add_typer(queue_app, name="queue")
app.add_typer(models_app, name="models")
app.add_typer(train_app, name="train")
app.add_typer(runs_app, name="runs")
app.add_typer(people_app, name="people")
app.add_typer(funders_app, name="funders")

Model = Annotated[str | None, typer.Option(help="A name of the catalog, or a .gguf file.")]


def run() -> None:
    """Run the command line and tell errors as sentences."""
    from models.errors import WorkbenchError

    try:
        app()
    except WorkbenchError as error:
        typer.secho(error.message, fg="red", err=True)
        if error.hint:
            typer.echo(error.hint, err=True)
        sys.exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    model: Model = None,
    samples: Annotated[bool, typer.Option("--samples", help="Add the sample papers.")] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer tools to language models.")] = False,
) -> None:
    """Start the app and its background workers."""
    import uvicorn

    from workbench.accounts import must_be_closed

    ctx = _context(host=host, port=port, model=model, mcp=mcp or None)
    _refuse_taken(ctx.settings.host, ctx.settings.port)
    if ctx.settings.mcp:
        _require_mcp()
    must_be_closed(ctx)
    if samples:
        from workbench.samples import add

        add(ctx)
    from workbench import logs
    from workbench.app import create_app

    logs.keep(ctx.home)
    address = f"http://{ctx.settings.host}:{ctx.settings.port}"
    typer.echo(f"Funding Workbench on {address}  (Ctrl-C ends it; data in {ctx.home})")
    uvicorn.run(
        create_app(ctx), host=ctx.settings.host, port=ctx.settings.port, log_level="warning"
    )


@app.command()
def extract(
    files: Annotated[list[Path], typer.Argument(help="PDF, text or Markdown files.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="JSON Lines.")] = None,
    route: Annotated[str, typer.Option(help="'passages', or 'document' to read all.")] = "passages",
    model: Model = None,
    as_json: Json = False,
) -> None:
    """Find the funding of papers; a file that fails is told and the others go on."""
    from workbench import batch

    ctx = _context(model=model)
    must_be_writable(output)
    with _pipeline(ctx, route) as pipeline, progress(len(files), "papers") as advance:
        rows = batch.extract(files, pipeline, ctx.limits, lambda row: advance())
        failed = _put_rows(rows, output, as_json)
    if failed:
        typer.secho(f"{failed} of {len(files)} files failed.", fg="red", err=True)
        raise typer.Exit(1)


@app.command()
def parse(
    source: Annotated[Path, typer.Argument(help="JSON Lines with 'statement'.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON Lines to write.")],
    model: Model = None,
    as_json: Json = False,
) -> None:
    """Add the funders to statements, in order; run again to go on where it stopped."""
    from workbench import batch

    must_exist(source)
    if output.exists() and output.samefile(source):
        raise typer.BadParameter("input and output are the same file")
    total = sum(1 for line in source.open("rb") if line.strip())
    with (
        _pipeline(_context(model=model), "passages") as pipeline,
        progress(total, "statements") as advance,
        source.open(encoding="utf-8-sig", errors="replace") as lines,
    ):
        failed = batch.parse(lines, output, pipeline, lambda row: advance())
    tell({"statements": total, "failed": failed, "output": str(output)}, as_json)
    if failed:
        raise typer.Exit(1)


app.command("import")(exchange_cli.import_)
app.command("export")(exchange_cli.export)


@app.command()
def score(
    pred: Annotated[Path, typer.Argument(help="JSON Lines with 'funders', or raw replies.")],
    gold: Annotated[Path, typer.Argument(help="JSON Lines with the right 'funders'.")],
    mode: Annotated[
        str, typer.Option(help="permissive, balanced, strict, id_aware, or all.")
    ] = "all",
    ror: Annotated[Path | None, typer.Option(help="Names and their ROR ids, JSON or CSV.")] = None,
    errors: Annotated[int, typer.Option(min=0, help="Examples of each kind of error.")] = 0,
    as_json: Json = False,
) -> None:
    """Score answers against gold, line by line."""
    from models.scoring import MODES
    from workbench import score as scorer

    if mode not in (*MODES, "all"):
        raise typer.BadParameter(f"known modes: {', '.join(MODES)}, all")
    for path in filter(None, (pred, gold, ror)):
        must_exist(path)
    result = scorer.score(pred, gold, mode, ror, errors)
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, rows in scorer.tables(result).items():
        typer.secho(name, bold=True)
        table(scorer.HEADS, rows)
    for line in scorer.notes(result):
        typer.echo(line)


@app.command()
def synth(
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON Lines.")],
    names: Annotated[Path, typer.Option(help="Organisations, one a line.")],
    count: Annotated[int, typer.Option(min=1, help="How many rows.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed writes the same rows.")] = 1,
    noise: Annotated[float, typer.Option(min=0, max=1, help="Share of damaged statements.")] = 0.5,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    documents: Annotated[
        Path | None, typer.Option(help="Texts to hide the statements in: .txt, or JSON Lines.")
    ] = None,
) -> None:
    """Write synthetic funding statements with their funders, to train on."""
    from training.synthesis import rows
    from training.synthetic_documents import chunks

    for path in (names, documents):
        if path is not None:
            must_exist(path)
    must_be_writable(output)
    made = rows(names, count, seed, noise, workers)
    if documents is not None:
        made = chunks(documents, names, count, seed, noise, workers)
    with output.open("w", encoding="utf-8") as lines:
        for row in made:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check everything that the workbench stands on, the model included."""
    from workbench import doctor as checks

    found = checks.full(_context())
    if as_json:
        typer.echo(checks.as_json(found))
    else:
        marks = {"ok": "✓", "warn": "!", "bad": "✗"}
        rows: list[tuple[str, ...]] = [
            (marks[c.level], c.title, f"{c.detail}\n{c.hint}".strip()) for c in found
        ]
        table(("", "part", "seen"), rows)
    if not all(check.ok for check in found):
        raise typer.Exit(1)


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """The models that can be opened by name: adapters, base models alone, published chains."""
    from models.catalog import listing

    rows = listing(_context().chains)
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        table(tuple(rows[0]), [tuple(map(str, row.values())) for row in rows])


models_app.command("push")(hub_cli.push_adapter)
models_app.command("pull")(hub_cli.pull_adapter)


@queue_app.command("refresh")
def queue_refresh(as_json: Json = False) -> None:
    """Judge anew what a look at each open paper is worth, also while the app runs."""
    from workbench import judging

    tell({"papers": judging.refresh(_context())}, as_json)


def _context(**given: Any) -> Context:
    from workbench.context import Context, Settings

    return Context(Settings(**{key: value for key, value in given.items() if value is not None}))


@contextmanager
def _pipeline(ctx: Context, route: str) -> Iterator[Pipeline]:
    from models.extract import ROUTES, Pipeline

    if route not in ROUTES:
        raise typer.BadParameter(f"known routes: {', '.join(ROUTES)}")
    model = ctx.open_model()
    try:
        yield Pipeline.funding(model, route)
    finally:
        model.close()


def _put_rows(rows: Iterable[dict[str, Any]], output: Path | None, as_json: bool) -> int:
    """Write rows as they come; return how many are errors."""
    from workbench.batch import json_line

    failed = 0
    out = output.open("w", encoding="utf-8") if output else None
    try:
        for row in rows:
            failed += "error" in row
            line = json_line(row)
            if out is not None:
                out.write(line)
                out.flush()
            if as_json:
                typer.echo(line, nl=False)
            elif out is None or "error" in row:
                _show(row)
    finally:
        if out is not None:
            out.close()
    return failed


def _show(row: dict[str, Any]) -> None:
    if "error" in row:
        typer.secho(f"{row['path']}: {row['error']}", fg="red", err=True)
        return
    typer.secho(f"{row['path']}  ({row['pages']} pages, {row['seconds']:.1f} s)", bold=True)
    for statement in row["statements"]:
        typer.echo(f"  p. {statement['page']} [{statement['alignment']}] {statement['text']}")
    for funder in row["funders"]:
        ids = [i for award in funder["awards"] for i in award["award_ids"]]
        typer.echo(f"  - {funder['funder_name'] or '(no funder named)'}  {', '.join(ids)}")


def _require_mcp() -> None:
    from importlib.util import find_spec

    from models.errors import WorkbenchError

    if find_spec("mcp") is None:
        raise WorkbenchError(
            "The tools for language models need the package mcp.",
            "Install it: pip install 'funding-workbench[mcp]'",
        )


def _refuse_taken(host: str, port: int) -> None:
    """A taken port is told before anything is started."""
    import socket

    from models.errors import WorkbenchError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise WorkbenchError(
                f"Port {port} of {host} is not free.",
                "End the other program, or choose another with --port.",
            ) from error
