"""A store, a Hub of the tests, and what lies on it: for the tests of pushing and pulling."""

from __future__ import annotations

import zlib
from array import array
from pathlib import Path
from typing import Any

import yaml

from db import store
from db.engine import writing
from models.schemas import Answer, Award, Funder, Link, Statement
from tests.hub_server import FakeHub
from tests.stores import document as paper
from tests.stores import proposed, save
from workbench.context import Context
from workbench.exports.parquet import parquet_rows

REPO, PLACE = "ada/funding", "datasets/ada/funding"


def add(ctx: Context, name: str, license: str | None = "CC BY 4.0", **said: Any) -> int:
    """A decided paper that a model had proposed for."""
    answer = said.get("answer") or Answer(
        statements=(Statement(text=f"Funded by Wellcome ({name})."),),
        funders=(Funder(funder_name="Wellcome", awards=(Award(award_ids=(f"W-{name}",)),)),),
        links=(Link(ror="https://ror.org/029chgv08", name="Wellcome Trust"),),
    )
    with writing(ctx.engine) as session:
        row = paper(name)
        row.license, row.doi = license, f"10.1234/{name}"
        row.origin = zlib.compress(array("i", range(len(row.text))).tobytes())
        record = store.add_document(session, row, project=said.get("project", "inbox"))
        store.add_proposal(session, record.id, proposed("Welcome"))
        save(session, record.id, "corrected", answer=answer)
        return record.id


def published(hub: FakeHub, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """What lies on the Hub, read with nothing of the product but the Parquet reader."""
    found = {}
    for path, content in hub.files(PLACE).items():
        if path.endswith(".parquet"):
            (tmp_path / "read.parquet").write_bytes(content)
            for _, row in parquet_rows(tmp_path / "read.parquet"):
                found[row["sha256"]] = row | {"file": path}
    return found


def header(hub: FakeHub) -> dict[str, Any]:
    card = hub.files(PLACE)["README.md"].decode()
    found: dict[str, Any] = yaml.safe_load(card.split("---")[1])
    return found
