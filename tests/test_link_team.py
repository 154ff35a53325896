"""Links that several people decide, that many papers get at once, and that are taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from db import links, store
from db.engine import reading
from db.links import Learned
from models.linking.names import name_key
from models.schemas import Extraction, Funder, Link, ModelCard, Proposal
from tests import ror as w
from tests.teams import Member, add_paper, answer, two_readers
from workbench.context import Context, Settings

TEXT = "Funded by DFG and the Green Trust."
PAID = (("DFG", ""), ("Green Trust", ""))
A = {"ror": w.TWIN_A, "name": "Green Trust", "method": "curator"}
B = {"ror": w.TWIN_B, "name": "Green Trust", "method": "curator"}


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    ctx = Context(Settings(home=tmp_path / "home", actor="tester"))
    ctx.home.mkdir()
    w.world_index(ctx.home)
    return ctx


@pytest.fixture
def as_(client: TestClient) -> Callable[..., Member]:
    return lambda name, role="curator": Member(client, name, role)


def paper(ctx: Context, name: str, *names: str, text: str = TEXT) -> int:
    """A paper in which a model found funders."""
    funders = tuple(Funder(funder_name=each) for each in names or ("DFG", "Green Trust"))
    card = ModelCard(model="m", prompt_sha256="p", schema_sha256="s")
    said = Extraction(raw="[]", funders=funders)
    return add_paper(ctx, name, text, Proposal(statements=(), extraction=said, card=card))


def linked(green: dict[str, Any] | None = None, *paid: tuple[str, str]) -> dict[str, Any]:
    """An answer whose last funder is linked so."""
    made = answer(*(paid or PAID), statement=TEXT)
    links = [None] * (len(made["funders"]) - 1) + [green]
    return made | ({"links": links} if green else {})


def kept(ctx: Context, record: int) -> list[tuple[str | None, str] | None]:
    """The links of the decision that holds: id and who made them."""
    with reading(ctx.engine) as session:
        found = store.answer(session, record)
    return [link and (link.ror, link.method) for link in found.links] if found else []


def learned(ctx: Context, name: str = "Green Trust") -> dict[str, Learned]:
    with reading(ctx.engine) as session:
        found = links.learned(session, [name_key(name)])
    return {each.ror: each for each in found.get(name_key(name), [])}


def automatic(someone: Member, record: int) -> list[str | None]:
    told = someone.get(f"/api/records/{record}").json()["links"]
    return [row["automatic"] and row["automatic"]["ror"] for row in told]


DFG = (w.DFG, "automatic")


class TestReadBlind:
    @pytest.fixture
    def record(self, ctx: Context) -> int:
        two_readers(ctx)
        return paper(ctx, "blind.txt")

    def test_a_reading_keeps_its_links_and_teaches_nobody_yet(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        assert as_("ana").decide(record, answer=linked(A)).status_code == 201
        own = as_("ana").get(f"/api/records/{record}").json()["answer"]["links"]
        assert [link["ror"] for link in own] == [w.DFG, w.TWIN_A]
        assert learned(ctx) == {}
        assert as_("ben").get(f"/api/records/{record}").json()["links"][1]["learned"] == []

    def test_what_both_choose_is_gold_and_learned_from_both(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        for name in ("ana", "ben"):
            as_(name).decide(record, answer=linked(A))
        assert kept(ctx, record) == [DFG, (w.TWIN_A, "curator")]
        assert learned(ctx)[w.TWIN_A].confirmed == {"ana": 1, "ben": 1}
        assert automatic(as_("cem"), paper(ctx, "next.txt", "Green Trust")) == [w.TWIN_A]

    def test_what_one_chooses_and_the_other_leaves_stands(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        as_("ana").decide(record, answer=linked(A))
        as_("ben").decide(record, answer=linked())
        assert kept(ctx, record) == [DFG, (w.TWIN_A, "curator")]
        assert learned(ctx)[w.TWIN_A].confirmed == {"ana": 1}

    def test_where_they_choose_differently_nothing_is_linked_and_both_are_told(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        as_("ana").decide(record, answer=linked(A))
        as_("ben").decide(record, answer=linked(B))
        assert kept(ctx, record) == [DFG, None]
        assert {ror: each.confirmed for ror, each in learned(ctx).items()} == {
            w.TWIN_A: {"ana": 1},
            w.TWIN_B: {"ben": 1},
        }

    def test_an_agreement_taken_back_is_no_more_learned(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        for name in ("ana", "ben"):
            as_(name).decide(record, answer=linked(A))
        assert as_("ben").undo(record).status_code == 201
        assert learned(ctx) == {}
        as_("ben").decide(record, answer=linked(B))
        assert set(learned(ctx)) == {w.TWIN_A, w.TWIN_B}


class TestAdjudicated:
    MORE = (("NSF", ""), *PAID)

    @pytest.fixture
    def settle(
        self, ctx: Context, as_: Callable[..., Member]
    ) -> Callable[[dict[str, Any] | None, dict[str, Any] | None, dict[str, Any]], int]:
        """Ana and ben say different things; eve decides."""
        two_readers(ctx)

        def run(ana: dict[str, Any] | None, ben: dict[str, Any] | None, eve: dict[str, Any]) -> int:
            record = paper(ctx, "differ.txt")
            as_("ana").decide(record, answer=linked(ana))
            as_("ben").decide(record, answer=linked(ben, *self.MORE))
            body = {"base_seq": 0, "answer": eve, "client_event_id": uuid4().hex}
            for _ in range(2):  # a save that is sent again changes nothing
                reply = as_("eve", "adjudicator").post(f"/api/adjudicate/{record}", body)
                assert reply.status_code == 201, reply.text
            return record

        return run

    def test_the_readers_choice_stands_and_is_learned_from_them(
        self, ctx: Context, settle: Callable[..., int]
    ) -> None:
        record = settle(A, A, linked())
        assert kept(ctx, record) == [DFG, (w.TWIN_A, "curator")]
        assert learned(ctx)[w.TWIN_A].confirmed == {"ana": 1, "ben": 1}

    def test_where_readers_differ_nothing_is_linked(
        self, ctx: Context, settle: Callable[..., int]
    ) -> None:
        assert kept(ctx, settle(A, B, linked())) == [DFG, None]
        assert learned(ctx) == {}

    @pytest.mark.parametrize("second", [B, None])
    def test_a_name_that_stands_twice_is_linked_place_by_place(
        self, ctx: Context, settle: Callable[..., int], second: dict[str, Any] | None
    ) -> None:
        twice = answer(("Green Trust", ""), ("Green Trust", ""), statement=TEXT)
        record = settle(A, B, twice | {"links": [A, second]})
        other = (w.TWIN_B, "curator") if second else None
        assert kept(ctx, record) == [(w.TWIN_A, "curator"), other]

    @pytest.mark.parametrize(("ben", "disputed"), [(B, True), (A, False), (None, False)])
    def test_the_adjudicator_sees_what_each_reader_linked(
        self,
        ctx: Context,
        settle: Callable[..., int],
        as_: Callable[..., Member],
        ben: dict[str, Any] | None,
        disputed: bool,
    ) -> None:
        record = paper(ctx, "differ.txt")
        as_("ana").decide(record, answer=linked(A))
        as_("ben").decide(record, answer=linked(ben, *self.MORE))
        told = as_("eve", "adjudicator").get(f"/api/adjudicate/{record}").json()
        names = [row["name"] for row in told["funders"]]
        (green,) = [it for it in names if (it["options"][0] or {}).get("value") == "Green Trust"]
        assert (green["disputed"], green["agreed"]) == (disputed, not disputed)
        seen = [(option.get("link") or {}).get("ror") for option in green["options"]]
        assert set(seen[:2]) == {A["ror"], ben and ben["ror"]}
        assert seen[2] is None
        assert sum(it["disputed"] for it in names) == disputed

    def test_the_adjudicator_decides_between_them(
        self, ctx: Context, settle: Callable[..., int]
    ) -> None:
        record = settle(A, B, linked(B))
        assert kept(ctx, record) == [DFG, (w.TWIN_B, "curator")]
        assert {ror: each.confirmed for ror, each in learned(ctx).items()} == {
            w.TWIN_B: {"eve": 1, "ben": 1}
        }


class TestManyAtOnce:
    def accept(self, someone: Member, *records: int) -> str:
        batch = uuid4().hex
        targets = [{"id": each, "head": 0} for each in records]
        sent = {"action": "accept", "targets": targets, "batch": batch}
        assert someone.post("/api/bulk", sent).json()["done"] == list(records)
        return batch

    def test_links_made_by_themselves_are_kept_as_by_one_accept(
        self, ctx: Context, as_: Callable[..., Member]
    ) -> None:
        one, *many = (paper(ctx, f"{n}.txt") for n in range(3))
        as_("ana").decide(one, answer=answer(*PAID))
        self.accept(as_("ana"), *many)
        assert kept(ctx, one) == [DFG, None]
        assert [kept(ctx, each) for each in many] == [kept(ctx, one)] * 2

    def test_what_was_learned_is_kept_and_not_counted_as_a_choice(
        self, ctx: Context, as_: Callable[..., Member]
    ) -> None:
        as_("ana").decide(paper(ctx, "first.txt"), answer=linked(A))
        record = paper(ctx, "second.txt")
        self.accept(as_("ben"), record)
        assert kept(ctx, record) == [DFG, (w.TWIN_A, "automatic")]
        assert learned(ctx)[w.TWIN_A].confirmed == {"ana": 1}

    def test_taken_back_the_paper_has_none(self, ctx: Context, as_: Callable[..., Member]) -> None:
        record = paper(ctx, "one.txt")
        batch = self.accept(as_("ana"), record)
        assert as_("ana").post("/api/bulk/undo", {"batch": batch}).json()["done"] == [record]
        assert kept(ctx, record) == []


class TestGoingBack:
    def restore(self, someone: Member, record: int, seq: int) -> None:
        head = someone.get(f"/api/records/{record}").json()["head"]
        sent = {"seq": seq, "base_seq": head, "client_event_id": uuid4().hex}
        for _ in range(2):
            assert someone.post(f"/api/records/{record}/restore", sent).status_code == 201

    def test_a_restored_revision_counts_as_it_did(
        self, ctx: Context, as_: Callable[..., Member]
    ) -> None:
        record = paper(ctx, "one.txt")
        as_("ana").decide(record, answer=linked(A))
        as_("ana").decide(record, answer=linked(B))
        self.restore(as_("ben"), record, 1)
        assert {ror: each.confirmed for ror, each in learned(ctx).items()} == {w.TWIN_A: {"ana": 1}}
        self.restore(as_("ben"), record, 2)
        assert {ror: (each.confirmed, each.refused) for ror, each in learned(ctx).items()} == {
            w.TWIN_A: ({}, {"ana": 1}),
            w.TWIN_B: ({"ana": 1}, {}),
        }

    def test_what_somebody_else_said_since_counts_no_more(
        self, ctx: Context, as_: Callable[..., Member]
    ) -> None:
        record = paper(ctx, "one.txt")
        as_("ana").decide(record, answer=linked(A))
        as_("ben").decide(record, answer=linked(B))
        self.restore(as_("ana"), record, 1)
        assert learned(ctx)[w.TWIN_A].confirmed == {"ana": 1}
        assert w.TWIN_B not in learned(ctx)


class TestWhereALearnedNameHolds:
    MOE = "Ministry of Education"

    def confirm(self, ctx: Context, someone: Member) -> None:
        record = paper(ctx, "first.txt", self.MOE, text=f"Funded by the {self.MOE}, Latvia.")
        link = {"ror": w.MOE["LV"], "name": self.MOE, "method": "curator"}
        made = answer((self.MOE, ""))
        assert someone.decide(record, answer=made | {"links": [link]}).status_code == 201

    @pytest.mark.parametrize(
        ("statement", "expected"),
        [
            (f"Funded by the {MOE}.", None),
            (f"Funded by the {MOE}, Saudi Arabia.", None),
            (f"Funded by the {MOE}, Latvia.", w.MOE["LV"]),
        ],
    )
    def test_a_generic_name_needs_its_country_again(
        self, ctx: Context, as_: Callable[..., Member], statement: str, expected: str | None
    ) -> None:
        ana = as_("ana")
        self.confirm(ctx, ana)
        record = paper(ctx, "second.txt", self.MOE, text=statement)
        body = {"answer": answer((self.MOE, ""), statement=statement)}
        (told,) = ana.post(f"/api/records/{record}/ground", body).json()["links"]
        assert (told["automatic"] and told["automatic"]["ror"]) == expected
        assert w.MOE["LV"] in {each["ror"] for each in told["candidates"]}

    def test_another_country_in_the_text_speaks_against_it(
        self, ctx: Context, as_: Callable[..., Member]
    ) -> None:
        ana = as_("ana")
        ana.decide(paper(ctx, "first.txt"), answer=linked(A))
        statement = "Funded by the Green Trust, Australia."
        body = {"answer": answer(("Green Trust", ""), statement=statement)}
        record = paper(ctx, "second.txt", "Green Trust")
        (told,) = ana.post(f"/api/records/{record}/ground", body).json()["links"]
        assert told["automatic"] is None


def test_a_link_whose_check_digits_are_wrong_is_refused(
    ctx: Context, as_: Callable[..., Member]
) -> None:
    wrong = w.TWIN_A[:-1] + str((int(w.TWIN_A[-1]) + 1) % 10)
    assert Link(ror=wrong).ror == wrong  # the form is right
    reply = as_("ana").decide(paper(ctx, "one.txt"), answer=linked(A | {"ror": wrong}))
    assert reply.status_code == 422
    assert "check digits" in reply.text
