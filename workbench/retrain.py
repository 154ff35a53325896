"""The Retrain button: what it would train on, and how a run begins. `workbench train auto` too.

A run is made from a frozen copy of the store; the trainer's process never sees the store itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from db import adapters, gold
from db import runs as rows
from db.engine import connect, reading
from db.snapshots import freeze
from models import catalog
from models.errors import WorkbenchError
from models.schemas import Answer
from training import planning, presets
from training import run as folders
from training.curated import Decided, RunData, collect
from workbench import bases, devices, runs
from workbench.context import Context

if TYPE_CHECKING:
    from db.tables import TrainingRunRow


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run would be; without a plan, `reason` says what is missing.

    `new` papers were decided, or decided otherwise, since the run `last` was made.
    """

    recipe: presets.Preset
    base: str
    plan: planning.Plan | None
    decided: int
    reason: str = ""
    new: int = 0
    last: int | None = None


def outlook(ctx: Context, recipe: str = presets.AUTO, base: str | None = None) -> Outlook:
    """What a run by that recipe on that base would be now.

    Raises `ModelUnavailable` for a base that is not there.
    """
    chosen = presets.load(recipe)
    below = bases.find(ctx, base or chosen.base)
    with _data(ctx, chosen.tasks or below.tasks) as (data, _):
        decided = data.trained_on + len(data.held_out) + data.dropped
        try:
            made = _plan(ctx, data, chosen, below)
        except planning.TooLittle as error:
            return Outlook(chosen, below.name, None, decided, str(error))
        return Outlook(chosen, below.name, made, decided, "", *_new(ctx))


def start(ctx: Context, recipe: str = presets.AUTO, base: str | None = None) -> TrainingRunRow:
    """Freeze what is decided, queue a run on it, and start that if nothing else runs.

    `base` is a name of the catalog or a transformers folder; without one it is the recipe's, else
    the embedded one. Raises `WorkbenchError` where there is too little to learn from, no trainer
    or no such base.
    """
    chosen = presets.load(recipe)
    below = bases.find(ctx, base or chosen.base)
    with _data(ctx, chosen.tasks or below.tasks) as (data, sha256):
        try:
            made = _plan(ctx, data, chosen, below)
        except planning.TooLittle as error:
            raise WorkbenchError(str(error), "Review some papers first.") from error
        weights = below.folder or bases.weights(ctx, below.name)
        row = runs.queue(
            ctx,
            chosen.name,
            weights,
            made.phases,
            sha256,
            base_name=below.name,
            parent=_parent(ctx, below),
            live=live_adapter(ctx)[1],
            tasks=made.tasks,
            fresh=chosen.start == "base",
            threads=ctx.settings.threads,
            devices=devices.to_train_on(ctx.settings.train_devices),
            held_out=planning.held_out_rows(data.held_out),
        )
    return runs.start_queued(ctx) or row


def live_adapter(ctx: Context) -> tuple[str, Path]:
    """Name and folder of the adapter in use: the store's, else the one that ships."""
    used = ctx.adapter_in_use()
    return (used.name, Path(used.folder)) if used is not None else _shipped()


def _parent(ctx: Context, below: bases.Below) -> tuple[str, Path] | None:
    """Name and folder of the base's live adapter; only the embedded base has one that ships."""
    with reading(ctx.engine) as session:
        live = adapters.live(session, below.name)
    if live is not None and Path(live.folder).is_dir():
        return live.name, Path(live.folder)
    return _shipped() if below.name == catalog.default_base() else None


def _shipped() -> tuple[str, Path]:
    shipped = catalog.adapters()[catalog.default()]
    return shipped.name, shipped.path


def _new(ctx: Context) -> tuple[int, int | None]:
    """How many papers were decided since the newest finished run was made, and its number."""
    with reading(ctx.engine) as session:
        last = next((row for row in rows.recent_runs(session) if row.state == "finished"), None)
        if last is None:
            return 0, None
        return gold.decided_since(session, last.created_at, task="funding"), last.id


def _plan(ctx: Context, data: RunData, recipe: presets.Preset, below: bases.Below) -> planning.Plan:
    return planning.plan(
        data,
        recipe,
        tasks=recipe.tasks or below.tasks,
        tokens_per_second=_former_speed(ctx, below.name),
        cuda=devices.has_cuda(),
        max_steps=ctx.settings.train_steps,
        parameters=below.parameters,
    )


@contextmanager
def _data(ctx: Context, tasks: tuple[str, str]) -> Iterator[tuple[RunData, str]]:
    """The data of a run from a frozen copy of the store, and the copy's sha256."""
    ctx.home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=ctx.home, prefix=".snapshot-") as folder:
        frozen = freeze(ctx.engine, Path(folder) / "store.sqlite3")
        sha256 = folders.sha256_of(frozen)
        engine = connect(frozen)
        try:
            with reading(engine) as session:
                yield collect(_decided(session), *tasks), sha256
        finally:
            engine.dispose()


def _decided(session) -> Iterator[Decided]:  # type: ignore[no-untyped-def]
    for found in gold.golds(session, task="funding"):
        yield Decided(
            identity=found.document.sha256,
            text=found.document.text,
            answer=found.revision.after or Answer(),
            proposal=found.proposal.proposal if found.proposal else None,
            doi=found.document.doi,
            source={"record": found.record.id, "revision": found.revision.seq},
        )


def _former_speed(ctx: Context, base: str) -> float | None:
    """Trained tokens a second of the newest run on the base that got far enough to tell."""
    for folder in sorted((ctx.home / "runs").glob("*"), key=_changed, reverse=True):
        if (speed := planning.speed(folder)) and _base_of(folder) == base:
            return speed
    return None


def _base_of(folder: Path) -> str | None:
    try:
        return folders.load_spec(folder).base_name
    except WorkbenchError:
        return None


def _changed(folder: Path) -> float:
    return folder.stat().st_mtime
