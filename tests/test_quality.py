"""The figures of quality, against what can be counted by hand."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from datetime import date
from typing import Any

import krippendorff
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from db import readings
from db.engine import reading, writing
from db.quality import Scope
from models.schemas import Answer, Award, Funder, Proposal
from models.scoring.agreement import ABSENT, alpha, units
from tests.stores import add, proposed, save
from tests.teams import Member, answer, fill
from training.judged import add as add_buckets
from training.judged import judge
from workbench.context import Context
from workbench.desk.quality import SECTIONS, Report, report
from workbench.routes.quality import csv_lines


@pytest.fixture
def as_(client: TestClient) -> Callable[..., Member]:
    return lambda name, role="curator": Member(client, name, role)


def figures(engine: Engine, scope: Scope | None = None) -> Report:
    return report(engine, scope or Scope(), {}, lambda share: None)


def funders(*told: tuple[str, str]) -> Answer:
    return Answer.model_validate(answer(*told))


def give(engine: Engine, record: int, person: str, said: Answer, lead_ms: int = 0) -> None:
    with writing(engine) as session:
        readings.add_reading(
            session, record, person=person, verdict="corrected", answer=said,
            lead_ms=lead_ms, client_event_id=f"{person}-{record}",
        )  # fmt: skip


class TestAlpha:
    def test_two_observers_of_ten_units_as_krippendorff_counts_them(self) -> None:
        # "Computing Krippendorff's Alpha-Reliability" (2011), example A: alpha = 0.095
        meg, owen = "0100000010", "1110010000"
        found = alpha([list(zip(meg, owen, strict=True))])
        assert found.value == pytest.approx(1 - 8 / (168 / 19))
        assert found.value == pytest.approx(0.095, abs=0.0005)

    @pytest.mark.parametrize("readers", [2, 3])
    @pytest.mark.parametrize("seed", range(5))
    def test_it_is_that_of_the_package(self, readers: int, seed: int) -> None:
        rng = random.Random(seed)
        papers = [
            [tuple(rng.choices("abc", (5, 2, 1), k=readers)) for _ in range(rng.randint(0, 4))]
            for _ in range(30)
        ]
        coded = [[*unit] for paper in papers for unit in paper]
        wanted = krippendorff.alpha(
            reliability_data=list(map(list, zip(*coded, strict=True))),
            level_of_measurement="nominal",
        )
        found = alpha(papers)
        assert found.value == pytest.approx(wanted)
        assert found.low is not None and found.high is not None
        assert found.low <= wanted <= found.high
        assert found.units == len(coded)

    def test_the_same_papers_have_the_same_interval(self) -> None:
        papers: list[list[tuple[str, ...]]] = [[("a", "a")], [("a", "b")], [("b", "b")]]
        assert alpha(papers) == alpha(papers)

    @pytest.mark.parametrize("papers", [[], [[]], [[("a", "a")]]], ids=str)
    def test_there_is_none_where_chance_explains_all(
        self, papers: list[list[tuple[str, ...]]]
    ) -> None:
        assert alpha(papers).value is None

    def test_a_unit_is_a_value_that_somebody_gave(self) -> None:
        found = units([funders(("NSF", "N-1"), ("ERC", "")), funders(("nsf", "N 1"))])
        assert found["funder"] == [("nsf", "nsf"), ("erc", ABSENT)]
        assert found["award_id"] == [("N1", "N1")]
        assert found["scheme"] == found["title"] == found["statement"] == []


class TestAgreement:
    def test_f1_between_readers_is_the_scorer_s(self, engine: Engine) -> None:
        one, two = add(engine, "one.pdf"), add(engine, "two.pdf")
        give(engine, one, "ana", funders(("Wellcome", "W-1"), ("NSF", "N-1")))
        give(engine, one, "ben", funders(("Wellcome", "W-1")))
        give(engine, two, "ana", funders(("ERC", "E-1")))
        give(engine, two, "ben", funders(("ERC", "E-2")))
        rows = {row["field"]: row for row in figures(engine).sections["agreement"]}
        # funders: 3 and 2 said, 2 the same; award ids: 3 and 2 said, 1 the same
        assert rows["funder"]["f1"] == pytest.approx(2 * 2 / (3 + 2))
        assert rows["award_id"]["f1"] == pytest.approx(2 * 1 / (3 + 2))
        # funders: wellcome wellcome, nsf absent, erc erc: 2 of 30 - 10 ordered pairs differ
        assert rows["funder"]["alpha"] == pytest.approx(1 - 2 / ((36 - (4 + 1 + 1 + 4)) / 5))
        assert rows["funder"]["papers"] == 2 and rows["funder"]["units"] == 3
        assert rows["scheme"]["f1"] is None and rows["scheme"]["alpha"] is None

    def test_a_paper_counts_once_all_have_read_it(self, engine: Engine) -> None:
        record = add(engine, "one.pdf")
        with writing(engine) as session:
            session.connection().exec_driver_sql("UPDATE records SET readers = 3")
        for person, papers in (("ana", 0), ("ben", 0), ("cleo", 1)):
            give(engine, record, person, funders(("NSF", "")))
            assert figures(engine).read_by_several == papers

    def test_a_person_s_errors_are_against_the_decision_that_followed(self, engine: Engine) -> None:
        record = add(engine, "one.pdf")
        right = funders(("Wellcome", "W-1"), ("NSF", "N-1"))
        give(engine, record, "ana", right)
        give(engine, record, "ben", funders(("Wellcome", "N-1")))
        assert figures(engine).sections["person_errors"] == []
        with writing(engine) as session:
            save(session, record, "corrected", answer=right, actor="dora", kind="adjudicated")
        rows = figures(engine).sections["person_errors"]
        told = {(r["person"], r["field"], r["error"]): r["count"] for r in rows}
        assert told == {
            ("ana", "", "none"): 0,
            ("ben", "funder", "missed"): 1,
            ("ben", "award_id", "missed"): 1,
            ("ben", "award_id", "wrong_funder"): 1,
        }


class TestModels:
    def test_errors_confusion_and_acceptance(self, engine: Engine) -> None:
        papers = {
            "same.pdf": (("NSF",), "NSF"),
            "name.pdf": (("Science Foundation",), "National Science Foundation"),
            "more.pdf": (("NSF", "Bank of Mars"), "NSF"),
        }
        for name, (said, right) in papers.items():
            record = add(engine, name, proposal=proposed(*said, confidence=0.35))
            with writing(engine) as session:
                verdict = "accepted" if said == (right,) else "corrected"
                save(session, record, verdict, answer=funders((right, "")))
        found = figures(engine)
        rows = found.sections["model_errors"]
        assert {(r["model"], r["field"], r["error"]): r["count"] for r in rows} == {
            ("tiny", "funder", "truncated_name"): 1,
            ("tiny", "funder", "spurious"): 1,
        }
        assert {r["papers"] for r in rows} == {3}
        assert found.sections["confusion"] == [
            {"proposed": "bank of mars", "corrected": "", "count": 1},
            {
                "proposed": "science foundation",
                "corrected": "national science foundation",
                "count": 1,
            },
        ]
        assert sum(row["accepted"] for row in found.sections["acceptance"]) == 1
        (bucket,) = found.sections["reliability"]
        # three of four names are paired with a right one by the scorer
        assert (bucket["from"], bucket["values"], bucket["right"]) == (0.3, 4, 0.75)
        calibration = {r["field"]: r["error"] for r in found.sections["calibration"]}
        assert calibration["all"] == pytest.approx(0.75 - 0.35)

    def test_a_value_said_twice_and_right_once_is_right_once(self) -> None:
        proposal = proposed("NSF", "NSF", confidence=0.9)
        (bucket,) = judge(proposal, funders(("NSF", "")), unchanged=False).buckets
        assert (bucket.count, bucket.right) == (2, 1)

    def test_buckets_add_up(self) -> None:
        told = [
            judge(proposed("NSF", confidence=c), funders((name, "")), False).buckets
            for c, name in ((0.91, "NSF"), (0.99, "ERC"), (1.0, "NSF"))
        ]
        (bucket,) = add_buckets([b for one in told for b in one])
        assert (bucket.bin, bucket.count, bucket.right) == (9, 3, 2)
        assert bucket.said == pytest.approx(2.9)

    def test_what_was_invented_does_not_stand_in_the_text(self) -> None:
        award = Award(award_ids=("X-99",))
        made = Funder(funder_name="NSF", awards=(award,))
        proposal = Proposal.model_validate(
            proposed("NSF").model_dump()
            | {
                "parsed_text": "Funded by NSF.",
                "extraction": {"raw": "", "funders": [made.model_dump()]},
            }
        )
        found = judge(proposal, funders(("NSF", "")), unchanged=False)
        assert found.errors == (("award_id", "hallucinated", 1),)


class TestWork:
    def test_progress_is_what_stands_at_the_end_of_a_day(self, engine: Engine) -> None:
        one, two = add(engine, "one.pdf"), add(engine, "two.pdf")
        with writing(engine) as session:
            save(session, one, "flagged")
            save(session, one, "accepted")
            save(session, two, "skipped")
        (row,) = figures(engine).sections["progress"]
        assert (row["accepted"], row["skipped"], row["flagged"], row["decided"]) == (1, 1, 0, 2)

    def test_throughput_counts_decisions_and_readings_but_no_agreement(
        self, engine: Engine
    ) -> None:
        one, two = add(engine, "one.pdf"), add(engine, "two.pdf")
        give(engine, one, "ana", funders(("NSF", "")), lead_ms=10_000)
        with writing(engine) as session:
            save(session, one, actor="ana + ben", kind="agreed", lead_ms=99_000)
            save(session, two, actor="ana", lead_ms=30_000)
        (row,) = figures(engine).sections["throughput"]
        assert (row["person"], row["papers"], row["median_seconds"]) == ("ana", 2, 20.0)
        assert row["papers_an_hour"] == pytest.approx(2 * 3600 / 40)

    @pytest.mark.parametrize(
        ("scope", "count"),
        [
            (Scope(), 2),
            (Scope(project="inbox"), 1),
            (Scope(project="none"), 0),
            (Scope(person="ana"), 1),
            (Scope(person="an"), 0),
            (Scope(model="tiny"), 1),
            (Scope(until=date(2000, 1, 1)), 0),
            (Scope(since=date(2000, 1, 1)), 2),
        ],
        ids=str,
    )
    def test_filters(self, engine: Engine, scope: Scope, count: int) -> None:
        one = add(engine, "one.pdf", proposal=proposed("NSF"))
        two = add(engine, "two.pdf", project="old")
        with writing(engine) as session:
            save(session, one, actor="ana + ben", kind="agreed")
            save(session, two, actor="cleo")
        assert figures(engine, scope).decided == count


class TestTheRoutes:
    def test_figures_come_back_until_something_is_decided(
        self, ctx: Context, as_: Callable[..., Member]
    ) -> None:
        fill(ctx, 20)
        dora = as_("dora", "adjudicator")
        told = dora.get("/api/quality.json").json()
        assert told["read_by_several"] > 0 and told["decided"] > 0
        entry = ctx.reports.ask(Scope())
        assert not entry.running and entry.report is not None
        before = entry.report
        late = add(ctx.engine, "late.pdf")
        with writing(ctx.engine) as session:
            save(session, late)
        assert ctx.reports.wait(Scope(), 60).report is not before

    @pytest.mark.parametrize("section", SECTIONS)
    def test_every_section_is_a_csv(
        self, ctx: Context, as_: Callable[..., Member], section: str
    ) -> None:
        fill(ctx, 20)
        reply = as_("dora", "adjudicator").get(f"/api/quality/{section}.csv")
        assert reply.status_code == 200
        rows = list(csv.DictReader(io.StringIO(reply.text)))
        figures = ctx.reports.ask(Scope()).report
        assert figures is not None and len(rows) == len(figures.sections[section]) > 0

    def test_a_section_that_is_none_is_not_found(self, as_: Callable[..., Member]) -> None:
        assert as_("dora", "admin").get("/api/quality/secrets.csv").status_code == 404

    @pytest.mark.parametrize(
        ("name", "role", "people"),
        [
            ("ana", "curator", {"ana"}),
            ("vera", "viewer", set()),
            ("dora", "adjudicator", {"ana", "ben", "cleo", "dora"}),
            ("root", "admin", {"ana", "ben", "cleo", "dora"}),
        ],
    )
    def test_others_figures_are_for_adjudicators(
        self,
        ctx: Context,
        as_: Callable[..., Member],
        name: str,
        role: str,
        people: set[str],
    ) -> None:
        fill(ctx, 30)
        member = as_(name, role)
        told = member.get("/api/quality.json").json()
        seen = {row["person"] for row in told["sections"]["throughput"]}
        assert seen == people
        assert set(told["people"]) == people
        assert told["sections"]["agreement"][0]["papers"] > 0
        others = {"ana", "ben", "cleo"} - people
        text = "".join(member.get(f"/api/quality/{section}.csv").text for section in SECTIONS)
        assert not any(f",{other}," in text or f"{other}," in text for other in others)
        for other in others - {name}:
            assert member.get(f"/api/quality.json?person={other}").status_code == 403

    def test_nobody_sees_figures_unasked(self, client: TestClient) -> None:
        assert client.get("/api/quality.json").status_code == 401
        assert client.get("/api/quality/agreement.csv").status_code == 401

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
    def test_no_cell_is_a_formula(self, text: str) -> None:
        rows: list[dict[str, Any]] = [{"name": text, "count": -1}]
        (cells,) = list(csv.DictReader(io.StringIO("".join(csv_lines(rows)), newline="")))
        assert cells == {"name": f"'{text}", "count": "-1"}

    def test_a_failure_is_told(self, ctx: Context, as_: Callable[..., Member]) -> None:
        fill(ctx, 3, blind=0.0)
        with ctx.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = 0")
            connection.exec_driver_sql("DROP TRIGGER proposals_refuse_update")
            connection.exec_driver_sql("UPDATE proposals SET proposal = '{\"card\": 1}'")
            connection.commit()
        reply = as_("dora", "admin").get("/api/quality.json")
        assert reply.status_code == 503


def test_readings_wait_in_the_summary(ctx: Context) -> None:
    fill(ctx, 40)
    with reading(ctx.engine) as session:
        waiting = len(readings.waiting(session))
    assert figures(ctx.engine).waiting == waiting > 0
