"""The door to SQLite: connections set up alike, and the two kinds of transaction; no table.

Every write begins as `BEGIN IMMEDIATE`: eight threads of read-modify-write failed 424 times of
480 with a plain `BEGIN` and never so. Write-ahead logging lets readers go on meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlmodel import Session

from db.errors import StoreError

BUSY_MS = 30_000
OLDEST_SQLITE = (3, 35)
"""Full-text search by three-letter pieces (3.34) and RETURNING, which SQLAlchemy uses (3.35)."""

CAUSES: tuple[tuple[str, str, str], ...] = (
    ("not a database", "{} is not a Workbench store.", "Check the path, or restore a backup."),
    ("malformed", "The store {} is damaged.", "Restore the newest backup."),
    ("disk is full", "The disk of {} is full.", "Free some space and try again."),
    ("readonly database", "The store {} cannot be written.", "Check its folder's permissions."),
    ("unable to open", "The store {} cannot be opened.", "Check the path and its permissions."),
    ("disk I/O error", "The disk of {} reports an error.", "Check the disk, then run the check."),
    ("is locked", "The store {} is busy.", "Wait until the other program is done and try again."),
    ("no such table", "The store {} is not set up.", "Upgrade the store first."),
    ("no such column", "The store {} is of an older version.", "Upgrade the store first."),
)
"""Part of SQLite's message, what happened, what to do."""


def connect(url_or_path: str | Path) -> Engine:
    """An engine for the SQLite file at a path or `sqlite:///` URL, which is made if need be."""
    path = store_path(url_or_path)
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old.", "Install a Python with SQLite 3.35."
        )
    _make_parent(path)
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, pool_size=8, max_overflow=56)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    try:
        with reading(engine):
            return engine
    except BaseException:
        engine.dispose()
        raise


def store_path(url_or_path: str | Path) -> Path:
    """The file that a path or URL names, wherever the program goes later."""
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return Path(url_or_path).expanduser().absolute()
    try:
        url = make_url(url_or_path)
    except ArgumentError:
        url = None
    if url is None or not url.drivername.startswith("sqlite") or not url.database:
        raise StoreError(
            "The store is a SQLite file.", "Give its path, or sqlite:/// and its path."
        )
    return Path(url.database).absolute()


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One write transaction: kept when the block ends, undone when it raises."""
    bind = engine.execution_options(begin="IMMEDIATE")
    with explained(engine), Session(bind, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """The store as it is at this moment, whatever is written meanwhile. Writing here fails."""
    with explained(engine), Session(engine, expire_on_commit=False) as session:
        # A deferred transaction takes its snapshot at the first read, so read something.
        session.connection().exec_driver_sql("SELECT 1 FROM sqlite_schema").first()
        yield session


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn what SQLite says about the file into a `StoreError`; our own mistakes stay."""
    try:
        yield
    except (DBAPIError, sqlite3.DatabaseError) as error:
        cause = _cause(error)
        if cause is None:
            raise
        raise StoreError(cause[0].format(engine.url.database), cause[1]) from error


def _cause(error: Exception) -> tuple[str, str] | None:
    if isinstance(error, (IntegrityError, sqlite3.IntegrityError)):
        return None
    said = str(getattr(error, "orig", error))
    return next(((what, hint) for part, what, hint in CAUSES if part in said), None)


def _make_parent(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} cannot be made: {error.strerror}.", "Choose another folder."
        ) from error


def _set_up(connection: Any, _record: Any) -> None:
    # pysqlite begins transactions by itself, and plain ones; None leaves that to `_begin`.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        # Without it, REPLACE would delete a row without asking the append-only triggers.
        "recursive_triggers = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"PRAGMA query_only = {int(mode == 'DEFERRED')}")
    connection.exec_driver_sql(f"BEGIN {mode}")
