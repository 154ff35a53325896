"""Where readers differ: versions side by side without names, and the decision between them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from db import store
from db.engine import reading
from models.schemas import Answer
from models.scoring.alignment import align
from tests.stores import proposed
from tests.teams import Member, add_paper, answer, two_readers
from workbench.context import Context
from workbench.exports import rows

TEXT = "Funded by the Wellcome Trust (WT-1) and the NSF (N-22)."
ANA = answer(("Wellcome Trust", "WT-1"), ("NSF", "N-22"), statement=TEXT)
BEN = answer(("Wellcome Trust", "WT-7"), statement=TEXT)


@pytest.fixture
def as_(client: TestClient) -> Callable[..., Member]:
    return lambda name, role="curator": Member(client, name, role)


@pytest.fixture
def record(ctx: Context, as_: Callable[..., Member]) -> int:
    """A paper of which ana and ben say different things."""
    two_readers(ctx)
    record = add_paper(ctx, "paper.txt", TEXT, proposed("Wellcome"))
    assert as_("ana").decide(record, answer=ANA, note="sure").status_code == 201
    assert as_("ben").decide(record, answer=BEN).status_code == 201
    return record


def judgement(base: int = 0, **more: Any) -> dict[str, Any]:
    return {"base_seq": base, "answer": ANA, "client_event_id": uuid4().hex, **more}


class TestAlignment:
    def sides(self, *told: dict[str, Any]) -> list[tuple[str, list[str | None]]]:
        aligned = align([Answer.model_validate(one) for one in told])
        return [
            (kind, [cell.value if cell else None for cell in row]) for kind, row in aligned.rows()
        ]

    def test_every_value_of_every_side_stands_in_one_row(self) -> None:
        model = answer(("Wellcome", "WT-1"), ("Moon Bank", ""))
        assert self.sides(ANA, BEN, model) == [
            ("statement", [TEXT, TEXT, None]),
            ("funder", ["Wellcome Trust", "Wellcome Trust", "Wellcome"]),
            ("award_id", ["WT-1", "WT-7", "WT-1"]),
            ("funder", ["NSF", None, None]),
            ("award_id", ["N-22", None, None]),
            ("funder", [None, None, "Moon Bank"]),
        ]

    def test_funders_whose_names_differ_meet_by_an_award_id(self) -> None:
        long = answer(("National Science Foundation", "DMS 1"))
        assert self.sides(answer(("NSF", "DMS-1")), long)[0] == (
            "funder",
            ["NSF", "National Science Foundation"],
        )

    def test_awards_without_likeness_stay_apart(self) -> None:
        def given(*ids: str) -> dict[str, Any]:
            awards = [{"award_ids": [id]} for id in ids]
            return {"funders": [{"funder_name": "NSF", "awards": awards}]}

        assert self.sides(given("AAA", "B2"), given("B2", "999")) == [
            ("funder", ["NSF", "NSF"]),
            ("award_id", ["AAA", None]),
            ("award_id", ["B2", "B2"]),
            ("award_id", [None, "999"]),
        ]

    def test_values_point_into_their_own_side(self) -> None:
        told = answer(("Moon Bank", "X"), ("Wellcome Trust", "WT-1"))
        aligned = align([Answer.model_validate(ANA), Answer.model_validate(told)])
        cells = [row[1] for _, row in aligned.rows() if row[1] and row[1].value == "WT-1"]
        assert [cell.path for cell in cells if cell] == ["/1/awards/0/award_ids/0"]


class TestTheView:
    def test_names_stay_hidden_and_the_order_stays(
        self, record: int, as_: Callable[..., Member]
    ) -> None:
        told = [as_("dora", "adjudicator").get(f"/api/adjudicate/{record}") for _ in range(3)]
        assert len({reply.text for reply in told}) == 1
        assert '"ana"' not in told[0].text and '"ben"' not in told[0].text
        payload = told[0].json()
        assert [side["name"] for side in payload["sides"]] == ["A", "B", "model"]

    def test_what_readers_agree_on_is_marked_whatever_the_model_said(
        self, record: int, as_: Callable[..., Member]
    ) -> None:
        payload = as_("dora", "adjudicator").get(f"/api/adjudicate/{record}").json()
        assert payload["statements"][0]["agreed"]
        wellcome, nsf = payload["funders"]
        assert wellcome["name"]["agreed"] and not nsf["name"]["agreed"]
        (award,) = wellcome["awards"]
        assert not award[0]["agreed"]
        values = {o["value"]: o["alignment"] for o in award[0]["options"] if o}
        assert values == {"WT-1": "exact", "WT-7": "absent"}

    def test_the_list_has_what_waits_for_this_person(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        told = as_("dora", "adjudicator").get("/api/adjudicate").json()
        assert [paper["id"] for paper in told["papers"]] == [record]
        assert told["for_others"] == 0
        assert "ana" not in json.dumps(told)
        own = as_("ana", "admin").get("/api/adjudicate").json()
        assert own == {"papers": [], "for_others": 1}

    @pytest.mark.parametrize("role", ["viewer", "curator"])
    def test_others_see_and_decide_nothing(
        self, ctx: Context, record: int, as_: Callable[..., Member], role: str
    ) -> None:
        member = as_("cleo", role)
        assert member.get("/api/adjudicate").status_code == 403
        assert member.get(f"/api/adjudicate/{record}").status_code == 403
        assert member.post(f"/api/adjudicate/{record}", judgement()).status_code == 403
        assert list(rows(ctx, "gold")) == []

    def test_a_reader_does_not_judge_their_own_paper(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        ana = as_("ana", "admin")
        assert ana.get(f"/api/adjudicate/{record}").status_code == 403
        assert ana.post(f"/api/adjudicate/{record}", judgement()).status_code == 403
        assert list(rows(ctx, "gold")) == []

    def test_a_paper_that_still_waits_for_a_reader_is_not_shown(
        self, record: int, as_: Callable[..., Member]
    ) -> None:
        as_("ben").undo(record)
        reply = as_("dora", "adjudicator").get(f"/api/adjudicate/{record}")
        assert reply.status_code == 403 and "1 of 2" in reply.json()["error"]


class TestTheDecision:
    def test_it_is_a_revision_of_the_adjudicator_and_gold(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        dora = as_("dora", "adjudicator")
        reply = dora.post(f"/api/adjudicate/{record}", judgement(note="A was right"))
        assert reply.status_code == 201
        told = reply.json()
        assert (told["seq"], told["status"]) == (1, "corrected")
        assert sorted(told["readers"].values()) == ["ana", "ben"]
        with reading(ctx.engine) as session:
            (revision,) = store.revisions(session, record)
        assert (revision.kind, revision.actor, revision.note) == (
            "adjudicated",
            "dora",
            "A was right",
        )
        (gold,) = rows(ctx, "gold")
        assert [f["funder_name"] for f in gold["funders"]] == ["Wellcome Trust", "NSF"]
        assert dora.get("/api/adjudicate").json()["papers"] == []

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ({"answer": answer()}, "no_funding"),
            ({"answer": answer(("Wellcome", ""))}, "accepted"),
            ({"action": "flag", "answer": None, "note": "no"}, "flagged"),
        ],
    )
    def test_verdicts(
        self, record: int, as_: Callable[..., Member], sent: dict[str, Any], status: str
    ) -> None:
        reply = as_("dora", "adjudicator").post(f"/api/adjudicate/{record}", judgement(**sent))
        assert reply.json()["status"] == status

    def test_the_second_adjudicator_is_told_of_the_first(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        as_("dora", "adjudicator").post(f"/api/adjudicate/{record}", judgement())
        reply = as_("emil", "adjudicator").post(f"/api/adjudicate/{record}", judgement())
        assert reply.status_code == 409 and "dora" in reply.json()["error"]
        assert as_("emil", "adjudicator").get(f"/api/adjudicate/{record}").status_code == 409
        with reading(ctx.engine) as session:
            assert len(store.revisions(session, record)) == 1

    def test_a_decision_sent_twice_is_one(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        body = judgement()
        dora = as_("dora", "adjudicator")
        seqs = [dora.post(f"/api/adjudicate/{record}", body).json()["seq"] for _ in range(2)]
        assert seqs == [1, 1]

    def test_undone_it_waits_again(self, record: int, as_: Callable[..., Member]) -> None:
        dora = as_("dora", "adjudicator")
        dora.post(f"/api/adjudicate/{record}", judgement())
        assert dora.undo(record).status_code == 201
        told = dora.get("/api/adjudicate").json()
        assert [paper["id"] for paper in told["papers"]] == [record]
        base = dora.get(f"/api/adjudicate/{record}").json()["head"]
        assert dora.post(f"/api/adjudicate/{record}", judgement(base)).status_code == 201
