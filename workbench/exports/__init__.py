"""What leaves the workbench: one module a format, each with its class as `FORMAT`."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from db.engine import connect, reading
from db.snapshots import freeze
from models.errors import WorkbenchError
from workbench.context import Context
from workbench.exchange.formats import Format, Unfit

ALIASES = {"jsonl": "gold", "dpo": "pairs"}


class UnknownFormat(WorkbenchError):
    """There is no export of that name."""


@cache
def formats() -> dict[str, type[Format]]:
    """The formats that ship, by name."""
    modules = (
        importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)
    )
    found: list[type[Format]] = [module.FORMAT for module in modules]
    return {of.name: of for of in sorted(found, key=lambda of: of.name)}


def names() -> list[str]:
    """The names of the formats."""
    return list(formats())


def open_format(name: str, options: Mapping[str, str] | None = None) -> Format:
    """A format by its name, with what was chosen for it."""
    of = formats().get(ALIASES.get(name, name))
    if of is None:
        raise UnknownFormat(f"There is no export {name!r}.", f"Known: {', '.join(names())}.")
    return of(options)


def pieces(ctx: Context, name: str, project: str | None = None) -> Iterator[bytes]:
    """An export as it goes over a wire: what does not fit is left out untold."""
    of = open_format(name)
    yield of.head()
    is_first = True
    with frozen(ctx) as path:
        engine = connect(path)
        try:
            with reading(engine) as session:
                for _, record in of.records(session, project, 0):
                    try:
                        body = of.write(record)
                    except Unfit:
                        continue
                    yield body if is_first else of.between + body
                    is_first = False
        finally:
            engine.dispose()
    yield of.tail()


def rows(ctx: Context, name: str, project: str | None = None) -> Iterator[dict[str, Any]]:
    """The objects of a format that is an object a line."""
    for piece in pieces(ctx, name, project):
        yield from map(json.loads, piece.splitlines())


@contextmanager
def frozen(ctx: Context) -> Iterator[Path]:
    """The store as it is now, in a file of its own until the end."""
    folder = ctx.home / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=folder) as scratch:
        yield freeze(ctx.engine, Path(scratch) / "store.sqlite3")
