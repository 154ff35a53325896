"""`workbench export` and `workbench import`: thin over `exchange` and `imports`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench import hub_cli
from workbench.terminal import Json, table, tell

if TYPE_CHECKING:
    from workbench.context import Context
    from workbench.exchange.writing import Outcome

HUB: dict[str, Any] = {"rich_help_panel": "Hugging Face Hub"}
HEADS = ("field", "said", "kept", "no place", "lost", "why")


def import_(
    path: Annotated[Path, typer.Argument(help="A file, a folder of files, or `hub`.")],
    repo: Annotated[
        str | None, typer.Argument(help="OWNER/NAME on the Hugging Face Hub, after `hub`.")
    ] = None,
    name: Annotated[str, typer.Option("--format", help="The format, or auto.")] = "auto",
    project: Annotated[
        str, typer.Option(help="Name under which the papers are grouped.")
    ] = "inbox",
    what: Annotated[str, typer.Option("--as", help="gold, or proposals of a model.")] = "gold",
    model: Annotated[str, typer.Option(help="Whose proposals they are.")] = "imported",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also over what curators decided.")
    ] = False,
    revision: Annotated[str, typer.Option(help="Branch, tag or commit.", **HUB)] = "main",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare with the store only.", **HUB)
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring papers, gold or another model's proposals in; a curator's decision stays."""
    from models.errors import WorkbenchError
    from workbench import imports
    from workbench.imports.applying import Wish

    if what not in ("gold", "proposals"):
        raise typer.BadParameter("--as takes gold or proposals")
    if str(path) == "hub" and repo is not None:
        hub_cli.pull(_context(), repo, revision, project, overwrite, dry_run, as_json)
        return
    if repo is not None:
        raise typer.BadParameter("a repository is named after `hub`")
    if not path.exists():
        raise WorkbenchError(f"There is no file {path}.", "Check the path.")
    wish = Wish(project, "gold" if what == "gold" else "proposals", model, overwrite)
    report = imports.load(_context(), path, wish, name)
    tell(asdict(report), as_json)
    if report.errors:
        raise typer.Exit(1)


def export(
    name: Annotated[str, typer.Argument(metavar="FORMAT", help="See docs/exports.md, or `list`.")],
    repo: Annotated[
        str | None, typer.Argument(help="OWNER/NAME on the Hugging Face Hub, after `hub`.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
    project: Annotated[str | None, typer.Option(help="Only this project.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it was stopped.")] = False,
    split: Annotated[
        int, typer.Option(min=0, help="Records of a file; the output is a folder then.")
    ] = 0,
    option: Annotated[
        list[str] | None, typer.Option("--option", help="NAME=VALUE, such as bom=no.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="An XML file to put the funding into (jats, crossref).")
    ] = None,
    proof: Annotated[bool, typer.Option(help="Read it again and compare.")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what a push would change.", **HUB)
    ] = False,
    public: Annotated[
        bool, typer.Option("--public", help="For everybody to see; else private.", **HUB)
    ] = False,
    allow_licence: Annotated[
        list[str] | None,
        typer.Option(help="Publish records of this licence too, or `unknown`.", **HUB),
    ] = None,
    revision: Annotated[str, typer.Option(help="Branch to push to.", **HUB)] = "main",
    language: Annotated[
        list[str] | None, typer.Option(help="Of the papers, for the card: en.", **HUB)
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what was decided in a format of the field, and prove that nothing was lost."""
    from workbench import exports
    from workbench.exchange.writing import Spec
    from workbench.exchange.writing import export as write
    from workbench.texts import say

    if name == "list":
        known = exports.formats().values()
        rows: list[tuple[str, ...]] = [
            (of.name, of.suffix, say(f"exports.title.{of.name}")) for of in known
        ]
        table(("format", "file", "holds"), rows)
        return
    ctx = _context()
    if name == "hub":
        languages = tuple(language or ["en"])
        allow = tuple(allow_licence or ())
        hub_cli.push(ctx, repo, project, revision, public, allow, languages, dry_run, as_json)
        return
    if repo is not None:
        raise typer.BadParameter("a repository is named after `hub`")
    chosen = dict(_option(told) for told in option or [])
    of = exports.open_format(name, chosen)
    if into is not None:
        _put_into(ctx, of.name, into, output, as_json)
        return
    if output is None:
        for piece in exports.pieces(ctx, name, project):
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
        return
    spec = Spec(of.name, project, chosen, split)
    done = write(ctx.engine, of, spec, output, resume=resume, proof=proof)
    _tell(done, as_json)
    if done.proof and done.proof.lost:
        raise typer.Exit(1)


def _put_into(ctx: Context, name: str, into: Path, output: Path | None, as_json: bool) -> None:
    from models.errors import WorkbenchError
    from workbench.exchange.patching import patch_file

    if output is None:
        raise WorkbenchError("Where shall the patched file go?", "Name it with -o.")
    if not into.is_file():
        raise WorkbenchError(f"There is no file {into}.", "Check the path.")
    tell(asdict(patch_file(ctx.engine, name, into, output)), as_json)


def _tell(done: Outcome, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**done.told(), "rows": done.written, "output": done.target}))
        return
    typer.echo(f"{done.written} of {done.records} records written to {done.target}")
    for reason, count in done.unfit.items():
        typer.echo(f"  {count} left out: {reason}")
    if done.unfit_list:
        typer.echo(f"  listed in {done.unfit_list}")
    if done.proof:
        typer.echo(f"Read again: {done.proof.sentence()}")
        table(HEADS, proof_rows(done.proof.told()))
        for example in done.proof.examples:
            typer.secho(f"  {example}", fg="red", err=True)


def proof_rows(proof: dict[str, Any]) -> list[tuple[str, ...]]:
    """A proof as rows of a table."""
    return [
        (
            name.replace("_", " "),
            str(item["said"]),
            str(item["kept"]),
            str(item["no_place"]),
            str(item["lost"] + item["added"]),
            proof["why"].get(name, "") if item["no_place"] else "",
        )
        for name, item in proof["fields"].items()
    ]


def _option(told: str) -> tuple[str, str]:
    name, equals, value = told.partition("=")
    if not equals:
        raise typer.BadParameter(f"{told!r} is no NAME=VALUE")
    return name, value


def _context() -> Context:
    from workbench.context import Context, Settings

    return Context(Settings())
