"""A dataset from the Hub: compared row by row with the store, and brought in as gold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from db.engine import connect
from models.errors import WorkbenchError
from workbench.context import Context
from workbench.exports import frozen, open_format
from workbench.hub import names, shards
from workbench.hub.client import Hub, Standing
from workbench.imports.applying import Report, Wish, apply

EXAMPLES = 20


@dataclass(slots=True)
class Verified:
    """How the rows of a revision and the decided records of the store stand to each other.

    `not_here` are rows whose paper is not decided here, `not_there` records that the Hub has no
    row of, `misplaced` rows that stand in another split than theirs, or twice.
    """

    repo: str
    commit: str
    rows: int = 0
    equal: int = 0
    different: int = 0
    not_here: int = 0
    not_there: int = 0
    misplaced: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether every row there is a record here, and says the same."""
        return not (self.different or self.not_here or self.misplaced)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came of a pull."""

    verified: Verified
    imported: Report | None

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **asdict(self.verified),
            "is_equal": self.verified.is_equal,
            "imported": asdict(self.imported) if self.imported else None,
        }


def verify(ctx: Context, hub: Hub, repo: str, revision: str, project: str | None) -> Verified:
    """Compare a revision with what the store holds now."""
    with _fetched(ctx, hub, repo, revision) as (at, folder, files):
        return _compare(ctx, at, folder, files, project)


def pull(
    ctx: Context, hub: Hub, repo: str, revision: str, wish: Wish, scope: str | None = None
) -> Pulled:
    """Compare a revision, then bring its rows in as gold; what curators decided stays."""
    with _fetched(ctx, hub, repo, revision) as (at, folder, files):
        verified = _compare(ctx, at, folder, files, scope)
        reader = open_format("parquet")
        entries = (entry for path in files for entry in reader.read(folder / path))
        return Pulled(verified, apply(ctx, entries, wish))


@contextmanager
def _fetched(
    ctx: Context, hub: Hub, repo: str, revision: str
) -> Iterator[tuple[Standing, Path, list[str]]]:
    at = hub.look(repo, "dataset", revision)
    if not at.exists:
        raise WorkbenchError(
            f"There is no dataset {repo}, or the token may not see it.", "Check the name."
        )
    files = sorted(filter(names.SHARD.fullmatch, at.files))
    if not files:
        raise WorkbenchError(
            f"{repo} holds no data of the workbench.", "Only datasets that it pushed are pulled."
        )
    scratch = ctx.home / "exports"
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".hub-", dir=scratch) as temporary:
        folder = Path(temporary)
        hub.fetch(at, files, folder)
        yield at, folder, files


def _compare(
    ctx: Context, at: Standing, folder: Path, files: list[str], project: str | None
) -> Verified:
    found = Verified(at.repo, at.sha or "")
    here = _digests(ctx, project)
    seen: set[str] = set()
    for split, row in shards.read(folder, files):
        sha = str(row["sha256"])
        found.rows += 1
        if sha in seen or split != shards.split(sha):
            found.misplaced += 1
            _example(found, f"{sha} is misplaced in {split}")
        elif sha not in here:
            found.not_here += 1
            _example(found, f"{sha} is not decided here")
        elif here[sha] == shards.digest(row):
            found.equal += 1
        else:
            found.different += 1
            _example(found, f"{sha} says something else")
        seen.add(sha)
    found.not_there = len(here.keys() - seen)
    return found


def _digests(ctx: Context, project: str | None) -> dict[str, bytes]:
    """What each record of the store would be there."""
    with frozen(ctx) as store:
        engine = connect(store)
        try:
            return {row["sha256"]: shards.digest(row) for row in shards.rows(engine, project)}
        finally:
            engine.dispose()


def _example(found: Verified, told: str) -> None:
    if len(found.examples) < EXAMPLES:
        found.examples.append(told)
