"""The DOI and the licence of papers: looked for anew, corrected by people, told with the paper."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from db import cards, store
from db.engine import reading, writing
from tests.teams import Member, add_paper
from workbench.cli import app
from workbench.context import Context
from workbench.desk import documents


@pytest.fixture
def ana(client: TestClient) -> Member:
    return Member(client, "ana", "curator")


def old_paper(ctx: Context, name: str, text: str) -> str:
    """A paper as older stores have it: without its DOI; its sha256."""
    record = add_paper(ctx, name, text)
    with writing(ctx.engine) as session:
        sha = store.record(session, record).document_sha256
        store.describe(session, sha, doi=None)
    return sha


def doi(ctx: Context, sha: str) -> str | None:
    with reading(ctx.engine) as session:
        return store.document(session, sha).doi


def correct(ana: Member, sha: str, **facts: str | None) -> None:
    headers = {"x-person": f"{ana.name} {ana.role}"}
    reply = ana.client.patch(f"/api/documents/{sha}", json=facts, headers=headers)
    assert reply.status_code == 200, reply.text


class TestLookingForDois:
    def test_papers_without_one_get_theirs(self, ctx: Context) -> None:
        named = old_paper(ctx, "a.txt", "doi: 10.1234/ABC.5. Funded by nobody.")
        nameless = old_paper(ctx, "b.txt", "No number at all.")
        assert documents.fill_dois(ctx) == (2, 1)
        assert (doi(ctx, named), doi(ctx, nameless)) == ("10.1234/abc.5", None)
        assert documents.fill_dois(ctx) == (1, 0)

    def test_the_first_pages_tell_it_and_not_the_references(self, ctx: Context) -> None:
        sha = old_paper(ctx, "a.txt", "x" * documents.TITLE_CHARACTERS + " doi: 10.1234/cited")
        assert documents.fill_dois(ctx).found == 0
        assert doi(ctx, sha) is None

    def test_what_a_person_said_stays(self, ctx: Context, ana: Member) -> None:
        sha = old_paper(ctx, "a.txt", "doi: 10.1234/of-another-paper")
        documents.fill_dois(ctx)
        correct(ana, sha, doi=None)
        assert documents.fill_dois(ctx) == (0, 0)
        assert doi(ctx, sha) is None

    def test_stopped_it_goes_on_where_it_was(
        self, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(documents, "AT_ONCE", 2)
        shas = [old_paper(ctx, f"{n}.txt", f"doi: 10.1234/{n}") for n in range(5)]
        seen: list[int] = []

        def stop() -> None:
            seen.append(1)
            if len(seen) == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            documents.fill_dois(ctx, stop)
        kept = sum(doi(ctx, sha) is not None for sha in shas)
        assert kept == 4
        assert documents.fill_dois(ctx) == (1, 1)
        assert {doi(ctx, sha) for sha in shas} == {f"10.1234/{n}" for n in range(5)}

    def test_the_command_tells_how_many(
        self, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old_paper(ctx, "a.txt", "doi: 10.1234/abc")
        monkeypatch.setenv("WORKBENCH_HOME", str(ctx.home))
        told = CliRunner().invoke(app, ["db", "dois", "--json"])
        assert json.loads(told.stdout.splitlines()[-1]) == {"looked": 1, "found": 1}


class TestCorrections:
    def test_the_paper_tells_who_said_what_and_when(self, ctx: Context, ana: Member) -> None:
        record = add_paper(ctx, "a.txt", "doi: 10.1234/wrong")
        path = f"/api/records/{record}"
        card = ana.get(path).json()["document"]["card"]
        assert card == {"doi": "10.1234/wrong", "license": None, "people": {}}
        sha = ana.get(path).json()["document"]["sha256"]
        correct(ana, sha, doi="https://doi.org/10.1234/Right", license="CC-BY-4.0")
        card = ana.get(path).json()["document"]["card"]
        assert (card["doi"], card["license"]) == ("10.1234/right", "CC-BY-4.0")
        assert {name: said["person"] for name, said in card["people"].items()} == {
            "doi": "ana", "license": "ana",
        }  # fmt: skip

    def test_every_word_is_kept_and_none_that_changes_nothing(
        self, ctx: Context, ana: Member
    ) -> None:
        sha = old_paper(ctx, "a.txt", "no number")
        for value in ("10.1234/a", "10.1234/a", "10.1234/b", None):
            correct(ana, sha, doi=value)
        with reading(ctx.engine) as session:
            rows = session.connection().exec_driver_sql("SELECT value FROM corrections ORDER BY id")
            assert [value for (value,) in rows] == ["10.1234/a", "10.1234/b", None]
            assert cards.corrections(session, sha)["doi"].value is None

    def test_who_may_only_look_corrects_nothing(self, ctx: Context, client: TestClient) -> None:
        sha = old_paper(ctx, "a.txt", "no number")
        headers = {"x-person": "vic viewer"}
        reply = client.patch(f"/api/documents/{sha}", json={"doi": "10.1/x"}, headers=headers)
        assert reply.status_code == 403

    @pytest.mark.parametrize("act", ["UPDATE {} SET person = 'x'", "DELETE FROM {}"])
    def test_they_are_never_rewritten(self, ctx: Context, ana: Member, act: str) -> None:
        correct(ana, old_paper(ctx, "a.txt", "no number"), doi="10.1234/a")
        with pytest.raises(IntegrityError, match="never rewritten"), writing(ctx.engine) as session:
            session.connection().exec_driver_sql(act.format("corrections"))
