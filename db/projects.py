"""Which papers of a project several people read: a share of them, drawn by their content.

A paper's lot depends on nothing but its bytes, so a share that grows keeps the papers that it had.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict

from sqlmodel import Session, col, select, update

from db.columns import utc_now
from db.errors import StoreError
from db.tables import ProjectRow, ReadingRow, RecordRow

MOST_READERS = 3
CHUNK = 500
"""Records that one UPDATE names: SQLite counts the parameters of a statement."""


def settings(session: Session, project: str) -> ProjectRow:
    """How a project is read; the defaults where nobody chose."""
    return session.get(ProjectRow, project) or ProjectRow(name=project, changed_by="")


def readers_of(session: Session, project: str, sha256: str) -> int:
    """How many people are to read a document of this project."""
    chosen = settings(session, project)
    return chosen.readers if lot(sha256) < chosen.share else 1


def lot(sha256: str) -> float:
    """A document's place in [0, 100), drawn by its content.

    Hashed once more: the held-out split is drawn by the same sum, and both must not go together.
    """
    drawn = hashlib.sha256(f"double reading {sha256}".encode()).digest()
    return 100 * int.from_bytes(drawn[:8], "big") / 2**64


def choose_share(
    session: Session, project: str, *, share: int, readers: int = 2, actor: str
) -> int:
    """Have `share` per cent of a project's papers read by `readers`; returns how many papers wait.

    Holds for papers to come and for undecided ones that nobody has read yet: a paper that was
    begun blind is read blind to the end.
    """
    if not 0 <= share <= 100:
        raise StoreError(f"A share is from 0 to 100 per cent, not {share}.", "Choose another.")
    if not 2 <= readers <= MOST_READERS:
        raise StoreError(f"A paper is read by 2 or {MOST_READERS} people, not {readers}.", "")
    chosen = session.merge(settings(session, project))
    chosen.share, chosen.readers = share, readers
    chosen.changed_by, chosen.changed_at = actor, utc_now()
    session.flush()
    return _apply(session, chosen)


def _apply(session: Session, chosen: ProjectRow) -> int:
    """Give the papers that may still change their number of readers."""
    begun = select(ReadingRow.record_id)
    query = select(RecordRow.id, RecordRow.document_sha256, RecordRow.readers).where(
        RecordRow.project == chosen.name,
        RecordRow.status == "proposed",
        col(RecordRow.id).not_in(begun),
    )
    changed: dict[int, list[int]] = defaultdict(list)
    waiting = 0
    for record_id, sha256, readers in session.exec(query):
        wanted = chosen.readers if lot(sha256) < chosen.share else 1
        waiting += wanted > 1
        if wanted != readers:
            changed[wanted].append(record_id)
    for wanted, ids in changed.items():
        for start in range(0, len(ids), CHUNK):
            some = col(RecordRow.id).in_(ids[start : start + CHUNK])
            session.exec(update(RecordRow).where(some).values(readers=wanted))
    session.expire_all()
    return waiting
