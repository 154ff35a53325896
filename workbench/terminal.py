"""What the commands share: options, checks of paths, and how results are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def tell(result: dict[str, Any], as_json: bool) -> None:
    """Print a result: a line for each of its values, or JSON."""
    if as_json:
        typer.echo(json.dumps(result, default=str))
        return
    for name, value in result.items():
        lines = list(map(str, value)) if isinstance(value, list) else [str(value)]
        typer.echo(f"{name.replace('_', ' ')}: " + ("\n  ".join(lines) if lines else "none"))


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print rows under their heads."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(*heads)
    for row in rows:
        shown.add_row(*row)
    Console().print(shown)


@contextmanager
def progress(total: int | None, what: str) -> Iterator[Any]:
    """A bar on the error stream where a person watches; call what it gives after each.

    `total` is None where nobody knows it.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        job = bar.add_task(what, total=total)
        yield lambda: bar.advance(job)


def must_exist(path: Path) -> None:
    """Raise `WorkbenchError` where there is no such file."""
    from models.errors import WorkbenchError

    if not path.is_file():
        raise WorkbenchError(f"There is no file {path}.", "Check the path.")


def must_be_writable(path: Path | None) -> None:
    """Raise `WorkbenchError` before the work, not after it; None is nothing to write."""
    from models.errors import WorkbenchError

    if path is None:
        return
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise WorkbenchError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place."
        ) from error
