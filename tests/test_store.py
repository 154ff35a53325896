"""What the store promises, on real SQLite files: facts are added, none is lost, none rewritten."""

from __future__ import annotations

import hashlib
import pickle
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session, SQLModel, func, select

from db import jobs, store
from db.engine import connect, reading, writing
from db.errors import Conflict, EventReused, NotFound, NothingToUndo, StoreError
from db.gold import gold, golds
from db.listing import Filters, neighbours, queue
from db.migrations import head, is_ours, upgrade
from db.tables import DocumentRow, JobRow, ProposalRow, RevisionRow
from models.errors import WorkbenchError
from models.schemas import (
    Answer,
    Extraction,
    Funder,
    GroundedField,
    ModelCard,
    Page,
    Proposal,
    Statement,
)

EVENTS = count(1)
CARD = ModelCard(model="tiny", prompt_sha256="p", schema_sha256="s")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(tmp_path / "store.sqlite3")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def record_id(engine: Engine) -> int:
    return add(engine, "paper.pdf", proposal=proposed("Wellcome"))


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def document(name: str, text: str = "Funded by Wellcome.") -> DocumentRow:
    page = Page(number=1, width=600, height=800, start=0, end=len(text), reader="pdfium")
    return DocumentRow(
        sha256=sha(name),
        name=name,
        media_type="application/pdf",
        size=1,
        text=text,
        raw=text,
        pages=(page,),
    )


def proposed(*names: str, confidence: float | None = 0.5, absent: int = 0) -> Proposal:
    fields = tuple(
        GroundedField(
            path=f"/{index}/funder_name",
            value=name,
            span=None,
            alignment="absent" if index < absent else "exact",
            confidence=confidence,
        )
        for index, name in enumerate(names)
    )
    extraction = Extraction(raw="[]", funders=tuple(Funder(funder_name=name) for name in names))
    return Proposal(statements=(), extraction=extraction, fields=fields, card=CARD)


def said(*names: str) -> Answer:
    return Answer(funders=tuple(Funder(funder_name=name) for name in names))


def add(
    engine: Engine,
    name: str,
    text: str = "Funded by Wellcome.",
    project: str = "inbox",
    proposal: Proposal | None = None,
) -> int:
    with writing(engine) as session:
        record = store.add_document(session, document(name, text), project=project)
        if proposal:
            store.add_proposal(session, record.id, proposal)
        return record.id


def save(
    session: Session, record_id: int, verdict: Any = "accepted", **changes: Any
) -> RevisionRow:
    facts: dict[str, Any] = {
        "base_seq": store.record(session, record_id).head,
        "actor": "ada",
        "client_event_id": f"event-{next(EVENTS)}",
        "answer": said("Wellcome") if verdict in ("accepted", "corrected") else None,
    }
    return store.save_revision(session, record_id, verdict=verdict, **(facts | changes))


def undo(session: Session, record_id: int) -> RevisionRow:
    base = store.record(session, record_id).head
    event = f"event-{next(EVENTS)}"
    return store.undo(session, record_id, base_seq=base, actor="ada", client_event_id=event)


