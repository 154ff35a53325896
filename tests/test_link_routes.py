"""Organisations over HTTP, and what curators decide about them: kept, learned, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError

from db import links, store
from db.engine import writing
from models.documents import read
from models.linking.names import name_key
from models.schemas import Award, Extraction, Funder, ModelCard, Proposal
from tests import ror as w
from workbench.context import Context, Settings
from workbench.desk import document_row
from workbench.gate import SignedIn
from workbench.routes import router
from workbench.routes.errors import explain_errors

CARD = ModelCard(model="m", prompt_sha256="p", schema_sha256="s")
GREEN = {"ror": w.TWIN_A, "name": "Green Trust", "method": "curator"}


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    ctx = Context(Settings(home=tmp_path / "home", actor="ana"))
    ctx.home.mkdir()
    w.world_index(ctx.home)
    return ctx


@pytest.fixture
def client(ctx: Context) -> Iterator[TestClient]:
    app = FastAPI()
    app.add_middleware(SignedIn, ctx=ctx)
    explain_errors(app)
    app.include_router(router(ctx))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def add(ctx: Context, name: str, *funders: Funder) -> int:
    """A paper in which a model found funders."""
    said = Extraction(raw="[]", funders=funders)
    path = ctx.home / f"{name}.txt"
    path.write_text(f"{name}: funded by DFG and the Green Trust.")
    with writing(ctx.engine) as session:
        row = store.add_document(session, document_row(read(path)))
        store.add_proposal(session, row.id, Proposal(statements=(), extraction=said, card=CARD))
        return row.id


@pytest.fixture
def record(ctx: Context) -> int:
    return add(ctx, "one", Funder(funder_name="DFG"), Funder(funder_name="Green Trust"))


def save(
    client: TestClient,
    record: int,
    base: int,
    names: tuple[str, ...],
    links: list[Any],
    **more: Any,
) -> Any:
    answer = {"funders": [{"funder_name": name} for name in names], "links": links}
    body = {"base_seq": base, "action": "save", "client_event_id": uuid4().hex, "answer": answer}
    return client.post(f"/api/records/{record}/revisions", json=body | more)


def told(client: TestClient, record: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/records/{record}").json()["links"]
    return found


BOTH = ("DFG", "Green Trust")


class TestTypeAhead:
    def test_the_likeliest_come_first_with_country_and_id(self, client: TestClient) -> None:
        items = client.get("/api/funders", params={"q": "nat sci fou"}).json()["items"]
        assert items[0] == {
            "ror": w.NSF,
            "funder_id": "10.13039/100000001",
            "name": "U.S. National Science Foundation",
            "country": "US",
            "city": "Town",
            "status": "active",
            "matched": "National Science Foundation",
        }

    def test_the_name_that_matched_is_told(self, client: TestClient) -> None:
        items = client.get("/api/funders", params={"q": "German Research"}).json()["items"]
        assert (items[0]["name"], items[0]["matched"]) == (
            "Deutsche Forschungsgemeinschaft",
            "German Research Foundation",
        )

    def test_an_id_that_the_index_lacks_can_be_taken_where_its_digits_are_right(
        self, client: TestClient
    ) -> None:
        def found(typed: str) -> list[tuple[str, str]]:
            items = client.get("/api/funders", params={"q": typed}).json()["items"]
            return [(item["ror"], item["status"]) for item in items]

        assert found("https://ror.org/00hhkn466") == [("https://ror.org/00hhkn466", "unlisted")]
        assert found("https://ror.org/00hhkn467") == []
        assert found(w.DFG) == [(w.DFG, "active")]

    def test_country_and_limit_are_kept(self, client: TestClient) -> None:
        asked = {"q": "Ministry of Education", "country": "lv"}
        assert [i["country"] for i in client.get("/api/funders", params=asked).json()["items"]] == [
            "LV"
        ]
        asked = {"q": "Ministry of Education", "limit": "2"}
        assert len(client.get("/api/funders", params=asked).json()["items"]) == 2

    @pytest.mark.parametrize(
        "asked", [{}, {"q": ""}, {"q": "x" * 300}, {"q": "a", "country": "USA"}, {"limit": 0}]
    )  # fmt: skip
    def test_what_cannot_be_asked_is_refused(
        self, client: TestClient, asked: dict[str, Any]
    ) -> None:
        assert client.get("/api/funders", params=asked).status_code == 422

    def test_without_an_index_the_command_is_told(self, ctx: Context, client: TestClient) -> None:
        ctx.funders.unlink()
        reply = client.get("/api/funders", params={"q": "dfg"})
        assert reply.status_code in (404, 422, 503)
        assert "workbench funders update" in str(reply.json())

    def test_one_organisation_with_its_names_and_relations(self, client: TestClient) -> None:
        found = client.get(f"/api/funders/{w.NIAID[-9:]}").json()
        assert found["relations"]["parent"] == [
            {"ror": w.NIH, "name": "National Institutes of Health"}
        ]
        assert {"name": "NIAID", "kind": "acronym", "lang": ""} in found["names"]

    @pytest.mark.parametrize(
        ("ror", "status"), [("0aaaaa100", 422), ("x", 422), ("021nxhr62", 404)]
    )
    def test_other_ids_are_refused(self, client: TestClient, ror: str, status: int) -> None:
        assert client.get(f"/api/funders/{ror}").status_code == status


class TestAPaper:
    def test_sure_links_and_candidates_come_with_it(self, client: TestClient, record: int) -> None:
        dfg, green = told(client, record)
        assert dfg["automatic"]["ror"] == w.DFG
        assert dfg["automatic"]["method"] == "automatic"
        assert dfg["country"] == "DE"
        assert green["automatic"] is None
        assert {each["ror"] for each in green["candidates"]} == {w.TWIN_A, w.TWIN_B}

    def test_sure_links_are_saved_without_a_word(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        assert save(client, record, 0, BOTH, []).status_code == 201
        with writing(ctx.engine) as session:
            answer = store.answer(session, record)
        assert answer and answer.links[0] and answer.links[0].ror == w.DFG
        assert answer.links[0].method == "automatic"
        assert answer.links[1] is None

    def test_a_newer_index_helps_old_papers(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        ctx.funders.unlink()
        save(client, record, 0, BOTH, [])
        assert told(client, record)[0]["automatic"] is None
        w.world_index(ctx.home)
        assert told(client, record)[0]["automatic"]["ror"] == w.DFG

    def test_saved_links_are_shown_where_the_index_is_gone(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        save(client, record, 0, BOTH, [None, GREEN])
        ctx.funders.unlink()
        dfg, green = told(client, record)
        assert dfg["automatic"]["ror"] == w.DFG
        assert green["stored"]["ror"] == w.TWIN_A

    def test_a_draft_is_told_its_links_and_hints(self, client: TestClient, record: int) -> None:
        funder = {"funder_name": "DFG", "awards": [{"award_ids": ["ANR-20-CE40-0001"]}]}
        body = {"answer": {"funders": [funder]}}
        found = client.post(f"/api/records/{record}/ground", json=body).json()
        assert found["links"][0]["automatic"]["ror"] == w.DFG
        assert found["hints"]["/0/awards/0/award_ids/0"]["looks_like"] == "ANR"

    def test_hints_come_with_it(self, ctx: Context, client: TestClient) -> None:
        award = Award(award_ids=("R01GM123456",))
        record = add(ctx, "two", Funder(funder_name="NIH", awards=(award,)))
        hints = client.get(f"/api/records/{record}").json()["hints"]
        assert hints["/0/awards/0/award_ids/0"]["kind"] == "fits"

    @pytest.mark.parametrize(
        "links",
        [[None], [None, {"ror": "https://ror.org/x"}], [None, {"ror": w.NSF, "colour": "red"}]],
        ids=["too few", "no ROR id", "unknown key"],
    )
    def test_wrong_links_are_refused(
        self, client: TestClient, record: int, links: list[Any]
    ) -> None:
        assert save(client, record, 0, BOTH, links).status_code == 422


class TestWhatIsLearned:
    def test_a_confirmed_name_links_next_time(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        save(client, record, 0, BOTH, [None, GREEN])
        other = add(ctx, "two", Funder(funder_name="The green trust"))
        (green,) = told(client, other)
        assert green["automatic"]["ror"] == w.TWIN_A
        assert green["candidates"][0]["reasons"][-1] == "confirmed by ana"

    def test_it_is_told_how_often(self, ctx: Context, client: TestClient) -> None:
        for name in ("one", "two", "three"):
            record = add(ctx, name, Funder(funder_name="Green Trust"))
            save(client, record, 0, ("Green Trust",), [GREEN])
        (green,) = told(client, add(ctx, "four", Funder(funder_name="Green Trust")))
        assert green["candidates"][0]["reasons"][-1] == "confirmed by ana 3 times"

    def test_saving_a_paper_twice_counts_once(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        save(client, record, 0, BOTH, [None, GREEN])
        save(client, record, 1, BOTH, [None, GREEN])
        with writing(ctx.engine) as session:
            (known,) = links.learned(session, [name_key("Green Trust")])["green trust"]
        assert known.confirmed == {"ana": 1}

    def test_sending_a_save_again_adds_nothing(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        event = uuid4().hex
        for _ in range(2):
            reply = save(client, record, 0, BOTH, [None, GREEN], client_event_id=event)
            assert reply.status_code == 201
        with writing(ctx.engine) as session:
            assert len(links.of_revision(session, record, 1)) == 1

    def test_a_refused_candidate_is_not_on_top_again(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        mine = {"ror": w.SNSF, "name": "Swiss National Science Foundation", "method": "curator"}
        save(client, record, 0, BOTH, [mine, None])
        (dfg,) = told(client, add(ctx, "two", Funder(funder_name="DFG")))
        assert dfg["automatic"]["ror"] == w.SNSF
        assert [each["ror"] for each in dfg["candidates"]] == [w.SNSF, w.DFG]
        refused = [each for each in dfg["learned"] if each["ror"] == w.DFG]
        assert refused[0]["refused"] == {"ana": 1}

    def test_none_of_these_is_learned(self, ctx: Context, client: TestClient, record: int) -> None:
        save(client, record, 0, BOTH, [{"method": "curator"}, None])
        (dfg,) = told(client, add(ctx, "two", Funder(funder_name="DFG")))
        assert dfg["automatic"] == {
            "ror": None, "funder_id": None, "name": "", "method": "automatic"
        }  # fmt: skip

    def test_where_curators_differ_both_are_shown_and_nothing_is_sure(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        save(client, record, 0, BOTH, [None, GREEN])
        other = add(ctx, "two", Funder(funder_name="Green Trust"))
        bob = Context(Settings(home=ctx.home, actor="bob"))
        app = FastAPI()
        app.add_middleware(SignedIn, ctx=bob)
        app.include_router(router(bob))
        theirs = {"ror": w.TWIN_B, "name": "Green Trust", "method": "curator"}
        save(TestClient(app), other, 0, ("Green Trust",), [theirs])
        (green,) = told(client, add(ctx, "three", Funder(funder_name="Green Trust")))
        assert green["automatic"] is None
        said = {each["ror"]: each for each in green["learned"]}
        assert said[w.TWIN_A]["confirmed"] == {"ana": 1}
        assert said[w.TWIN_A]["refused"] == {"bob": 1}
        assert said[w.TWIN_A]["disputed"]
        assert said[w.TWIN_B]["confirmed"] == {"bob": 1}

    def test_an_undone_decision_counts_no_more(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        save(client, record, 0, BOTH, [None, GREEN])
        body = {"base_seq": 1, "client_event_id": uuid4().hex}
        for _ in range(2):
            assert client.post(f"/api/records/{record}/undo", json=body).status_code == 201
        (green,) = told(client, add(ctx, "two", Funder(funder_name="Green Trust")))
        assert green["automatic"] is None
        assert green["learned"] == []

    def test_undo_brings_the_decision_before_it_back(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        theirs = {"ror": w.TWIN_B, "name": "Green Trust", "method": "curator"}
        save(client, record, 0, BOTH, [None, GREEN])
        save(client, record, 1, BOTH, [None, theirs])
        body = {"base_seq": 2, "client_event_id": uuid4().hex}
        client.post(f"/api/records/{record}/undo", json=body)
        (green,) = told(client, add(ctx, "two", Funder(funder_name="Green Trust")))
        assert green["automatic"]["ror"] == w.TWIN_A

    def test_a_choice_taken_back_counts_no_more(
        self, ctx: Context, client: TestClient, record: int
    ) -> None:
        save(client, record, 0, BOTH, [None, GREEN])
        save(client, record, 1, BOTH, [])
        (green,) = told(client, add(ctx, "two", Funder(funder_name="Green Trust")))
        assert (green["automatic"], green["learned"]) == (None, [])

    @pytest.mark.parametrize("act", ["UPDATE {} SET person = 'x'", "DELETE FROM {}"])
    def test_decisions_are_never_rewritten(
        self, ctx: Context, client: TestClient, record: int, act: str
    ) -> None:
        save(client, record, 0, BOTH, [None, GREEN])
        with pytest.raises(IntegrityError, match="never rewritten"), writing(ctx.engine) as session:
            session.connection().exec_driver_sql(act.format("link_decisions"))
