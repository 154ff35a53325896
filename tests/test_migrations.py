"""What the schema promises: it is what the classes say, and history is never rewritten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.schema import CreateIndex
from sqlmodel import SQLModel

from db import store
from db.engine import connect, reading, writing
from db.migrations import head, is_ours, upgrade
from db.tables import JobRow, ProposalRow
from models.schemas import Proposal
from tests.stores import document, proposed, save, sha


class TestTheSchema:
    @pytest.mark.filterwarnings("ignore:.*expression-based index")  # the next test looks at it
    def test_the_steps_lead_to_what_the_classes_say(self, engine: Engine) -> None:
        from alembic.autogenerate import compare_metadata
        from alembic.runtime.migration import MigrationContext

        with engine.connect() as connection:
            options = {"compare_type": True, "include_name": is_ours}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, SQLModel.metadata) == []
            assert context.get_current_revision() == head()

    def test_an_index_of_expressions_is_what_the_class_says(self, engine: Engine) -> None:
        indexes = {it.name: it for it in SQLModel.metadata.tables["records"].indexes}
        with engine.connect() as connection:
            query = text("SELECT sql FROM sqlite_master WHERE name = 'ix_records_order'")
            made = connection.execute(query).scalar_one()
        assert made == str(CreateIndex(indexes["ix_records_order"]).compile(engine))

    def test_upgrading_twice_changes_nothing(self, engine: Engine, record_id: int) -> None:
        upgrade(engine)
        with reading(engine) as session:
            assert store.record(session, record_id).id == record_id

    def test_programs_that_start_together_upgrade_once(self, tmp_path: Path) -> None:
        def start(_: int) -> None:
            engine = connect(tmp_path / "new.sqlite3")
            upgrade(engine)
            engine.dispose()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(start, range(4)))

    @pytest.mark.parametrize("table", ["revisions", "proposals"])
    @pytest.mark.parametrize(
        "act",
        ["UPDATE {} SET created_at = ''", "DELETE FROM {}", "REPLACE INTO {0} SELECT * FROM {0}"],
    )
    def test_history_is_never_rewritten(
        self, engine: Engine, record_id: int, table: str, act: str
    ) -> None:
        with writing(engine) as session:
            save(session, record_id)
        with pytest.raises(IntegrityError, match="never rewritten"), writing(engine) as session:
            session.connection().exec_driver_sql(act.format(table))

    @pytest.mark.parametrize(
        ("table", "values"),
        [
            (ProposalRow, {"proposal": {"statements": "none"}}),
            (ProposalRow, {"proposal": Proposal.model_construct(statements="none")}),
            (JobRow, {"name": "x", "kind": "dream"}),
            (JobRow, {"name": "x", "kind": "read", "state": "lost"}),
            (JobRow, {"name": "x", "kind": "read", "created_at": datetime(2026, 1, 1)}),
        ],
        ids=["a dict", "an unchecked instance", "kind", "state", "a time without zone"],
    )
    def test_a_column_checks_what_it_stores(
        self, engine: Engine, record_id: int, table: type[SQLModel], values: dict[str, Any]
    ) -> None:
        with pytest.raises((StatementError, ValueError)) as caught, writing(engine) as session:
            session.add(table(record_id=record_id, **values))
        assert not isinstance(caught.value, IntegrityError)

    def test_values_come_back_as_they_were(self, engine: Engine) -> None:
        with writing(engine) as session:
            kept = store.add_document(session, document("ü.pdf", "Я\n\u2029"))
            proposal = store.add_proposal(session, kept.id, proposed("Ünïon", confidence=0.25))
        with reading(engine) as session:
            found = store.document(session, sha("ü.pdf"))
            again = store.newest_proposal(session, kept.id)
            assert (found.text, found.pages[0].reader) == ("Я\n\u2029", "pdfium")
            assert again and again.proposal == proposal.proposal
            assert again.created_at == proposal.created_at and again.created_at.tzinfo