class TestTheFile:
    def test_every_connection_is_set_up_for_safe_sharing(self, engine: Engine) -> None:
        wanted = {
            "journal_mode": "wal",
            "busy_timeout": 30_000,
            "synchronous": 2,
            "foreign_keys": 1,
            "recursive_triggers": 1,
        }
        with reading(engine) as session:
            run = session.connection().exec_driver_sql
            assert {name: run(f"PRAGMA {name}").scalar() for name in wanted} == wanted

    def test_the_folder_is_made(self, tmp_path: Path) -> None:
        connect(tmp_path / "a" / "b" / "store.sqlite3").dispose()
        assert (tmp_path / "a" / "b" / "store.sqlite3").exists()

    @pytest.mark.parametrize("name", ["with space", "100%", "what?", "a#b", "ü"])
    def test_any_path_may_be_used(self, tmp_path: Path, name: str) -> None:
        engine = connect(tmp_path / name)
        upgrade(engine)
        engine.dispose()
        assert (tmp_path / name).exists()

    def test_a_url_names_the_same_file(self, engine: Engine, tmp_path: Path) -> None:
        add(engine, "paper.pdf")
        other = connect(f"sqlite:///{tmp_path}/store.sqlite3")
        with reading(other) as session:
            assert store.has_document(session, sha("paper.pdf"))
        other.dispose()

    @pytest.mark.parametrize("url", ["postgresql://host/base", "sqlite://", "://"])
    def test_another_url_is_refused(self, url: str) -> None:
        with pytest.raises(StoreError, match="SQLite file"):
            connect(url)

    def test_a_file_that_is_no_database_is_refused_and_left(self, tmp_path: Path) -> None:
        path = tmp_path / "store.sqlite3"
        path.write_bytes(b"not a database" * 1000)
        with pytest.raises(StoreError, match=r"store\.sqlite3 is not a Workbench store"):
            connect(path)
        assert path.read_bytes() == b"not a database" * 1000

    def test_a_folder_is_no_store(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="cannot be opened"):
            connect(tmp_path)

    def test_the_database_of_another_program_is_refused(self, tmp_path: Path) -> None:
        other = sqlite3.connect(tmp_path / "other.sqlite3")
        other.execute("CREATE TABLE notes (x)")
        other.close()
        engine = connect(tmp_path / "other.sqlite3")
        with pytest.raises(StoreError, match="another program"):
            upgrade(engine)
        engine.dispose()

    def test_a_store_of_a_newer_version_is_refused(self, engine: Engine) -> None:
        with writing(engine) as session:
            session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreError, match=r"newer version.*Update"):
            upgrade(engine)

    def test_a_store_that_was_not_set_up_says_so(self, tmp_path: Path) -> None:
        engine = connect(tmp_path / "new.sqlite3")
        with pytest.raises(StoreError, match=r"not set up.*[Uu]pgrade"), reading(engine) as session:
            store.record(session, 1)
        engine.dispose()

    def test_a_full_disk_is_said_and_nothing_is_half_kept(self, engine: Engine) -> None:
        with pytest.raises(StoreError, match=r"is full.*Free"), writing(engine) as session:
            run = session.connection().exec_driver_sql
            run(f"PRAGMA max_page_count = {run('PRAGMA page_count').scalar()}")
            store.add_document(session, document("big.pdf", "long text " * 100_000))
        engine.dispose()
        with reading(engine) as session:
            assert not store.has_document(session, sha("big.pdf"))

    def test_errors_are_of_the_one_tree(self) -> None:
        for kind in (Conflict, EventReused, NotFound, NothingToUndo):
            assert issubclass(kind, StoreError) and issubclass(kind, WorkbenchError)


class TestTheSchema:
    def test_the_steps_lead_to_what_the_classes_say(self, engine: Engine) -> None:
        from alembic.autogenerate import compare_metadata
        from alembic.runtime.migration import MigrationContext

        with engine.connect() as connection:
            options = {"compare_type": True, "include_name": is_ours}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, SQLModel.metadata) == []
            assert context.get_current_revision() == head()

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


class TestDocuments:
    def test_the_same_file_twice_is_one_document(self, engine: Engine) -> None:
        first = add(engine, "paper.pdf")
        with writing(engine) as session:
            again = document("paper.pdf")
            again.name = "paper (1).pdf"
            assert store.add_document(session, again, project="other").id == first
        with reading(engine) as session:
            assert store.document(session, sha("paper.pdf")).name == "paper.pdf"
            assert store.projects(session) == ["inbox"]

    def test_another_task_is_another_record_of_the_same_document(self, engine: Engine) -> None:
        first = add(engine, "paper.pdf")
        with writing(engine) as session:
            assert store.add_document(session, document("paper.pdf"), task="data").id != first
            assert session.exec(select(func.count()).select_from(DocumentRow)).one() == 1

    @pytest.mark.parametrize("bad", ["", "abc", "A" * 64, "g" * 64])
    def test_a_document_needs_a_sha256(self, engine: Engine, bad: str) -> None:
        row = document("paper.pdf")
        row.sha256 = bad
        with pytest.raises(ValueError, match="sha256"), writing(engine) as session:
            store.add_document(session, row)

    def test_what_is_not_there_is_said(self, engine: Engine) -> None:
        questions: list[Callable[[Session], object]] = [
            lambda session: store.record(session, 7),
            lambda session: store.document(session, "0" * 64),
            lambda session: jobs.job(session, 7),
            lambda session: neighbours(session, 7),
            lambda session: store.add_proposal(session, 7, proposed()),
            lambda session: save(session, 7, base_seq=0),
        ]
        for question in questions:
            with pytest.raises(NotFound), writing(engine) as session:
                question(session)

    @pytest.mark.parametrize(
        ("proposal", "confidence", "absent"),
        [
            (proposed(), None, 0),
            (proposed("A", "B", confidence=None), None, 0),
            (proposed("A", "B", confidence=0.5, absent=1), 0.5, 1),
            (
                proposed("A").model_copy(
                    update={"statements": (Statement(text="x", confidence=0.25),)}
                ),
                0.25,
                1,
            ),
        ],
        ids=["empty", "unknown", "absent", "a statement counts"],
    )
    def test_a_proposal_is_as_certain_as_its_least_certain_value(
        self, engine: Engine, proposal: Proposal, confidence: float | None, absent: int
    ) -> None:
        record_id = add(engine, "paper.pdf", proposal=proposal)
        with reading(engine) as session:
            row = store.newest_proposal(session, record_id)
            assert row and (row.confidence, row.absent) == (confidence, absent)


