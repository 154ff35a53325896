"""Argilla records: fields, metadata, and the funders as a response; `SETTINGS` is the dataset's.

What Argilla's `records.from_json` takes: a JSON array of objects.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from db.gold import Decided
from models.extract import join_statements
from workbench.exchange.entries import Entry
from workbench.exports.label_studio import LabelStudio, entry_from, held

SETTINGS = {
    "guidelines": "Name who paid, with the awards, as JSON in the cometadata format.",
    "fields": [{"name": "text", "type": "text", "title": "Funding statement"}],
    "questions": [{"name": "funders", "type": "text", "title": "Funders (JSON)", "required": True}],
    "metadata": [{"name": name, "type": "terms"} for name in ("doi", "document", "sha256")],
}


class Argilla(LabelStudio):
    """A JSON array of records with one response each."""

    name = "argilla"

    def row(self, record: Decided) -> dict[str, Any]:
        answer = record.answer
        about = {
            "record": record.id,
            "doi": record.doi,
            "document": record.document,
            "sha256": record.sha256,
            "project": record.project,
            "statements": json.dumps([s.text for s in answer.statements], ensure_ascii=False),
        }
        user = str(uuid5(NAMESPACE_URL, record.actor))
        return {
            "id": str(record.id),
            "status": "completed",
            "fields": {"text": join_statements(answer.statements)},
            "metadata": {key: value for key, value in about.items() if value is not None},
            "suggestions": {},
            "responses": {"funders": [{"value": held(record), "user_id": user}]},
            "vectors": {},
        }

    def entry(self, row: dict[str, Any], place: str) -> Entry:
        data = dict(row.get("metadata") or {})
        data["statements"] = json.loads(data.get("statements") or "[]")
        data["text"] = (row.get("fields") or {}).get("text")
        said = (row.get("responses") or {}).get("funders") or []
        if not said:
            raise ValueError("no response says the funders.")
        return entry_from(data, json.loads(said[-1]["value"]), place)


FORMAT = Argilla
