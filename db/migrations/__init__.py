"""The store's schema, step by step: brings any older store up to this version of the code.

A new step is drafted from the tables with
`alembic.command.revision(config(connection), message, autogenerate=True)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from db.engine import explained
from db.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent


def upgrade(engine: Engine) -> None:
    """Bring the store to the newest schema, all steps or none; an up-to-date store is only read."""
    from alembic import command

    with explained(engine), engine.connect() as connection:
        if is_current(connection):
            return
    writer = engine.execution_options(begin="IMMEDIATE")
    # Another process may upgrade at the same time: the steps to take are found under the lock.
    with explained(engine), writer.begin() as connection:
        if not is_current(connection):
            command.upgrade(config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the store has the newest schema; raises `StoreError` where it can never have."""
    found = revision(connection)
    if found is not None and found not in known():
        raise StoreError(
            "The store was written by a newer version of the Workbench.", "Update the Workbench."
        )
    if found is None and _has_tables(connection):
        raise StoreError("The file is the database of another program.", "Choose another path.")
    return found == head()


def revision(connection: Connection) -> str | None:
    """The schema of the store, None for an empty one."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest schema that this version of the code knows."""
    return known()[0]


def known() -> tuple[str, ...]:
    """All schemas that this version of the code knows, the newest first."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(HERE)).walk_revisions()
    return tuple(script.revision for script in scripts)


def config(connection: Connection) -> Config:
    """Alembic's settings, with no file to keep."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(HERE).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is described by our classes: the tables of the search index are not."""
    return kind != "table" or not (name or "").startswith("record_search")


def _has_tables(connection: Connection) -> bool:
    return bool(connection.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1").first())
