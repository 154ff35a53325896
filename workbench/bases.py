"""What a run can train on: the embedded base, a chain's, a folder in transformers' format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from db import adapters
from db.engine import reading
from models import catalog, chains, foundations
from models.backends import DEFAULT_TASKS
from models.errors import ModelUnavailable, WorkbenchError
from workbench.context import Context


@dataclass(frozen=True, slots=True)
class Below:
    """What a run trains on: a base of the catalog, or a `folder` in transformers' format."""

    name: str
    tasks: tuple[str, str]
    folder: Path | None = None

    @property
    def parameters(self) -> int | None:
        """How many a folder has; None of the embedded base, and where they cannot be read."""
        return foundations.parameters(self.folder) if self.folder else None


def find(ctx: Context, name: str | None) -> Below:
    """The base of that name or folder, without one the embedded base.

    Its tasks are those of its adapters here: a chain's own, and for a folder those that it is asked
    when it is opened alone. Corrections of another model, which answers other prompts, then do not
    count as its mistakes. Raises `ModelUnavailable`.
    """
    if name is None or name == catalog.default_base():
        return Below(catalog.default_base(), catalog.adapters()[catalog.default()].tasks)
    if name in catalog.bases():
        shipped = (it.tasks for it in catalog.adapters().values() if it.base == name)
        return Below(name, next(shipped, DEFAULT_TASKS))
    found = foundations.find(name, ctx.chains)
    foundations.refuse_unready(found)
    return Below(found.name, found.tasks, found.path)


def offered(ctx: Context) -> list[str]:
    """The bases whose files lie here: the catalog's, those under chains, and folders that adapters
    of the store were trained on.
    """
    with reading(ctx.engine) as session:
        used = [row.base for row in adapters.history(session)]
    known = dict.fromkeys([*catalog.bases(), *chains.chains(), *used])
    return [name for name in known if _is_ready(ctx, name)]


def _is_ready(ctx: Context, name: str) -> bool:
    try:
        find(ctx, name)
    except (ModelUnavailable, OSError):  # a folder that may not be looked into, too
        return False
    return True


def title(name: str) -> str:
    """What people call a base."""
    if name in catalog.bases():
        return catalog.bases()[name].title
    chain = foundations.chain_of(name)
    return chain.base if chain else Path(name).name


def weights(ctx: Context, name: str) -> Path:
    """A catalog base's weights as a transformers folder, made once. Raises `ModelUnavailable`."""
    base = catalog.bases()[name]
    if base.path is None:
        raise ModelUnavailable(f"The package {base.package} is not installed.", "Install it.")
    try:
        from models.merging import write_base

        return write_base(base.path, ctx.home / "models" / f"{base.name}.float32")
    except ImportError as error:
        raise WorkbenchError(
            "The trainer is not installed here.", "pip install 'funding-workbench[train]'"
        ) from error
