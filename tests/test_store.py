"""What the store promises, on real SQLite files: facts are added, none is lost, none rewritten."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, func, select

from db import jobs, store
from db.engine import reading, writing
from db.errors import Conflict, EventReused, NotFound, NothingToUndo
from db.gold import gold
from db.neighbours import neighbours
from db.tables import DocumentRow, RevisionRow
from models.schemas import Answer, Proposal, Statement
from tests.stores import add, document, proposed, said, save, sha, undo


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
