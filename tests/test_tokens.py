"""Tokens of programs: listed by what they are for, and ended one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from db import sign_ins
from db.columns import utc_now
from tests.accounts import Raw, accounts
from workbench.accounts import make_token
from workbench.app import create_app


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    ctx = accounts(tmp_path_factory.mktemp("home"))
    with TestClient(create_app(ctx, workers=False), raise_server_exceptions=False) as client:
        yield Raw(ctx, client)


class TestTokens:
    def made(self, ask: Raw, name: str, label: str) -> tuple[str, str]:
        """A token of somebody and the id under which it is listed."""
        token = make_token(ask.ctx, name, 9, label=label)
        return token, sign_ins.hash_of(token)[: sign_ins.ID_LENGTH]

    def asks(self, ask: Raw, token: str) -> int:
        bearer = {"authorization": f"Bearer {token}"}
        return int(ask(None, "GET", "/api/me", headers=bearer).status_code)

    def listed(self, ask: Raw, who: str) -> dict[str, Any]:
        answer = ask(who, "GET", "/api/tokens")
        return {row["id"]: row for row in answer.json()["tokens"]}

    def test_one_token_ends_and_the_others_hold(self, ask: Raw) -> None:
        nightly, first = self.made(ask, "Curator", "nightly export")
        other, second = self.made(ask, "Curator", "notebook")
        told = self.listed(ask, "Curator")
        assert told[first]["name"] == "nightly export"
        assert told[first]["used"] is None
        assert nightly not in str(told) and sign_ins.hash_of(nightly) not in str(told)
        assert self.asks(ask, nightly) == 200
        assert self.listed(ask, "Curator")[first]["used"] is not None
        done = ask("Curator", "DELETE", f"/api/tokens/{first}", json={})
        assert done.json()["name"] == "nightly export"
        assert (self.asks(ask, nightly), self.asks(ask, other)) == (401, 200)
        assert first not in self.listed(ask, "Curator")
        assert second in self.listed(ask, "Curator")
        assert ask("Curator", "DELETE", f"/api/tokens/{first}", json={}).status_code == 404

    def test_others_neither_see_nor_end_it_but_administrators_do(self, ask: Raw) -> None:
        token, number = self.made(ask, "Curator", "mine")
        assert number not in self.listed(ask, "Adjudicator")
        path = f"/api/tokens/{number}"
        assert ask("Adjudicator", "DELETE", path, json={}).status_code == 404
        assert self.asks(ask, token) == 200
        assert self.listed(ask, "Admin")[number]["person"] == "Curator"
        assert ask("Admin", "DELETE", path, json={}).status_code == 200
        assert self.asks(ask, token) == 401

    def test_a_browser_s_sign_in_is_no_token_and_not_ended_so(self, ask: Raw) -> None:
        browser = ask.token("Viewer")
        number = sign_ins.hash_of(browser)[: sign_ins.ID_LENGTH]
        assert number not in self.listed(ask, "Admin")
        assert ask("Admin", "DELETE", f"/api/tokens/{number}", json={}).status_code == 404
        assert ask(None, "GET", "/api/me", browser).status_code == 200

    def test_one_that_ended_by_itself_is_not_listed(self, ask: Raw) -> None:
        token = make_token(ask.ctx, "Viewer", 1, utc_now() - timedelta(days=2), "old")
        assert sign_ins.hash_of(token)[: sign_ins.ID_LENGTH] not in self.listed(ask, "Admin")
