"""What a look is worth and why: each reason alone, together, and as the store follows decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db import store
from db import worth as facts
from db.checks import check
from db.engine import reading, writing
from db.tables import Reason
from models.schemas import (
    Answer,
    Award,
    Extraction,
    Funder,
    GroundedField,
    ModelCard,
    Proposal,
    Statement,
)
from tests.stores import add, proposed, save, undo
from workbench.context import Context, Settings
from workbench.judging import Follower, at, judge_records, known, refresh
from workbench.worth import WEIGHTS, Known, audit_place, audited, is_audited, judge, shape

GOLD = Known.of(
    [("Wellcome Trust", "RG-1001"), ("Wellcome Trust", "RG-1002"), ("Wellcome Trust", "RG-1003")]
)


def said(
    *awards: tuple[str, str | None],
    text: str = "",
    sure: float | None = 1.0,
    alignment: Any = "exact",
    adapter: str | None = None,
) -> Proposal:
    """A proposal of funders with an award id each; every value with this confidence."""
    funders = tuple(
        Funder(funder_name=name, awards=(Award(award_ids=(award,)),) if award else ())
        for name, award in awards
    )
    values = [(f"/{i}/funder_name", name) for i, (name, _) in enumerate(awards)]
    values += [(f"/{i}/awards/0/award_ids/0", a) for i, (_, a) in enumerate(awards) if a]
    fields = tuple(
        GroundedField(path=path, value=value, span=None, alignment=alignment, confidence=sure)
        for path, value in values
    )
    statements = (Statement(text=text, alignment="exact", confidence=sure),) if text else ()
    card = ModelCard(model="m", adapter=adapter, prompt_sha256="p", schema_sha256="s")
    reply = Extraction(raw="", funders=funders)
    return Proposal(statements=statements, extraction=reply, fields=fields, card=card)


def unread() -> Proposal:
    broken = Extraction(raw="[{", funders=None, error="The reply is cut off.")
    return said().model_copy(update={"extraction": broken})


KNOWN_AWARD = ("Wellcome Trust", "RG-1001")


class TestTheJudgement:
    @pytest.mark.parametrize(
        ("proposal", "more", "kinds", "detail"),
        [
            (said(KNOWN_AWARD), {}, [], ""),
            (unread(), {}, ["unread"], "The reply is cut off."),
            (said(KNOWN_AWARD, alignment="absent"), {}, ["absent"], "Wellcome Trust (+1)"),
            (said(KNOWN_AWARD, alignment="fuzzy"), {}, ["fuzzy"], "Wellcome Trust (+1)"),
            (said(KNOWN_AWARD, alignment="normalised"), {}, [], ""),
            (said(KNOWN_AWARD, sure=0.5), {}, ["doubt"], "Wellcome Trust"),
            (said(KNOWN_AWARD, sure=None), {}, ["doubt"], "Wellcome Trust"),
            (said(("Bank of Mars", None)), {}, ["new_funder"], "Bank of Mars"),
            (said(("Wellcome  Trust", None)), {}, [], ""),
            (said(("wellcome trust", None)), {}, [], ""),
            (said(("Wellcome Trust", "12/34")), {}, ["odd_award"], "12/34"),
            (said(("Wellcome Trust", "XY-9876")), {}, [], ""),
            (said(), {"surest": 0.97}, ["missed"], "97"),
            (said(), {"surest": 0.5}, [], ""),
            (said(KNOWN_AWARD), {"other": said(KNOWN_AWARD, adapter="b")}, [], ""),
            (
                said(KNOWN_AWARD),
                {"other": said(("Wellcome Trust", "RG-1002"), adapter="b")},
                ["adapters"],
                "RG-1001 (+1)",
            ),
            (said(KNOWN_AWARD), {"other": unread()}, [], ""),
            (
                said(KNOWN_AWARD, text="By the Wellcome Trust (RG-1001) and the Sloan Foundation."),
                {},
                ["rules"],
                "Sloan Foundation",
            ),
            (
                said(KNOWN_AWARD, text="Funded by the Wellcome Trust (RG-1001, RG-1002)."),
                {},
                ["rules"],
                "RG-1002",
            ),
        ],
    )
    def test_each_reason(
        self, proposal: Proposal, more: dict[str, Any], kinds: list[str], detail: str
    ) -> None:
        judged = judge(proposal, GOLD, **more)
        assert [reason.kind for reason in judged.reasons] == kinds
        assert (judged.worth > 0) == bool(kinds)
        if kinds:
            assert judged.reasons[0].detail == detail
            assert judged.worth <= WEIGHTS[kinds[0]]

    def test_more_reasons_are_worth_more_and_the_weightiest_is_told_first(self) -> None:
        one = judge(said(("Bank of Mars", None)), GOLD)
        two = judge(said(("Bank of Mars", None), alignment="absent"), GOLD)
        assert one.worth < two.worth < 1
        assert [reason.kind for reason in two.reasons] == ["absent", "new_funder"]

    def test_many_half_sure_values_are_worth_more_than_one_less_sure(self) -> None:
        many = said(*((f"Fund {n}", None) for n in range(6)), sure=0.6)
        few = said(("Fund 1", None), sure=0.4)
        assert judge(many, Known()).worth > judge(few, Known()).worth

    def test_without_gold_no_funder_is_new(self) -> None:
        assert judge(said(("Bank of Mars", None)), Known()).reasons == ()

    def test_two_known_awards_are_too_few_for_a_pattern(self) -> None:
        gold = Known.of([("Fund", "A1"), ("Fund", "A2")])
        assert judge(said(("Fund", "77/88")), gold).reasons == ()

    def test_shapes(self) -> None:
        assert [shape(i) for i in ("EP/K0012", "ÅB-7", " 12 ")] == ["AA/A9999", "AA-9", "99"]


class TestTheAudit:
    def test_about_a_tenth_is_audited_and_always_the_same(self) -> None:
        from tests.stores import sha

        files = [sha(f"file {n}") for n in range(5_000)]
        chosen = [file for file in files if is_audited(file)]
        assert 400 < len(chosen) < 600
        assert chosen == [file for file in files if is_audited(file)]
        places = [audit_place(file) for file in chosen]
        assert 0.4 < sum(places) / len(places) < 0.6 and min(places) >= 0 and max(places) < 1

    def test_an_audited_paper_is_lifted_and_never_lowered(self) -> None:
        sure, unsure = judge(said(KNOWN_AWARD), GOLD), judge(unread(), GOLD)
        assert audited(sure, 0.4).worth == 0.4
        assert audited(unsure, 0.4).worth == unsure.worth
        assert audited(sure, 0.4).reasons == (Reason(kind="audit"),)

    def test_its_place_is_that_of_another_paper(self) -> None:
        assert [at([0.1, 0.2, 0.9], place) for place in (0.0, 0.34, 0.99)] == [0.1, 0.2, 0.9]
        assert at([], 0.9) == 0.0


class TestInTheStore:
    @pytest.fixture
    def ctx(self, tmp_path: Path) -> Context:
        return Context(Settings(home=tmp_path, actor="ada"))

    def worth(self, engine: Engine, record_id: int) -> tuple[float, list[str]]:
        with reading(engine) as session:
            row = store.record(session, record_id)
            return row.worth, [reason.kind for reason in row.reasons if reason.kind != "audit"]

    def test_refresh_judges_what_is_open_and_changes_no_decision(self, ctx: Context) -> None:
        engine = ctx.engine
        absent = add(engine, "a", proposal=proposed("X", confidence=1.0, absent=1))
        sure = add(engine, "b", proposal=proposed("Y", confidence=1.0))
        waiting = add(engine, "c")
        decided = add(engine, "d", proposal=proposed("Z", confidence=0.1))
        with writing(engine) as session:
            save(session, decided)
            before = [store.record(session, r).updated_at for r in (absent, sure)]
        assert refresh(ctx) == 2
        assert self.worth(engine, absent)[1] == ["absent", "new_funder"]
        assert self.worth(engine, sure)[1] == ["new_funder"]
        assert self.worth(engine, waiting) == self.worth(engine, decided) == (0.0, [])
        with reading(engine) as session:
            assert [store.record(session, r).updated_at for r in (absent, sure)] == before

    def test_another_adapter_s_older_proposal_is_heard(self, engine: Engine) -> None:
        record_id = add(engine, "a", proposal=said(KNOWN_AWARD, adapter="old"))
        with writing(engine) as session:
            store.add_proposal(session, record_id, said(("Wellcome Trust", None), adapter="new"))
            store.add_proposal(session, record_id, said(("Wellcome Trust", None), adapter="new"))
            judge_records(session, [record_id], Known())
        assert "adapters" in self.worth(engine, record_id)[1]

    def test_a_decision_makes_its_funder_known_and_an_undo_unknown_again(
        self, ctx: Context
    ) -> None:
        engine = ctx.engine
        text = "Funded by the Bank of Mars."
        first = add(engine, "1", text, proposal=proposed("Bank of Mars", confidence=1.0))
        second = add(engine, "2", text, proposal=proposed("Bank of Mars", confidence=1.0))
        other = add(engine, "3", "Funded by Wellcome.", proposal=proposed("Wellcome"))
        with writing(engine) as session:
            save(session, other)
        refresh(ctx)
        assert "new_funder" in self.worth(engine, second)[1]
        follower = Follower(ctx)
        assert follower.follow() == 0
        with writing(engine) as session:
            save(session, first, answer=Answer(funders=(Funder(funder_name="Bank of Mars"),)))
        assert follower.follow() == 1
        assert "new_funder" not in self.worth(engine, second)[1]
        with writing(engine) as session:
            undo(session, first)
        assert follower.follow() == 2
        assert "new_funder" in self.worth(engine, second)[1]

    def test_gold_is_known_by_funder_and_award(self, engine: Engine) -> None:
        gold = Answer(
            funders=(Funder(funder_name="A", awards=(Award(award_ids=("1", "2")),)), Funder())
        )
        record_id = add(engine, "a", proposal=proposed("A"))
        skipped = add(engine, "b", proposal=proposed("B"))
        with writing(engine) as session:
            save(session, record_id, "corrected", answer=gold)
            save(session, skipped, "skipped")
        with reading(engine) as session:
            assert facts.known_awards(session) == [("A", "1"), ("A", "2")]
            assert known(session).counts == {"a": 2}

    def test_worth_is_a_share_and_a_check_says_where_the_queue_is_wrong(self, ctx: Context) -> None:
        record_id = add(ctx.engine, "a", proposal=proposed("A"))
        with pytest.raises(ValueError, match="from 0 to 1"), writing(ctx.engine) as session:
            facts.keep(session, record_id, 1.5, ())
        for wrong in ("worth = 2", "status = 'accepted'", "absent = 7", "name = 'A'"):
            with writing(ctx.engine) as session:
                session.connection().exec_driver_sql(f"UPDATE records SET {wrong}")
            kinds = [problem.kind for problem in check(ctx.engine, ctx.files)]
            assert "queue" in kinds
            with writing(ctx.engine) as session:
                reset = "worth = 0, status = 'proposed', absent = 0, name = 'a'"
                session.connection().exec_driver_sql(f"UPDATE records SET {reset}")
            assert "queue" not in [p.kind for p in check(ctx.engine, ctx.files)]
