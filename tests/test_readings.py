"""Several people read a paper, blind to each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from db import projects, readings, store
from db.engine import reading, writing
from db.errors import EventReused, NothingToUndo, ReadBlind, StoreError
from db.gold import gold, golds
from db.listing import Filters, queue
from tests.stores import add, proposed, said, save, sha
from tests.teams import Member, add_paper, answer, pointers, two_readers
from workbench.context import Context
from workbench.exports import rows

WELLCOME, NSF = answer(("Wellcome", "A-1")), answer(("NSF", "B-2"))


@pytest.fixture
def as_(client: TestClient) -> Callable[..., Member]:
    return lambda name, role="curator": Member(client, name, role)


@pytest.fixture
def record(ctx: Context) -> int:
    """A paper that two people are to read; the model proposed Wellcome."""
    two_readers(ctx)
    proposal = proposed("Wellcome").model_copy(update={"parsed_text": "Funded by Wellcome, A-1."})
    return add_paper(ctx, "paper.txt", proposal=proposal)


def decided(ctx: Context, record: int) -> list[tuple[str, str, str]]:
    with reading(ctx.engine) as session:
        return [(r.kind, r.verdict, r.actor) for r in store.revisions(session, record)]


class TestTheStore:
    def test_the_newest_reading_of_a_person_counts(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            for event, name in (("e1", "Wellcome"), ("e2", "NSF")):
                readings.add_reading(
                    session, record_id, person="ana", verdict="corrected",
                    answer=said(name), client_event_id=event,
                )  # fmt: skip
        with reading(engine) as session:
            (row,) = readings.readings(session, record_id)
            assert row.answer == said("NSF")
            assert len(readings.readings_by(session, record_id, "ana")) == 2

    def test_an_event_that_comes_twice_is_one_reading(self, engine: Engine, record_id: int) -> None:
        other = add(engine, "other.pdf")
        with writing(engine) as session:
            ids = {
                readings.add_reading(
                    session, record_id, person="ana", verdict="flagged", client_event_id="e"
                ).id
                for _ in range(2)
            }
            assert len(ids) == 1
            with pytest.raises(EventReused):
                readings.add_reading(
                    session, other, person="ana", verdict="flagged", client_event_id="e"
                )

    def test_a_reading_taken_back_is_none(self, engine: Engine, record_id: int) -> None:
        with writing(engine) as session:
            readings.add_reading(
                session, record_id, person="ana", verdict="flagged", client_event_id="e1"
            )
            readings.take_back(session, record_id, person="ana", client_event_id="e2")
            assert readings.readings(session, record_id) == []
            assert readings.has_read(session, record_id, "ana")
            with pytest.raises(NothingToUndo):
                readings.take_back(session, record_id, person="ana", client_event_id="e3")

    @pytest.mark.parametrize("act", ["UPDATE readings SET note = 'x'", "DELETE FROM readings"])
    def test_readings_are_never_rewritten(self, engine: Engine, record_id: int, act: str) -> None:
        with writing(engine) as session:
            readings.add_reading(
                session, record_id, person="ana", verdict="flagged", client_event_id="e1"
            )
        with pytest.raises(IntegrityError, match="never rewritten"), writing(engine) as session:
            session.connection().exec_driver_sql(act)

    def test_no_way_around_the_readings_leads_to_a_decision(
        self, ctx: Context, record: int
    ) -> None:
        with pytest.raises(ReadBlind), writing(ctx.engine) as session:
            save(session, record)


class TestTheShare:
    def test_it_is_drawn_by_content_and_grows_without_loss(self, engine: Engine) -> None:
        ids = {add(engine, f"{n}.pdf"): sha(f"{n}.pdf") for n in range(60)}
        chosen = []
        for share in (20, 60):
            with writing(engine) as session:
                waiting = projects.choose_share(session, "inbox", share=share, actor="boss")
            with reading(engine) as session:
                blind = {id for id in ids if store.record(session, id).readers == 2}
            assert len(blind) == waiting
            assert blind == {id for id, name in ids.items() if projects.lot(name) < share}
            chosen.append(blind)
        assert 0 < len(chosen[0]) < len(chosen[1]) < 60
        assert chosen[0] < chosen[1]

    def test_it_holds_for_papers_to_come_of_that_project(self, engine: Engine) -> None:
        with writing(engine) as session:
            projects.choose_share(session, "both", share=100, readers=3, actor="boss")
        with_three, alone = add(engine, "a.pdf", project="both"), add(engine, "b.pdf")
        with reading(engine) as session:
            assert store.record(session, with_three).readers == 3
            assert store.record(session, alone).readers == 1

    def test_papers_decided_or_begun_stay_as_they_are(self, ctx: Context, record: int) -> None:
        with writing(ctx.engine) as session:
            readings.add_reading(
                session, record, person="ana", verdict="flagged", client_event_id="e1"
            )
            projects.choose_share(session, "inbox", share=0, actor="boss")
        done = add(ctx.engine, "done.pdf")
        with writing(ctx.engine) as session:
            save(session, done)
            projects.choose_share(session, "inbox", share=100, actor="boss")
        with reading(ctx.engine) as session:
            assert store.record(session, record).readers == 2
            assert store.record(session, done).readers == 1

    @pytest.mark.parametrize(("share", "readers"), [(-1, 2), (101, 2), (10, 1), (10, 4)])
    def test_other_shares_are_refused(self, engine: Engine, share: int, readers: int) -> None:
        with pytest.raises(StoreError), writing(engine) as session:
            projects.choose_share(session, "inbox", share=share, readers=readers, actor="boss")

    def test_only_an_admin_chooses(self, ctx: Context, as_: Callable[..., Member]) -> None:
        body = {"project": "inbox", "share": 30, "readers": 2}
        assert as_("dora", "adjudicator").post("/api/quality/share", body).status_code == 403
        assert as_("root", "admin").post("/api/quality/share", body).json()["share"] == 30
        with reading(ctx.engine) as session:
            assert projects.settings(session, "inbox").changed_by == "root"


class TestAgreement:
    def test_two_who_say_the_same_make_a_revision(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        first = as_("ana").decide(record, answer=WELLCOME).json()
        assert first["status"] == "corrected" and decided(ctx, record) == []
        same = answer(("wellcome", "a-1"))
        second = as_("ben").decide(record, answer=same).json()
        assert second == {"seq": 1, "status": "corrected", "next": None}
        assert decided(ctx, record) == [("agreed", "corrected", "ana + ben")]

    @pytest.mark.parametrize(
        ("one", "two", "kind"),
        [
            ({"answer": said("Wellcome").model_dump(mode="json")}, None, "accepted"),
            ({"action": "no_funding"}, None, "no_funding"),
            ({"action": "no_funding"}, {"answer": answer()}, "no_funding"),
            ({"action": "flag", "note": "no text"}, None, "flagged"),
            ({"answer": WELLCOME}, {"answer": NSF}, ""),
            ({"answer": WELLCOME}, {"action": "no_funding"}, ""),
            ({"answer": WELLCOME}, {"action": "flag"}, ""),
            ({"answer": WELLCOME}, {"answer": answer(("Wellcome", "A-1"), statement="S")}, ""),
        ],
        ids=str,
    )
    def test_what_counts_as_agreement(
        self,
        ctx: Context,
        record: int,
        as_: Callable[..., Member],
        one: dict[str, Any],
        two: dict[str, Any] | None,
        kind: str,
    ) -> None:
        assert as_("ana").decide(record, **one).status_code == 201
        assert as_("ben").decide(record, **(two or one)).status_code == 201
        wanted = [("agreed", kind, "ana + ben")] if kind else []
        assert decided(ctx, record) == wanted
        with reading(ctx.engine) as session:
            assert bool(readings.waiting(session)) is not bool(kind)

    def test_who_skips_has_not_read(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        as_("ana").decide(record, "skip")
        as_("ben").decide(record, answer=WELLCOME)
        assert decided(ctx, record) == []
        as_("cleo").decide(record, answer=WELLCOME)
        assert decided(ctx, record) == [("agreed", "corrected", "ben + cleo")]

    def test_three_readers_must_all_agree(self, ctx: Context, as_: Callable[..., Member]) -> None:
        two_readers(ctx, readers=3)
        record = add_paper(ctx, "three.txt")
        for name in ("ana", "ben"):
            as_(name).decide(record, answer=WELLCOME)
        assert decided(ctx, record) == []
        as_("cleo").decide(record, answer=NSF)
        assert decided(ctx, record) == []
        as_("cleo").decide(record, answer=WELLCOME)
        assert decided(ctx, record) == [("agreed", "corrected", "ana + ben + cleo")]

    def test_a_save_sent_twice_is_one_reading_even_once_all_agree(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        as_("ana").decide(record, answer=WELLCOME)
        body = {"base_seq": 0, "action": "save", "answer": WELLCOME, "client_event_id": "again-123"}
        body["reasons"] = dict.fromkeys(pointers(WELLCOME), "seen in a figure")
        replies = [as_("ben").post(f"/api/records/{record}/revisions", body) for _ in range(2)]
        assert [reply.json()["seq"] for reply in replies] == [1, 1]
        assert len(decided(ctx, record)) == 1

    def test_a_reader_who_undoes_the_agreement_reads_anew(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        for name in ("ana", "ben"):
            as_(name).decide(record, answer=WELLCOME)
        assert as_("ben").undo(record).status_code == 201
        assert as_("ben").get(f"/api/records/{record}").json()["status"] == "proposed"
        assert as_("ana").get(f"/api/records/{record}").json()["status"] == "corrected"
        as_("ben").decide(record, answer=WELLCOME)
        kinds = [kind for kind, _, _ in decided(ctx, record)]
        assert kinds == ["agreed", "undo", "agreed"]

    def test_a_page_open_since_before_the_decision_is_told_of_it(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        ana = as_("ana")
        ana.decide(record, answer=WELLCOME)
        stale = ana.get(f"/api/records/{record}").json()["head"]
        as_("ben").decide(record, answer=WELLCOME)
        body = {"base_seq": stale, "action": "save", "answer": NSF, "client_event_id": "late-1234"}
        body["reasons"] = dict.fromkeys(pointers(NSF), "seen in a figure")
        reply = ana.post(f"/api/records/{record}/revisions", body)
        assert reply.status_code == 409
        assert reply.json()["head"] == 1 and "ana + ben" in reply.json()["error"]

    def test_two_windows_of_one_reader_are_a_conflict(
        self, record: int, as_: Callable[..., Member]
    ) -> None:
        ana = as_("ana")
        ana.decide(record, answer=WELLCOME)
        body = {"base_seq": 0, "action": "save", "answer": NSF, "client_event_id": "late-1234"}
        body["reasons"] = dict.fromkeys(pointers(NSF), "seen in a figure")
        reply = ana.post(f"/api/records/{record}/revisions", body)
        assert reply.status_code == 409
        told = reply.json()
        assert told["revision"]["actor"] == "ana"
        again = body | {"base_seq": told["head"], "client_event_id": "late-5678"}
        assert ana.post(f"/api/records/{record}/revisions", again).status_code == 201


SECRETS = ("ana", "NSF", "B-2", "a secret note", "corrected")


class TestBlindness:
    @pytest.mark.parametrize("who", [("ben", "curator"), ("vera", "viewer")])
    def test_nothing_of_a_reading_reaches_others(
        self, record: int, as_: Callable[..., Member], who: tuple[str, str]
    ) -> None:
        before = self.all_that_is_told(as_(*who), record)
        as_("ana").decide(record, answer=NSF, note="a secret note")
        after = self.all_that_is_told(as_(*who), record)
        assert after == before
        assert not any(secret in text for secret in SECRETS for text in after.values())

    def all_that_is_told(self, member: Member, record: int) -> dict[str, str]:
        paths = (
            f"/api/records/{record}",
            "/api/records?limit=10",
            "/api/records?status=corrected",
            "/api/records?q=NSF",
            "/api/export/gold.jsonl",
            "/api/export/pairs.jsonl",
        )
        told = {path: json.dumps(self.plain(member.get(path).text)) for path in paths}
        counts = json.loads(member.get("/api/records").text)["counts"]
        return told | {"counts": json.dumps({k: v for k, v in counts.items() if v})}

    def plain(self, text: str) -> Any:
        try:
            told = json.loads(text)
        except ValueError:
            return text
        told.pop("counts", None)
        return told

    def test_who_has_read_sees_their_own_and_no_other(
        self, record: int, as_: Callable[..., Member]
    ) -> None:
        as_("ana").decide(record, answer=NSF, note="a secret note")
        as_("ben").decide(record, answer=WELLCOME)
        payload = as_("ben").get(f"/api/records/{record}").json()
        assert payload["blind"] and payload["status"] == "corrected"
        assert payload["answer"]["funders"][0]["funder_name"] == "Wellcome"
        assert [r["actor"] for r in payload["revisions"]] == ["ben"]
        assert not any(s in json.dumps(payload) for s in ("NSF", "a secret note", '"ana"'))

    def test_the_next_paper_is_one_that_needs_this_reader(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        second = add_paper(ctx, "second.txt", proposal=proposed("Wellcome", confidence=0.6))
        third = add_paper(ctx, "third.txt", proposal=proposed("Wellcome", confidence=0.7))
        ana, ben, cleo = as_("ana"), as_("ben"), as_("cleo")
        assert ana.decide(record, answer=WELLCOME).json()["next"] == second
        assert ana.decide(second, answer=WELLCOME).json()["next"] == third
        assert ben.decide(record, answer=WELLCOME).json()["next"] == second
        ben.decide(second, answer=NSF)
        oldest = "?sort=oldest"
        assert cleo.get(f"/api/records/{record}{oldest}").json()["position"]["next"] == third
        assert ana.get(f"/api/records/{third}{oldest}").json()["position"]["previous"] == record
        with reading(ctx.engine) as session:
            left = queue(session, Filters(status="proposed", reader="cleo")).items
        assert [item.id for item in left] == [third]

    def test_all_see_all_of_a_decided_paper(self, record: int, as_: Callable[..., Member]) -> None:
        for name in ("ana", "ben"):
            as_(name).decide(record, answer=NSF)
        payload = as_("vera", "viewer").get(f"/api/records/{record}").json()
        assert not payload["blind"]
        assert payload["revisions"][0]["actor"] == "ana + ben"

    @pytest.mark.parametrize(
        ("name", "role", "hidden"),
        [
            ("ben", "curator", True),
            ("ana", "curator", True),
            ("ana", "admin", True),
            ("dora", "adjudicator", False),
            ("root", "admin", False),
        ],
    )
    def test_who_adjudicates_and_reads_not_sees_all(
        self,
        ctx: Context,
        record: int,
        as_: Callable[..., Member],
        name: str,
        role: str,
        hidden: bool,
    ) -> None:
        as_("ana").decide(record, answer=NSF)
        with reading(ctx.engine) as session:
            row = store.record(session, record)
            assert readings.hides(session, row, name, role) is hidden


class TestGold:
    def test_a_blind_paper_is_no_gold_before_it_is_agreed(
        self, ctx: Context, record: int, as_: Callable[..., Member]
    ) -> None:
        for name, sent, count in (("ana", WELLCOME, 0), ("ben", NSF, 0), ("ben", WELLCOME, 1)):
            as_(name).decide(record, answer=sent)
            assert len(list(rows(ctx, "gold"))) == count
            assert len(list(rows(ctx, "pairs"))) == count
            with reading(ctx.engine) as session:
                assert len(list(golds(session))) == count
        with reading(ctx.engine) as session:
            found = gold(session, record)
            assert found and found.actor == "ana + ben"
