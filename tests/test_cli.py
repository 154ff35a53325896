"""The command line as a person and as a program meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parent.parent / "workbench" / "samples"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(home: Path, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *arguments],
        env=os.environ | {"WORKBENCH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == ok, done.stderr
    return done


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'trl', 'peft', 'gradio', 'llama_cpp', 'sqlmodel'):\n"
        "    sys.modules[name] = None\n"
        "sys.argv = ['workbench', '--help']\n"
        "from workbench.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "extract" in done.stdout


def test_extract_goes_on_after_a_bad_file_and_says_so(home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"<html>login</html>")
    out = tmp_path / "out.jsonl"
    good = SAMPLES / "eelgrass-sound.pdf"
    done = run(home, "extract", str(bad), str(good), "-o", str(out), "--json", ok=False)
    rows = read_rows(out)
    assert [set(row) >= {"path", "error"} for row in rows] == [True, False]
    assert "web page" in rows[0]["error"]
    assert set(rows[1]) >= {
        "sha256",
        "pages",
        "statements",
        "funders",
        "fields",
        "model",
        "seconds",
    }
    assert [json.loads(line) for line in done.stdout.splitlines()] == rows


def test_parse_keeps_order_and_fields_and_resumes(home: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        json.dumps({"id": 1, "statement": "Funded by the National Science Foundation."}),
        "not json",
        json.dumps({"id": 2, "funding_statement": "Supported by the DFG.", "note": "x"}),
        json.dumps({"id": 3}),
    ]
    source.write_text("\n".join(lines), "utf-8")
    run(home, "parse", str(source), "-o", str(out), ok=False)
    rows = read_rows(out)
    assert [row.get("id") for row in rows] == [1, None, 2, None]
    assert all(isinstance(rows[i]["funders"], list) for i in (0, 2))
    assert "error" in rows[1]
    assert "error" in rows[3]
    whole = out.read_text("utf-8")
    out.write_text("".join(whole.splitlines(keepends=True)[:2]) + '{"torn', "utf-8")
    run(home, "parse", str(source), "-o", str(out), ok=False)
    assert out.read_text("utf-8") == whole


def test_imported_gold_comes_out_again(home: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "gold.jsonl"
    funders = [{"funder_name": "DFG", "awards": []}]
    lines = [
        json.dumps({"id": "a", "statement": "Funded by the DFG.", "funders": funders}),
        json.dumps({"id": "b", "statement": "No money.", "funders": []}),
        json.dumps({"id": "c", "statement": "Bad.", "funders": [{"name": 1}]}),
        json.dumps({"id": "d", "text": "Awaits the model."}),
    ]
    source.write_text("\n".join(lines), "utf-8")
    first = json.loads(run(home, "import", str(source), "--json", ok=False).stdout)
    assert (first["documents"], first["gold"]) == (3, 2)
    assert len(first["errors"]) == 1
    assert "line 3" in first["errors"][0]
    again = json.loads(run(home, "import", str(source), "--json", ok=False).stdout)
    assert (again["documents"], again["gold"], again["known"]) == (0, 0, 3)
    run(home, "export", "gold", "-o", str(out))
    assert [row["funders"] for row in read_rows(out)] == [funders, []]


def test_a_backup_is_restored_into_an_empty_home(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        json.dumps({"statement": "Funded by the DFG.", "funders": [{"funder_name": "DFG"}]}),
        "utf-8",
    )
    run(home, "import", str(source))
    run(home, "db", "backup", str(tmp_path / "backup.tar"))
    other = tmp_path / "other"
    run(other, "db", "restore", str(tmp_path / "backup.tar"))
    assert json.loads(run(other, "db", "check", "--json").stdout) == {"problems": [], "notes": []}
    assert run(home, "export", "gold").stdout == run(other, "export", "gold").stdout


def test_check_names_a_lost_file(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": "paper", "text": "Some text."}), "utf-8")
    run(home, "import", str(source))
    (stored,) = [path for path in (home / "files").rglob("*") if path.is_file()]
    stored.unlink()
    told = json.loads(run(home, "db", "check", "--json", ok=False).stdout)
    assert len(told["problems"]) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["parse", "none.jsonl", "-o", "out.jsonl"], "There is no file none.jsonl"),
        (["import", "none.jsonl"], "There is no file none.jsonl"),
        (["export", "nonsense"], "Known: argilla, crossref"),
        (["extract", "a.pdf", "--model", "none"], "There is no model"),
        (["db", "restore", "none.tar"], "none.tar"),
    ],
)
def test_mistakes_are_told_in_a_sentence(home: Path, arguments: list[str], told: str) -> None:
    done = run(home, *arguments, ok=False)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_home_that_is_no_store_is_told(home: Path) -> None:
    home.mkdir()
    (home / "store.sqlite3").write_bytes(b"no database at all, but long enough to be read" * 50)
    done = run(home, "export", "gold", ok=False)
    assert "is not a Workbench store" in done.stderr
    assert "Traceback" not in done.stderr


def test_models_and_doctor_speak_json(home: Path) -> None:
    models = json.loads(run(home, "models", "list", "--json").stdout)
    assert [model["installed"] for model in models if model["default"]] == [True]
    assert {"smollm2-135m-instruct", "funding-llama-3.1-8b"} <= {model["name"] for model in models}
    checks = {check["name"]: check for check in json.loads(run(home, "doctor", "--json").stdout)}
    assert checks["model"]["ok"]
    assert checks["store"]["ok"]


def test_a_taken_port_is_told_before_anything_starts(home: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        started = time.monotonic()
        done = run(home, "serve", "--port", port, ok=False)
    assert "is not free" in done.stderr
    assert time.monotonic() - started < 30


def test_one_bad_statement_loses_no_other(home: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        {"statement": "word " * 9000},
        {"statement": "\ud800"},
        {"statement": "Funded by NSF."},
    ]
    source.write_text("\ufeff" + "\n".join(map(json.dumps, lines)) + "\n[1, 2]\n", "utf-8")
    run(home, "parse", str(source), "-o", str(out), ok=False)
    assert ["error" in row for row in read_rows(out)] == [True, False, False, True]
    told = json.loads(run(home, "import", str(source), "--json", ok=False).stdout)
    assert (told["documents"], len(told["errors"])) == (2, 2)
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps({"statement": "Another."}) + "\n", "utf-8")
    assert "another input" in run(home, "parse", str(other), "-o", str(out), ok=False).stderr
