"""Signing in through a provider: a real one on this machine, over HTTP, with the real client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from db import people
from db.engine import reading, writing
from tests.accounts import accounts
from tests.provider import CLIENT, SECRET, Provider, provider
from workbench import gate, oidc
from workbench.context import Context, Settings
from workbench.gate import SignedIn
from workbench.routes import router
from workbench.routes.errors import explain_errors

SETTINGS = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_role": "curator"}


@pytest.fixture
def elsewhere() -> Iterator[Provider]:
    with provider() as running:
        running.claims = {"sub": "42", "preferred_username": "Grace"}
        yield running


@pytest.fixture
def ctx(tmp_path: Path, elsewhere: Provider) -> Context:
    return accounts(tmp_path, oidc_issuer=elsewhere.issuer, **SETTINGS)


def browser(ctx: Context) -> TestClient:
    """A browser at the app's routes, behind the gate."""
    app = FastAPI()
    oidc.remember_attempts(app, ctx)
    app.add_middleware(SignedIn, ctx=ctx)
    explain_errors(app)
    app.include_router(router(ctx))
    return TestClient(app, follow_redirects=False)


def back(client: TestClient, wanted: str = "/files/1", **changed: str) -> Any:
    """Go to the provider and come back, with parts of the address changed on the way."""
    away = client.get("/sign-in/oidc", params={"next": wanted})
    assert away.status_code == 302, away.text
    returned = httpx.get(away.headers["location"]).headers["location"]
    assert returned.startswith("http://testserver/sign-in/oidc/back?")
    url = httpx.URL(returned).copy_merge_params(changed)
    return client.get(str(url), headers={"sec-fetch-site": "cross-site"})


def me(client: TestClient) -> Any:
    return client.get("/api/me").json()


def test_the_first_time_makes_an_account_and_the_next_finds_it(
    ctx: Context, elsewhere: Provider
) -> None:
    first = browser(ctx)
    answer = back(first)
    assert 'content="0;url=/files/1"' in answer.text
    flags = answer.headers["set-cookie"]
    assert "SameSite=strict" in flags and "HttpOnly" in flags
    assert (me(first)["name"], me(first)["role"], me(first)["password"]) == (
        "Grace",
        "curator",
        False,
    )
    elsewhere.claims["preferred_username"] = "Grace Hopper"
    second = browser(ctx)
    back(second)
    assert me(second)["id"] == me(first)["id"]
    with reading(ctx.engine) as session:
        assert people.by_subject(session, f"{elsewhere.issuer}|42")


def test_a_name_that_somebody_has_makes_nobody_that_person(
    ctx: Context, elsewhere: Provider
) -> None:
    elsewhere.claims = {"sub": "43", "preferred_username": "ADMIN"}
    client = browser(ctx)
    back(client)
    assert (me(client)["name"], me(client)["role"]) == ("ADMIN (2)", "curator")


@pytest.mark.parametrize(
    "claims",
    [{"name": "\u202e\u200b"}, {"name": "x" * 500}, {"email": "g@example.org"}, {}],
    ids=["unseen", "long", "address", "none"],
)
def test_whatever_the_provider_calls_them_they_have_a_name(
    ctx: Context, elsewhere: Provider, claims: dict[str, str]
) -> None:
    elsewhere.claims = {"sub": "44"} | claims
    client = browser(ctx)
    assert back(client).status_code == 200
    assert me(client)["name"]


@pytest.mark.parametrize(
    "forged",
    [
        {"nonce": "other"},
        {"aud": "other"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": ""},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_lets_nobody_in(
    ctx: Context, elsewhere: Provider, forged: dict[str, Any]
) -> None:
    elsewhere.forged = forged
    client = browser(ctx)
    answer = back(client)
    assert answer.status_code in (403, 502)
    assert gate.COOKIE not in client.cookies
    assert "did not work" in answer.text


@pytest.mark.parametrize("changed", [{"state": "other"}, {"code": "other"}], ids=str)
def test_an_answer_to_nothing_we_asked_lets_nobody_in(
    ctx: Context, changed: dict[str, str]
) -> None:
    client = browser(ctx)
    assert back(client, **changed).status_code == 502
    assert gate.COOKIE not in client.cookies


def test_an_answer_in_another_browser_lets_nobody_in(ctx: Context) -> None:
    begun, other = browser(ctx), browser(ctx)
    away = begun.get("/sign-in/oidc").headers["location"]
    returned = httpx.get(away).headers["location"]
    assert other.get(returned).status_code == 502
    assert gate.COOKIE not in other.cookies


def test_nobody_is_led_elsewhere(ctx: Context) -> None:
    answer = back(browser(ctx), "https://evil.example")
    assert 'content="0;url=/"' in answer.text


def test_who_is_shut_out_stays_out(ctx: Context, elsewhere: Provider) -> None:
    client = browser(ctx)
    back(client)
    with writing(ctx.engine) as session:
        people.set_active(session, me(client)["id"], False)
    again = browser(ctx)
    answer = back(again)
    assert answer.status_code == 403
    assert "not active" in answer.text
    assert gate.COOKIE not in again.cookies


def test_the_provider_makes_no_first_account(tmp_path: Path, elsewhere: Provider) -> None:
    ctx = Context(Settings(home=tmp_path, oidc_issuer=elsewhere.issuer, **SETTINGS))
    client = browser(ctx)
    assert back(client).status_code == 403
    with reading(ctx.engine) as session:
        assert not people.any_one(session)


def test_a_provider_that_is_away_is_told(tmp_path: Path) -> None:
    ctx = accounts(tmp_path, oidc_issuer="http://127.0.0.1:9", **SETTINGS)
    answer = browser(ctx).get("/sign-in/oidc")
    assert answer.status_code == 502
    assert "organisation" in answer.text


def test_the_button_is_there_only_where_a_provider_is(ctx: Context, tmp_path: Path) -> None:
    there = browser(ctx).get("/sign-in?next=/files/1").text
    assert 'href="/sign-in/oidc?next=%2Ffiles%2F1"' in there
    without = browser(accounts(tmp_path / "other"))
    assert "oidc" not in without.get("/sign-in").text
    assert without.get("/sign-in/oidc").status_code == 404