class TestHistory:
    def test_a_new_record_is_proposed(self, engine: Engine, record_id: int) -> None:
        with reading(engine) as session:
            assert store.status(session, record_id) == "proposed"
            assert store.answer(session, record_id) == said("Wellcome")
            assert gold(session, record_id) is None

    def test_a_revision_knows_what_it_changed(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            first = save(session, record_id, "corrected", answer=said("MRC"), accepted=["/0"])
            second = save(session, record_id, "corrected", answer=said("NIH"), lead_ms=7, note="n")
        with reading(engine) as session:
            proposal = store.newest_proposal(session, record_id)
            assert proposal and first.parent_proposal_id == proposal.id
            assert (first.before, first.after) == (said("Wellcome"), said("MRC"))
            assert (second.before, second.after) == (said("MRC"), said("NIH"))
            assert (first.parent_revision_id, second.parent_revision_id) == (None, first.id)
            kept = store.revisions(session, record_id)
            assert [row.seq for row in kept] == [1, 2]
            assert (kept[0].accepted, kept[1].lead_ms, kept[1].note) == (("/0",), 7, "n")
            assert store.record(session, record_id).head == 2

    def test_who_saves_over_an_unseen_revision_gets_it_instead(
        self, engine: Engine, record_id: int
    ) -> None:
        with writing(engine) as session:
            theirs = save(session, record_id, actor="bob")
        acts: list[Callable[[Session], RevisionRow]] = [
            lambda s: save(s, record_id, base_seq=0),
            lambda s: save(s, record_id, base_seq=2),
            lambda s: store.undo(s, record_id, base_seq=0, actor="a", client_event_id="u"),
        ]
        for act in acts:
            with pytest.raises(Conflict, match="bob saved") as caught, writing(engine) as session:
                act(session)
            assert caught.value.current and caught.value.current.id == theirs.id
            assert caught.value.current.after == said("Wellcome")
            assert pickle.loads(pickle.dumps(caught.value)).current.seq == 1

    def test_a_revision_from_the_future_is_a_conflict_with_nobody(
        self, engine: Engine, record_id: int
    ) -> None:
        with pytest.raises(Conflict) as caught, writing(engine) as session:
            save(session, record_id, base_seq=3)
        assert caught.value.current is None

    def test_the_same_event_is_kept_once(self, engine: Engine, record_id: int) -> None:
        saved = [self._send(engine, record_id) for _ in range(2)]
        assert saved[0].id == saved[1].id
        with reading(engine) as session:
            assert len(store.revisions(session, record_id)) == 1

    def test_an_event_of_another_act_is_an_error(self, engine: Engine, record_id: int) -> None:
        other = add(engine, "other.pdf")
        self._send(engine, record_id)
        with pytest.raises(EventReused), writing(engine) as session:
            save(session, other, client_event_id="once")
        with pytest.raises(EventReused), writing(engine) as session:
            store.undo(session, record_id, base_seq=1, actor="ada", client_event_id="once")

    def _send(self, engine: Engine, record_id: int) -> RevisionRow:
        with writing(engine) as session:
            return save(session, record_id, base_seq=0, client_event_id="once")

    @pytest.mark.parametrize(
        "changes",
        [
            {"base_seq": -1},
            {"lead_ms": -1},
            {"actor": " "},
            {"client_event_id": ""},
            {"verdict": "proposed"},
            {"verdict": "accepted", "answer": None},
            {"verdict": "corrected", "answer": None},
        ],
        ids=str,
    )
    def test_an_unsound_revision_is_refused(
        self, engine: Engine, record_id: int, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(ValueError), writing(engine) as session:
            save(session, record_id, **changes)

    def test_no_funding_is_an_empty_answer(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            assert save(session, record_id, "no_funding", answer=said("MRC")).after == Answer()

    def test_there_is_nothing_to_undo_before_the_first_decision(
        self, engine: Engine, record_id: int
    ) -> None:
        with pytest.raises(NothingToUndo), writing(engine) as session:
            undo(session, record_id)

    @pytest.mark.parametrize(
        ("acts", "status", "answer", "gold_seq"),
        [
            ("A", "accepted", "A1", 1),
            ("A s", "skipped", "A1", 1),
            ("A f", "flagged", "A1", 1),
            ("s", "skipped", "proposal", None),
            ("A u", "proposed", "proposal", None),
            ("A s u", "accepted", "A1", 1),
            ("A s u u", "proposed", "proposal", None),
            ("A C", "corrected", "C2", 2),
            ("A C u", "accepted", "A1", 1),
            ("A C u u", "proposed", "proposal", None),
            ("A C u C", "corrected", "C4", 4),
            ("A C u C u", "accepted", "A1", 1),
            ("A u C u", "proposed", "proposal", None),
            ("A u s", "skipped", "proposal", None),
            ("N", "no_funding", "nothing", 1),
            ("A N u", "accepted", "A1", 1),
            ("N s C u u", "no_funding", "nothing", 1),
            ("I", "accepted", "I1", 1),
            ("I u", "proposed", "proposal", None),
        ],
    )
    def test_an_undo_goes_back_and_gold_outlives_a_skip(
        self,
        engine: Engine,
        record_id: int,
        acts: str,
        status: str,
        answer: str,
        gold_seq: int | None,
    ) -> None:
        answers = {"proposal": said("Wellcome"), "nothing": Answer()}
        for seq, act in enumerate(acts.split(), 1):
            with writing(engine) as session:
                play(session, record_id, act, said(f"{act}{seq}"))
        with reading(engine) as session:
            found = gold(session, record_id)
            assert store.status(session, record_id) == status
            assert store.answer(session, record_id) == answers.get(answer, said(answer))
            assert (found.seq if found else None) == gold_seq
            assert [g.revision.seq for g in golds(session)] == ([gold_seq] if gold_seq else [])

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(acts=st.lists(st.sampled_from("ACNsfuuu"), max_size=12))
    def test_any_sequence_of_acts_agrees_with_a_plain_stack(
        self, engine: Engine, acts: list[str]
    ) -> None:
        record_id = add(engine, f"{next(EVENTS)}.pdf", proposal=proposed("Wellcome"))
        stack: list[tuple[int, str, Answer | None]] = []
        seq = 0
        with writing(engine) as session:
            for act in acts:
                mine = said(f"{act}{seq + 1}")
                if act == "u" and not stack:
                    with pytest.raises(NothingToUndo):
                        play(session, record_id, act, mine)
                    continue
                seq = play(session, record_id, act, mine).seq
                if act == "u":
                    stack.pop()
                else:
                    before = stack[-1][2] if stack else None
                    after = {"A": mine, "C": mine, "N": Answer()}.get(act, before)
                    stack.append((seq, ACTS[act], after))
        with reading(engine) as session:
            kept = [entry for entry in stack if entry[1] in ("accepted", "corrected", "no_funding")]
            found = gold(session, record_id)
            assert store.status(session, record_id) == (stack[-1][1] if stack else "proposed")
            shown = stack[-1][2] if stack and stack[-1][2] is not None else said("Wellcome")
            assert store.answer(session, record_id) == shown
            assert (found and (found.seq, found.after)) == (
                (kept[-1][0], kept[-1][2]) if kept else None
            )

    def test_all_gold_comes_with_its_document_and_proposal(self, engine: Engine) -> None:
        ids = [add(engine, f"{n}.pdf", proposal=proposed(f"F{n}")) for n in range(120)]
        with writing(engine) as session:
            for record_id in ids[::2]:
                save(session, record_id)
            save(session, ids[1], "skipped")
        with reading(engine) as session:
            found = list(golds(session))
            assert [g.record.id for g in found] == ids[::2]
            assert all(g.proposal and g.proposal.record_id == g.record.id for g in found)
            assert found[3].document.name == "6.pdf" and found[3].document.raw
            assert list(golds(session, project="none")) == list(golds(session, task="none")) == []


ACTS = {"A": "accepted", "C": "corrected", "N": "no_funding", "s": "skipped", "f": "flagged"}


def play(session: Session, record_id: int, act: str, answer: Answer) -> RevisionRow:
    if act == "u":
        return undo(session, record_id)
    if act == "I":
        return save(session, record_id, "accepted", kind="import", answer=answer)
    return save(session, record_id, ACTS[act], answer=answer if act in "AC" else None)


class TestTogether:
    def test_of_eight_curators_at_once_nobody_loses_a_save(
        self, engine: Engine, record_id: int
    ) -> None:
        def curate(who: int) -> None:
            for nth in range(40):
                base, done = 0, False
                while not done:
                    try:
                        with reading(engine) as session:
                            base = store.record(session, record_id).head
                        with writing(engine) as session:
                            save(
                                session,
                                record_id,
                                base_seq=base,
                                actor=f"{who}",
                                client_event_id=f"{who}-{nth}",
                            )
                        done = True
                    except Conflict:
                        continue

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(curate, range(8)))
        with reading(engine) as session:
            kept = store.revisions(session, record_id)
            assert [row.seq for row in kept] == list(range(1, 321))
            assert {row.client_event_id for row in kept} == {
                f"{who}-{nth}" for who in range(8) for nth in range(40)
            }

    def test_a_read_stays_at_its_moment(self, engine: Engine, record_id: int) -> None:
        with reading(engine) as early:
            with writing(engine) as session:
                save(session, record_id)
                store.add_document(session, document("later.pdf"))
            assert store.record(early, record_id).head == 0
            assert not store.has_document(early, sha("later.pdf"))
        with reading(engine) as late:
            assert store.record(late, record_id).head == 1

    def test_a_read_cannot_write(self, engine: Engine, record_id: int) -> None:
        with pytest.raises(StoreError, match="cannot be written"), reading(engine) as session:
            save(session, record_id)

    def test_a_write_that_raises_leaves_nothing(self, engine: Engine, record_id: int) -> None:
        with pytest.raises(RuntimeError), writing(engine) as session:
            save(session, record_id)
            raise RuntimeError
        with reading(engine) as session:
            assert store.revisions(session, record_id) == []
            assert store.record(session, record_id).head == 0


class TestTheQueue:
    @pytest.fixture
    def records(self, engine: Engine) -> dict[str, int]:
        papers: dict[str, tuple[str, str, Proposal | None]] = {
            "b-sure.pdf": ("inbox", "Funded by the ERC.", proposed("ERC", confidence=0.9)),
            "A-unsure.pdf": ("inbox", "100% paid by a_b grants", proposed("X", confidence=0.1)),
            "c-absent.pdf": ("inbox", "Österreich paid.", proposed("Y", confidence=0.8, absent=1)),
            "d-unknown.pdf": ("old", "Straße und\nForschung", proposed("Z", confidence=None)),
            "e-waiting.pdf": ("old", 'No "money" at all', None),
        }
        return {
            name: add(engine, name, text, project, proposal)
            for name, (project, text, proposal) in papers.items()
        }

    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            (Filters(), "c d A b e"),
            (Filters(sort="newest"), "e d c A b"),
            (Filters(sort="oldest"), "b A c d e"),
            (Filters(sort="name"), "A b c d e"),
            (Filters(project="old"), "d e"),
            (Filters(project="none"), ""),
            (Filters(task="none"), ""),
            (Filters(q="erc", sort="name"), "b"),
            (Filters(q="UNSURE"), "A"),
            (Filters(q="un", sort="name"), "A b d"),
            (Filters(q="%"), "A"),
            (Filters(q="100%"), "A"),
            (Filters(q="a_b"), "A"),
            (Filters(q="_"), "A"),
            (Filters(q="österreich"), "c"),
            (Filters(q="ÖSTERREICH"), "c"),
            (Filters(q="und forsch"), "d"),
            (Filters(q="forsch money"), ""),
            (Filters(q='"money"'), "e"),
            (Filters(q="' OR 1=1 --"), ""),
            (Filters(q="\\"), ""),
            (Filters(q="/"), ""),
            (Filters(q="paidby"), ""),
            (Filters(q="pdf", sort="name"), "A b c d e"),
            (Filters(q="\0 \t"), "c d A b e"),
            (Filters(q="x" * 9_999), ""),
            (Filters(status="accepted", sort="name"), "b"),
            (Filters(status="proposed", sort="name"), "c d e"),
            (Filters(status="skipped", q="100%"), "A"),
        ],
        ids=str,
    )
    def test_filters_and_orders(
        self, engine: Engine, records: dict[str, int], filters: Filters, names: str
    ) -> None:
        with writing(engine) as session:
            save(session, records["b-sure.pdf"])
            save(session, records["A-unsure.pdf"], "skipped")
        with reading(engine) as session:
            page = queue(session, filters)
            assert " ".join(item.name[0] for item in page.items) == names
            assert page.total == len(names.split())

    def test_an_unknown_order_is_a_mistake(self, engine: Engine) -> None:
        with pytest.raises(ValueError, match="unknown sort"), reading(engine) as session:
            queue(session, Filters(sort="best"))  # type: ignore[arg-type]

    def test_counts_are_of_every_status_whatever_the_status_asked_for(
        self, engine: Engine, records: dict[str, int]
    ) -> None:
        with writing(engine) as session:
            save(session, records["b-sure.pdf"])
            undo(session, records["b-sure.pdf"])
            save(session, records["A-unsure.pdf"], "flagged")
        with reading(engine) as session:
            page = queue(session, Filters(status="flagged"))
            assert page.total == 1
            assert {k: n for k, n in page.counts.items() if n} == {"proposed": 4, "flagged": 1}
            assert set(queue(session, Filters(q="nowhere")).counts.values()) == {0}

    def test_pages_follow_each_other(self, engine: Engine, records: dict[str, int]) -> None:
        with reading(engine) as session:
            pages = [queue(session, offset=at, limit=2) for at in (0, 2, 4, 6)]
            assert [len(page.items) for page in pages] == [2, 2, 1, 0]
            assert len({item.id for page in pages for item in page.items}) == 5
            with pytest.raises(ValueError):
                queue(session, offset=-1)

    def test_a_line_shows_the_answer_and_the_newest_job(
        self, engine: Engine, records: dict[str, int]
    ) -> None:
        record_id = records["c-absent.pdf"]
        with writing(engine) as session:
            jobs.enqueue(session, "read", "c", record_id=record_id)
            newest = jobs.enqueue(session, "propose", "c", record_id=record_id)
            jobs.fail(session, newest.id, "no model")
        with reading(engine) as session:
            line = queue(session, limit=1).items[0]
            assert (line.id, line.confidence, line.absent, line.pages) == (record_id, 0.8, 1, 1)
            assert (line.n_statements, line.n_funders, line.head) == (0, 1, 0)
            assert line.job and (line.job.state, line.job.error) == ("failed", "no model")
        with writing(engine) as session:
            save(session, record_id, "corrected", answer=said("P", "Q"))
        with reading(engine) as session:
            line = queue(session, limit=1).items[0]
            assert (line.n_funders, line.head, line.status) == (2, 1, "corrected")

    def test_neighbours_walk_the_queue(self, engine: Engine, records: dict[str, int]) -> None:
        order = [records[name] for name in sorted(records, key=str.lower)]
        with reading(engine) as session:
            for at, record_id in enumerate(order):
                place = neighbours(session, record_id, Filters(sort="name"))
                assert (place.index, place.total) == (at + 1, 5)
                assert place.previous == (order[at - 1] if at else None)
                assert place.next == (order[at + 1] if at < 4 else None)

    @pytest.mark.parametrize("filters", [Filters(status="proposed"), Filters(q="erc | österreich")])
    def test_a_record_that_left_the_queue_keeps_its_place(
        self, engine: Engine, records: dict[str, int], filters: Filters
    ) -> None:
        record_id = records["d-unknown.pdf"]
        with writing(engine) as session:
            save(session, record_id)
        with reading(engine) as session:
            place = neighbours(session, record_id, filters)
            inside = [item.id for item in queue(session, filters).items]
            assert record_id not in inside and place.total == len(inside) + 1
            assert place.next in (*inside, None) and place.previous in (*inside, None)


