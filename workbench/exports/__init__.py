"""What leaves the workbench: one module a format, named as the file, each with `rows`."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.errors import WorkbenchError
from workbench.context import Context


class UnknownFormat(WorkbenchError):
    """There is no export of that name."""


def names() -> list[str]:
    """The formats that ship."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def rows(ctx: Context, name: str, project: str | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a format, read from one snapshot of the store."""
    if name not in names():
        raise UnknownFormat(f"There is no export {name!r}.", f"Known: {', '.join(names())}.")
    found: Iterator[dict[str, Any]] = importlib.import_module(f"{__name__}.{name}").rows(
        ctx, project
    )
    return found


def lines(ctx: Context, name: str, project: str | None = None) -> Iterator[str]:
    """The rows as JSON Lines."""
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in rows(ctx, name, project))


def write(ctx: Context, name: str, target: Path, project: str | None = None) -> int:
    """Write a format to a file and return the number of rows; a file that is there is whole."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    count = 0
    try:
        with partial.open("w", encoding="utf-8") as out:
            for line in lines(ctx, name, project):
                out.write(line)
                count += 1
        partial.replace(target)
    except OSError as error:
        raise WorkbenchError(
            f"{target} cannot be written: {error.strerror}.", "Choose another place."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return count
