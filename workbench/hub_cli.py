"""`export hub`, `import hub`, `models push` and `models pull`: thin over `hub`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.terminal import Json, table, tell

if TYPE_CHECKING:
    from workbench.context import Context

Public = Annotated[bool, typer.Option("--public", help="For everybody to see; else private.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be pushed.")]
Revision = Annotated[str, typer.Option(help="Branch, tag or commit.")]
Repo = Annotated[str, typer.Argument(help="OWNER/NAME on the Hugging Face Hub.")]


def push(
    ctx: Context,
    repo: str | None,
    project: str | None,
    revision: str,
    public: bool,
    allow: tuple[str, ...],
    languages: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Compare the dataset with the Hub, and push what differs."""
    from workbench.hub import pushing
    from workbench.hub.client import Hub

    if repo is None:
        raise typer.BadParameter("name the repository: export hub OWNER/NAME")
    wish = pushing.Wish(repo, project, revision, public, allow, languages)
    told = pushing.dry_run(ctx, Hub(), wish).told() if dry_run else pushing.push(ctx, Hub(), wish)
    if as_json:
        typer.echo(json.dumps(told))
    else:
        _tell(told)


def _tell(told: dict[str, Any]) -> None:
    seen = "private" if told["private"] else "public"
    stands = f"at {told['commit'][:7]}" if told["exists"] else "to be made"
    typer.echo(f"{told['repo']} ({seen}, {stands})")
    rows: list[tuple[str, ...]] = [
        (name, *(str(split[key]) for key in ("rows", "added", "changed", "removed")))
        for name, split in told["splits"].items()
    ]
    table(("split", "rows", "added", "changed", "removed"), rows)
    for path, size in told["upload"].items():
        typer.echo(f"  upload {path} ({size:,} bytes)")
    for path in told["delete"]:
        typer.echo(f"  delete {path}")
    for line in told["card_diff"] if told["card"] == "changed" else ():
        typer.echo(f"  card {line}")
    for name, count in told["left_out"].items():
        typer.echo(f"{count} records left out, licence {name}: --allow-licence to overrule")
    if told["is_empty"]:
        typer.echo("Nothing differs.")
    elif told.get("pushed"):
        typer.echo(f"Pushed: {told['url']}")


def pull(
    ctx: Context,
    repo: str,
    revision: str,
    project: str,
    overwrite: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Compare a dataset of the Hub with the store, and bring it in; status 1 where it differs."""
    from dataclasses import asdict

    from workbench.hub import pulling
    from workbench.hub.client import Hub
    from workbench.imports.applying import Wish

    if dry_run:
        found = pulling.verify(ctx, Hub(), repo, revision, None)
        tell(asdict(found) | {"is_equal": found.is_equal}, as_json)
        if not found.is_equal:
            raise typer.Exit(1)
        return
    pulled = pulling.pull(ctx, Hub(), repo, revision, Wish(project, overwrite=overwrite))
    tell(pulled.told(), as_json)
    if pulled.imported and pulled.imported.errors:
        raise typer.Exit(1)


def push_adapter(
    name: Annotated[str, typer.Argument(help="An adapter of the store, or a folder.")],
    repo: Repo,
    revision: Revision = "main",
    public: Public = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put an adapter with its card and scores on the Hugging Face Hub."""
    from workbench.context import Context, Settings
    from workbench.hub import adapters
    from workbench.hub.client import Hub

    ctx = Context(Settings())
    told = adapters.push(
        ctx, Hub(), name, repo, public=public, revision=revision, dry_run=dry_run
    )  # fmt: skip
    tell(told, as_json)


def pull_adapter(
    repo: Repo,
    revision: Revision = "main",
    name: Annotated[str | None, typer.Option(help="What it is called here.")] = None,
    as_json: Json = False,
) -> None:
    """Bring an adapter of the Hugging Face Hub in, as a candidate."""
    from workbench.context import Context, Settings
    from workbench.hub import adapters
    from workbench.hub.client import Hub

    tell(adapters.pull(Context(Settings()), Hub(), repo, revision, name), as_json)
