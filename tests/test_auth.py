"""Signing in and what guards it, asked with raw requests of the whole app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from db import people
from db.engine import writing
from db.tables import FailedSignInRow
from models.errors import WorkbenchError
from tests.accounts import ORIGIN, PASSWORD, Raw, accounts
from workbench import gate, people_cli
from workbench.app import create_app
from workbench.context import Context, Settings
from workbench.origins import local_path


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return accounts(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def ask(ctx: Context) -> Iterator[Raw]:
    with TestClient(create_app(ctx, workers=False), raise_server_exceptions=False) as client:
        yield Raw(ctx, client)


@pytest.fixture
def alone(tmp_path: Path) -> Raw:
    """The app without accounts."""
    ctx = Context(Settings(home=tmp_path / "home", actor="tester"))
    return Raw(ctx, TestClient(create_app(ctx, workers=False), raise_server_exceptions=False))


class TestSigningIn:
    def sent(self, name: str = "viewer", password: str = PASSWORD, to: str = "/") -> Any:
        return {"data": {"name": name, "password": password, "next": to}}

    def test_a_page_leads_to_the_form_and_back(self, ask: Raw) -> None:
        html = {"accept": "text/html,*/*"}
        answer = ask(None, "GET", "/files/1?a=b%26c&d=1", headers=html)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in?next=/files/1%3Fa%3Db%2526c%26d%3D1"
        form = ask(None, "GET", answer.headers["location"])
        assert 'name="next" value="/files/1?a=b%26c&amp;d=1"' in form.text
        done = ask(None, "POST", "/sign-in", **self.sent(to="/files/1?a=b%26c&d=1"))
        assert (done.status_code, done.headers["location"]) == (303, "/files/1?a=b%26c&d=1")
        assert ask(None, "GET", "/", headers=html | {"sec-fetch-mode": "cors"}).status_code == 401

    def test_the_cookie_s_flags(self, ask: Raw) -> None:
        plain = ask(None, "POST", "/sign-in", **self.sent()).headers["set-cookie"]
        assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(plain.split("; "))
        assert "Secure" not in plain
        secure = ask(
            None,
            "POST",
            "https://testserver/sign-in",
            **self.sent(),
            headers={"origin": "https://testserver"},
        )
        assert "Secure" in secure.headers["set-cookie"].split("; ")

    def test_the_cookie_opens_and_signing_out_closes(self, ask: Raw) -> None:
        done = ask(None, "POST", "/sign-in", **self.sent("  VIEWER "))
        token = done.cookies[gate.COOKIE]
        assert ask(None, "GET", "/api/me", token).json()["name"] == "Viewer"
        assert ask(None, "GET", "/", token).status_code == 200
        out = ask(None, "POST", "/sign-out", token, json={})
        assert out.status_code == 200
        assert "Max-Age=0" in out.headers["set-cookie"]
        assert ask(None, "GET", "/api/me", token).status_code == 401

    def test_sign_ins_survive_a_restart(self, ask: Raw) -> None:
        browser, program = ask.token("Curator"), ask.token("Curator", "program")
        again = Context(Settings(home=ask.ctx.home, actor="tester"))
        anew = Raw(again, TestClient(create_app(again, workers=False)))
        assert anew(None, "GET", "/api/me", browser).json()["role"] == "curator"
        bearer = {"authorization": f"Bearer {program}"}
        assert anew(None, "GET", "/api/me", headers=bearer).json()["role"] == "curator"

    @pytest.mark.parametrize(
        ("name", "password"),
        [("Viewer", "wrong"), ("nobody", PASSWORD), ("", ""), ("Viewer", ""), ("<b>", "x")],
    )
    def test_a_failure_tells_nothing_and_keeps_the_name(
        self, ask: Raw, name: str, password: str
    ) -> None:
        answer = ask(None, "POST", "/sign-in", **self.sent(name, password))
        assert answer.status_code == 401
        assert "Name or password is wrong." in answer.text
        assert f'value="{name.replace("<", "&lt;").replace(">", "&gt;")}"' in answer.text
        assert "set-cookie" not in answer.headers

    def test_the_page_speaks_german(self, ask: Raw) -> None:
        german = {"accept-language": "de-DE,de;q=0.9"}
        assert '<html lang="de">' in ask(None, "GET", "/sign-in", headers=german).text
        told = ask(None, "GET", "/api/me", headers=german).json()["error"]
        assert "abgemeldet" in told

    def test_tries_are_throttled_though_the_password_is_right(self, tmp_path: Path) -> None:
        ctx = accounts(tmp_path)
        ask = Raw(ctx, TestClient(create_app(ctx, workers=False)))
        told = [
            ask(None, "POST", "/sign-in", **self.sent(password="wrong")).status_code
            for _ in range(6)
        ]
        assert told[:5] == [401] * 5
        row = {"name": "viewer", "address": "testclient"}
        with writing(ctx.engine) as session:  # more failures, so that the wait outlasts the test
            session.add_all(FailedSignInRow(**row) for _ in range(20))
        answer = ask(None, "POST", "/sign-in", **self.sent())
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 1
        assert "Too many tries" in answer.text

    def test_a_long_form_is_not_read(self, ask: Raw) -> None:
        answer = ask(None, "POST", "/sign-in", content=b"name=" + b"x" * 100_000)
        assert answer.status_code == 413

    @pytest.mark.parametrize(
        "path",
        ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
         "javascript:alert(1)", "/\t/evil.example", " //evil.example", "/sign-in?next=/", "x",
         "/" + "x" * 3000, "http:/evil.example", "/\r\nset-cookie:a=b", ""],
    )  # fmt: skip
    def test_nobody_is_led_elsewhere(self, ask: Raw, path: str) -> None:
        assert local_path(path) == "/"
        done = ask(None, "POST", "/sign-in", **self.sent(to=path))
        assert (done.status_code, done.headers["location"]) == (303, "/")

    def test_a_link_from_another_site_finds_its_way(self, ask: Raw) -> None:
        came = {"sec-fetch-site": "cross-site"}
        answer = ask(None, "GET", "/sign-in?next=/files/1", headers=came)
        assert '<meta http-equiv="refresh" content="0;url=/files/1">' in answer.text
        assert "<form" not in answer.text


BODY: Any = {"base_seq": 0, "action": "skip", "client_event_id": "e" * 32}
PATH = "/api/records/999999/revisions"


class TestForeignPages:
    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "http://testserver.evil.example"},
            {"origin": "http://testserver:8080"},
            {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
            {"origin": ORIGIN, "sec-fetch-site": "same-site"},
            {"origin": "", "sec-fetch-site": "same-origin"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("path", [PATH, "/gradio_api/queue/join", "/sign-out"])
    def test_their_requests_are_refused(self, ask: Raw, path: str, headers: dict[str, str]) -> None:
        answer = ask("Admin", "POST", path, json=BODY, headers=headers)
        assert answer.status_code == 403

    def test_a_cookie_without_a_word_from_where_is_refused(self, ask: Raw) -> None:
        cookie = {"cookie": f"{gate.COOKIE}={ask.token('Admin')}"}
        answer = ask.client.post(PATH, json=BODY, headers=cookie)
        assert answer.status_code == 403
        told = cookie | {"sec-fetch-site": "same-origin"}
        assert ask.client.post(PATH, json=BODY, headers=told).status_code == 404

    def test_programs_need_no_origin(self, ask: Raw) -> None:
        bearer = {"authorization": f"Bearer {ask.token('Curator', 'program')}"}
        answer = ask.client.post(PATH, json=BODY, headers=bearer)
        assert answer.status_code == 404

    def test_a_browser_s_token_is_no_program_s(self, ask: Raw) -> None:
        bearer = {"authorization": f"Bearer {ask.token('Curator')}"}
        assert ask(None, "GET", "/api/me", headers=bearer).status_code == 401
        assert ask(None, "GET", "/api/me", ask.token("Curator", "program")).status_code == 401

    def test_who_works_alone_is_guarded_too(self, alone: Raw) -> None:
        evil = {"origin": "https://evil.example"}
        assert alone(None, "POST", PATH, json=BODY, headers=evil).status_code == 403
        assert alone.client.post(PATH, json=BODY).status_code == 404
        assert alone.client.get("/api/me", headers={"host": "evil.example"}).status_code == 400

    def test_a_proxy_s_address_is_ours(self, tmp_path: Path) -> None:
        ctx = accounts(tmp_path, public_url="https://desk.example.org")
        ask = Raw(ctx, TestClient(create_app(ctx, workers=False)))
        there = {"origin": "https://desk.example.org"}
        assert ask("Admin", "POST", "/sign-out", json={}, headers=there).status_code == 200
        done = ask(None, "POST", "/sign-in", headers=there,
                   data={"name": "Viewer", "password": PASSWORD})  # fmt: skip
        assert "Secure" in done.headers["set-cookie"]


class TestAccounts:
    def person(self, ask: Raw, name: str) -> int:
        made = ask("Admin", "POST", "/api/people",
                   json={"name": name, "role": "curator", "password": PASSWORD})  # fmt: skip
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    def test_who_is_shut_out_is_out_at_once(self, ask: Raw) -> None:
        number = self.person(ask, "Bob")
        token, program = ask.token("Bob"), ask.token("Bob", "program")
        path = f"/api/people/{number}"
        assert ask("Admin", "PATCH", path, json={"active": False}).status_code == 200
        assert ask(None, "GET", "/api/me", token).status_code == 401
        bearer = {"authorization": f"Bearer {program}"}
        assert ask(None, "GET", "/api/me", headers=bearer).status_code == 401
        sent = {"name": "Bob", "password": PASSWORD, "next": "/"}
        assert ask(None, "POST", "/sign-in", data=sent).status_code == 401

    def test_a_lesser_role_holds_from_the_next_request(self, ask: Raw) -> None:
        number, path = self.person(ask, "Carl"), "/api/records/999999/revisions"
        token = ask.token("Carl")
        assert ask(None, "POST", path, token, json=BODY).status_code == 404
        ask("Admin", "PATCH", f"/api/people/{number}", json={"role": "viewer"})
        assert ask(None, "POST", path, token, json=BODY).status_code == 403

    def test_the_last_administrator_stays(self, ask: Raw) -> None:
        for change in ({"role": "viewer"}, {"active": False}):
            path = f"/api/people/{ask.row('Admin').id}"
            answer = ask("Admin", "PATCH", path, json=change)
            assert answer.status_code == 422
            assert "only active administrator" in answer.json()["error"]

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"name": "VIEWER"}, "already"),
            ({"name": " "}, "visible characters"),
            ({"password": "short"}, "12 characters"),
            ({"role": "king"}, "not valid"),
            ({"extra": 1}, "not valid"),
        ],
        ids=str,
    )
    def test_what_cannot_be_is_told(self, ask: Raw, body: dict[str, Any], told: str) -> None:
        whole = {"name": "Dora", "role": "viewer", "password": PASSWORD} | body
        answer = ask("Admin", "POST", "/api/people", json=whole)
        assert answer.status_code == 422
        assert told in answer.json()["error"]

    def test_no_answer_holds_a_password_or_a_token(self, ask: Raw) -> None:
        text = ask("Admin", "GET", "/api/people").text
        assert "argon2" not in text
        assert "hash" not in text

    def test_one_s_own_password(self, ask: Raw) -> None:
        self.person(ask, "Eve")
        here, there = ask.token("Eve"), ask.token("Eve")
        path, new = "/api/me/password", "another long password"
        wrong = ask(None, "POST", path, here, json={"current": "no", "new": new})
        assert (wrong.status_code, "not right" in wrong.json()["error"]) == (422, True)
        weak = ask(None, "POST", path, here, json={"current": PASSWORD, "new": "short"})
        assert weak.status_code == 422
        done = ask(None, "POST", path, here, json={"current": PASSWORD, "new": new})
        assert done.status_code == 200
        assert ask(None, "GET", "/api/me", here).status_code == 200
        assert ask(None, "GET", "/api/me", there).status_code == 401
        sent = {"name": "Eve", "password": new, "next": "/"}
        assert ask(None, "POST", "/sign-in", data=sent).status_code == 303

    def test_signing_out_everywhere(self, ask: Raw) -> None:
        self.person(ask, "Fay")
        tokens = [ask.token("Fay") for _ in range(3)]
        done = ask(None, "POST", "/api/me/sign-out-everywhere", tokens[0], json={})
        assert done.json() == {"ended": 3}
        assert {ask(None, "GET", "/api/me", token).status_code for token in tokens} == {401}


class TestAlone:
    def test_one_person_works_without_an_account(self, alone: Raw) -> None:
        me = alone(None, "GET", "/api/me").json()
        assert (me["name"], me["role"], me["accounts"]) == ("tester", "admin", False)
        assert alone(None, "GET", "/sign-in").headers["location"] == "/"

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
    def test_a_proxy_s_visitor_is_not_the_one_who_sits_here(self, alone: Raw, header: str) -> None:
        there = {header: "203.0.113.9"}
        assert alone(None, "GET", "/api/me", headers=there).status_code == 401
        told = alone(None, "GET", "/sign-in", headers=there).text
        assert "workbench people add NAME --role admin" in told

    def test_the_first_account_ends_that(self, alone: Raw) -> None:
        body = {"name": "Ada", "role": "viewer", "password": PASSWORD}
        refused = alone(None, "POST", "/api/people", json=body)
        assert "first account is an administrator" in refused.json()["error"]
        made = alone(None, "POST", "/api/people", json=body | {"role": "admin"})
        assert made.status_code == 201
        me = alone(None, "GET", "/api/me", made.cookies[gate.COOKIE]).json()
        assert (me["name"], me["role"], me["accounts"]) == ("Ada", "admin", True)
        assert alone(None, "GET", "/api/me").status_code == 401

    def test_an_account_made_elsewhere_closes_a_running_app(self, alone: Raw) -> None:
        assert alone(None, "GET", "/api/records").status_code == 200
        with writing(alone.ctx.engine) as session:
            people.add_first(session, "Ada", "hash")
        assert alone(None, "GET", "/api/records").status_code == 401

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "desk.example.org"])
    def test_other_machines_need_accounts(self, tmp_path: Path, host: str) -> None:
        ctx = Context(Settings(home=tmp_path, host=host))
        with pytest.raises(WorkbenchError, match="people add NAME --role admin"):
            create_app(ctx, workers=False)

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
    def test_this_machine_does_not(self, host: str) -> None:
        from workbench.accounts import is_loopback

        assert is_loopback(host)

    def test_with_accounts_other_machines_are_welcome(self, tmp_path: Path) -> None:
        ctx = accounts(tmp_path, host="0.0.0.0")
        ask = Raw(ctx, TestClient(create_app(ctx, workers=False)))
        assert ask(None, "GET", "/api/me").status_code == 401
        assert ask("Viewer", "GET", "/api/me").status_code == 200


class TestTheCommandLine:
    @pytest.fixture
    def run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        from typer.testing import CliRunner

        monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
        return lambda *given, **more: CliRunner().invoke(people_cli.app, list(given), **more)

    def test_accounts_from_making_to_shutting_out(self, run: Any) -> None:
        import json

        assert "people add" in run("list").stdout
        first = run("add", "Ada", "--role", "admin", "--json", input=f"{PASSWORD}\n")
        assert json.loads(first.stdout)["role"] == "admin"
        assert run("add", "Bob", input=f"{PASSWORD}\n").exit_code == 0
        assert run("role", "bob", "viewer").exit_code == 0
        assert run("password", "bob", input="another long password\n").exit_code == 0
        assert run("deactivate", "Bob").exit_code == 0
        told = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
        assert (told["Bob"]["role"], told["Bob"]["active"]) == ("viewer", False)
        assert json.loads(run("deactivate", "Bob", "--undo", "--json").stdout)["active"]
        assert len(json.loads(run("token", "Ada", "--json").stdout)["token"]) > 40

    def test_tokens_are_listed_and_one_is_ended(self, run: Any) -> None:
        import json

        run("add", "Ada", "--role", "admin", input=f"{PASSWORD}\n")
        assert "people token NAME" in run("tokens").stdout
        for label in ("nightly export", "notebook"):
            assert run("token", "Ada", "--for", label, "--json").exit_code == 0
        rows = {row["name"]: row["id"] for row in json.loads(run("tokens", "ada", "--json").stdout)}
        assert set(rows) == {"nightly export", "notebook"}
        assert "nightly export" in run("end-token", rows["nightly export"]).stdout
        left = json.loads(run("tokens", "--json").stdout)
        assert [row["name"] for row in left] == ["notebook"]
        gone = run("end-token", rows["nightly export"]).exception
        assert "people tokens shows" in str(gone)
        assert isinstance(run("token", "Ada", "--for", "x" * 90).exception, people.BadName)

    def test_what_cannot_be_is_told(self, run: Any) -> None:
        assert isinstance(run("add", "Bob", input=f"{PASSWORD}\n").exception, people.FirstIsAdmin)
        assert "12 characters" in str(
            run("add", "Ada", "--role", "admin", input="short\n").exception
        )
        assert "known roles" in run("add", "Ada", "--role", "king").output
