"""A dataset to the Hub: made from a copy of the store, compared, and pushed as one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from db.engine import connect, reading
from db.quality import Scope
from db.tables import AdapterRow
from models.errors import WorkbenchError
from workbench.context import Context
from workbench.desk.quality import report
from workbench.exports import frozen
from workbench.hub import names, shards
from workbench.hub.card import About, card
from workbench.hub.client import Hub, Standing
from workbench.hub.diff import Diff, compare
from workbench.hub.licences import Licences
from workbench.hub.plot import bars


@dataclass(frozen=True, slots=True)
class Wish:
    """What to push where. `allow` are licences that the person answers for."""

    repo: str
    project: str | None = None
    revision: str = "main"
    public: bool = False
    allow: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a push would do. `mark` stands for all of it: the same store and the same Hub."""

    wish: Wish
    at: Standing
    diff: Diff
    licences: Licences
    mark: str

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "repo": self.wish.repo,
            "revision": self.wish.revision,
            "exists": self.at.exists,
            "commit": self.at.sha,
            "private": self.at.private if self.at.exists else not self.wish.public,
            "user": self.at.user,
            **self.diff.told(),
            "published": dict(sorted(self.licences.published.items())),
            "left_out": dict(sorted(self.licences.left_out.items())),
            "mark": self.mark,
        }


def dry_run(ctx: Context, hub: Hub, wish: Wish) -> Plan:
    """What a push would change; nothing is sent."""
    with _planned(ctx, hub, wish) as (plan, _):
        return plan


def push(ctx: Context, hub: Hub, wish: Wish, seen: str | None = None) -> dict[str, Any]:
    """Push what differs; with `seen`, the mark of a plan, only if that is still what would be."""
    with _planned(ctx, hub, wish) as (plan, folder):
        if seen is not None and seen != plan.mark:
            raise WorkbenchError(
                "The store or the Hub changed since it was compared.", "Compare again, then push."
            )
        told = plan.told()
        if plan.diff.is_empty:
            return told | {"pushed": False, "url": None}
        _may_be_seen(plan)
        rows = sum(split.rows for split in plan.diff.splits.values())
        url = hub.commit(
            plan.at,
            folder,
            list(plan.diff.upload),
            plan.diff.delete,
            f"{rows} records from the Funding Workbench",
            private=not wish.public,
        )
        return told | {"pushed": True, "url": url}


def _may_be_seen(plan: Plan) -> None:
    if plan.at.exists and not plan.at.private and not plan.wish.public:
        raise WorkbenchError(
            f"{plan.wish.repo} is public: everybody would see it.",
            "Say --public (on the page: Public) if that is meant, or make it private on the Hub.",
        )


@contextmanager
def _planned(ctx: Context, hub: Hub, wish: Wish) -> Iterator[tuple[Plan, Path]]:
    names.repo(wish.repo)
    names.revision(wish.revision)
    at = hub.look(wish.repo, "dataset", wish.revision)
    if not at.exists and wish.revision != "main":
        raise WorkbenchError(
            f"{wish.repo} does not exist yet, and begins with main.", "Leave the revision out."
        )
    scratch = ctx.home / "exports"
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".hub-", dir=scratch) as temporary, frozen(ctx) as store:
        ours, theirs = Path(temporary) / "ours", Path(temporary) / "theirs"
        ours.mkdir()
        theirs.mkdir()
        engine = connect(store)
        try:
            made, licences = _make(engine, wish, ours)
        finally:
            engine.dispose()
        diff = compare(hub, at, ours, made, theirs)
        yield Plan(wish, at, diff, licences, _mark(wish, at, ours)), ours


def _make(engine: Engine, wish: Wish, folder: Path) -> tuple[shards.Made, Licences]:
    licences = Licences.allowing(wish.allow)
    made = shards.write(engine, wish.project, folder, licences)
    if not made.rows:
        raise _nothing(licences)
    (folder / names.PLOT).parent.mkdir()
    title = "The funders named in most papers"
    (folder / names.PLOT).write_text(bars(title, made.funders), "utf-8")
    (folder / names.CARD).write_text(card(made, licences, _about(engine, wish)), "utf-8")
    return made, licences


def _nothing(licences: Licences) -> WorkbenchError:
    if not licences.left_out:
        return WorkbenchError("No record is decided yet.", "Decide papers first.")
    told = ", ".join(f"{name} ({n})" for name, n in sorted(licences.left_out.items()))
    return WorkbenchError(
        f"No record has a licence that lets it be published: {told}.",
        "Enter the papers' licences, or answer for one with --allow-licence.",
    )


def _about(engine: Engine, wish: Wish) -> About:
    found = report(engine, Scope(project=wish.project), {}, lambda share: None).sections
    with reading(engine) as session:
        rows = session.exec(select(AdapterRow).order_by(col(AdapterRow.name)))
        adapters = [
            {"name": row.name, "base": row.base, "parent": row.parent, "sha256": row.sha256}
            for row in rows
        ]
    return About(
        wish.repo,
        wish.project,
        wish.languages,
        found["agreement"],
        [row for row in found["model_errors"] if row["model"]],
        adapters,
    )


def _mark(wish: Wish, at: Standing, folder: Path) -> str:
    digest = hashlib.sha256(repr((asdict(wish), at.sha)).encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