class TestJobs:
    def test_a_job_from_queue_to_done(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            made = jobs.enqueue(session, "read", "a.pdf", path="/in/a", project="p")
            assert (made.state, jobs.active_jobs(session)) == ("queued", 1)
        with writing(engine) as session:
            taken = jobs.claim(session, ["read"])
            assert taken and (taken.id, taken.state, taken.attempts) == (made.id, "running", 1)
            assert jobs.claim(session, ["read"]) is None
            jobs.progress(session, taken.id, 0.5)
        with writing(engine) as session:
            assert jobs.job(session, made.id).progress == 0.5
            jobs.finish(session, made.id, record_id)
        with reading(engine) as session:
            newest = jobs.newest_job(session, record_id)
            assert newest and (newest.id, newest.state, newest.progress) == (made.id, "done", 1.0)
            assert newest.finished_at and jobs.active_jobs(session) == 0

    def test_the_oldest_of_the_kind_comes_first(self, engine: Engine) -> None:
        with writing(engine) as session:
            jobs.enqueue(session, "propose", "x")
            names = [jobs.enqueue(session, "read", f"{n}").name for n in range(3)]
            taken = [job.name for job in iter(lambda: jobs.claim(session, ["read"]), None)]
            assert taken == names
            assert [job.name for job in jobs.recent_jobs(session, limit=2)] == ["2", "1"]

    def test_an_upload_sent_twice_is_one_job(self, engine: Engine) -> None:
        with writing(engine) as session:
            ids = {jobs.enqueue(session, "read", "a", client_event_id="e").id for _ in range(2)}
            assert len(ids) == 1
            with pytest.raises(EventReused):
                jobs.enqueue(session, "propose", "a", client_event_id="e")

    def test_no_job_is_given_to_two_workers(self, engine: Engine) -> None:
        with writing(engine) as session:
            for n in range(60):
                jobs.enqueue(session, "read", f"{n}")
        start = threading.Barrier(2)

        def work(_: int) -> list[int]:
            start.wait()
            taken: list[int] = []
            while True:
                with writing(engine) as session:
                    job = jobs.claim(session, ["read"])
                if job is None:
                    return taken
                taken.append(job.id)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(work, range(2))
        assert len(first) + len(second) == len({*first, *second}) == 60

    def test_a_job_that_stops_the_worker_again_and_again_fails(self, engine: Engine) -> None:
        with writing(engine) as session:
            bad = jobs.enqueue(session, "read", "bad.pdf").id
            other = jobs.enqueue(session, "propose", "other").id
            jobs.claim(session, ["propose"])
        for attempt in (1, 2, 3):
            with writing(engine) as session:
                assert jobs.job(session, bad).state == "queued"
                jobs.claim(session, ["read"])
            with writing(engine) as session:
                assert [job.id for job in jobs.requeue_stale(session, ["read"])] == [bad]
                assert jobs.job(session, bad).attempts == attempt
        with writing(engine) as session:
            failed = jobs.job(session, bad)
            assert (failed.state, failed.error) == (
                "failed",
                "The worker stopped 3 times on bad.pdf.",
            )
            assert failed.hint and jobs.job(session, other).state == "running"
            again = jobs.retry(session, bad)
            assert (again.state, again.attempts, again.error) == ("queued", 0, None)

    def test_only_a_failed_job_is_tried_again(self, engine: Engine) -> None:
        with writing(engine) as session:
            waiting = jobs.enqueue(session, "read", "a")
            with pytest.raises(StoreError, match="not failed"):
                jobs.retry(session, waiting.id)

    @pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
    def test_progress_is_a_share(self, engine: Engine, share: float) -> None:
        with pytest.raises(ValueError), writing(engine) as session:
            jobs.progress(session, 1, share)
