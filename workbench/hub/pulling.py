"""A dataset from the Hub: compared row by row with the store, and brought in as gold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from db.engine import connect
from models.errors import WorkbenchError
from workbench.context import Context
from workbench.exports import frozen, open_format
from workbench.hub import names, shards
from workbench.hub.client import Hub, Standing
from workbench.imports.applying import Report, Wish, apply

EXAMPLES = 20
Kind = Literal["different", "misplaced", "not_here", "not_there"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row, or a record, that has no equal; `columns` are those that say something else."""

    kind: Kind
    sha256: str
    doi: str | None
    columns: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Verified:
    """How the rows of a revision and the decided records of the store stand to each other.

    `not_here` are rows whose paper is not decided here, `not_there` records that the Hub has no
    row of, `misplaced` rows that stand in another split than theirs, or twice. `differences` are
    the first of all of them.
    """

    repo: str
    commit: str
    rows: int = 0
    equal: int = 0
    different: int = 0
    not_here: int = 0
    not_there: int = 0
    misplaced: int = 0
    differences: list[Difference] = field(default_factory=list)

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
            _differs(found, "misplaced", sha, row["doi"])
        elif sha not in here:
            _differs(found, "not_here", sha, row["doi"])
        elif columns := shards.columns_between(here[sha][1], shards.digests(row)):
            _differs(found, "different", sha, row["doi"], columns)
        else:
            found.equal += 1
        seen.add(sha)
    for sha in sorted(here.keys() - seen):
        _differs(found, "not_there", sha, here[sha][0])
    return found


def _digests(ctx: Context, project: str | None) -> dict[str, tuple[str | None, bytes]]:
    """The DOI of each record of the store, and what it would be there."""
    with frozen(ctx) as store:
        engine = connect(store)
        try:
            rows = shards.rows(engine, project)
            return {row["sha256"]: (row["doi"], shards.digests(row)) for row in rows}
        finally:
            engine.dispose()


def _differs(
    found: Verified, kind: Kind, sha: str, doi: object, columns: Sequence[str] = ()
) -> None:
    setattr(found, kind, getattr(found, kind) + 1)
    if len(found.differences) < EXAMPLES:
        told = doi if isinstance(doi, str) else None
        found.differences.append(Difference(kind, sha, told, list(columns)))
