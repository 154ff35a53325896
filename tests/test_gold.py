"""What counts as gold after any sequence of verdicts, undos and imports."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session

from db import store
from db.engine import reading, writing
from db.errors import NothingToUndo
from db.gold import gold, golds
from db.tables import RevisionRow
from models.schemas import Answer
from tests.stores import EVENTS, add, proposed, said, save, undo

ACTS = {"A": "accepted", "C": "corrected", "N": "no_funding", "s": "skipped", "f": "flagged"}


def play(session: Session, record_id: int, act: str, answer: Answer) -> RevisionRow:
    if act == "u":
        return undo(session, record_id)
    if act == "I":
        return save(session, record_id, "accepted", kind="import", answer=answer)
    return save(session, record_id, ACTS[act], answer=answer if act in "AC" else None)


class TestGold:
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
