"""Label Studio tasks: the statements as text, values as spans, awards related to their funders.

The funders stand in a text area too, as JSON: that is what is read back, for nested values have
no other place there. `CONFIG` is the labelling configuration that fits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from db.gold import Decided
from models.extract import join_statements
from models.grounding import find_value
from models.schemas import FunderList, Link
from workbench.exchange.entries import Entry, answer_links, pairs
from workbench.exchange.formats import JsonLines, Unreadable, parsed
from workbench.exchange.identifiers import checked

CONFIG = """<View>
  <Labels name="label" toName="text">
    <Label value="funder_name" background="#0f766e"/>
    <Label value="award_id" background="#1d4ed8"/>
    <Label value="funding_scheme" background="#a16207"/>
    <Label value="award_title" background="#7e22ce"/>
  </Labels>
  <Relations><Relation value="award of"/></Relations>
  <Text name="text" value="$text"/>
  <TextArea name="funders" toName="text" editable="true" maxSubmissions="1" rows="8"/>
</View>
"""
FIELDS = (
    ("award_id", "award_ids"),
    ("funding_scheme", "funding_scheme"),
    ("award_title", "award_title"),
)


class LabelStudio(JsonLines):
    """A JSON array of tasks with one annotation each."""

    name = "label_studio"
    suffix = "json"
    media_type = "application/json"
    between = b","

    def head(self) -> bytes:
        return b"[\n"

    def tail(self) -> bytes:
        return b"]\n"

    def row(self, record: Decided) -> dict[str, Any]:
        answer = record.answer
        text = join_statements(answer.statements)
        return {
            "data": {
                "text": text,
                "statements": [statement.text for statement in answer.statements],
                "record": record.id,
                "doi": record.doi,
                "document": record.document,
                "sha256": record.sha256,
                "project": record.project,
            },
            "annotations": [{"result": [_area(record), *_regions(record, text)]}],
        }

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        for number, row in enumerate(json_array(path), 1):
            yield parsed(self, row, f"task {number}")

    def entry(self, row: dict[str, Any], place: str) -> Entry:
        data = row["data"]
        said = [r for a in row.get("annotations") or [] for r in a["result"]]
        areas = [r["value"]["text"] for r in said if r.get("from_name") == "funders"]
        if not areas:
            raise ValueError("no annotation says the funders.")
        told = areas[-1]
        held = json.loads(told[-1] if isinstance(told, list) else told)
        return entry_from(data, held, place)


def entry_from(data: dict[str, Any], held: Any, place: str) -> Entry:
    """What another tool says: data of ours, and the funders as a person left them."""
    funders = held["funders"] if isinstance(held, dict) else held
    links = held.get("links") or [] if isinstance(held, dict) else []
    record = data.get("record")
    return Entry(
        place=place,
        id=int(record) if record is not None else None,
        doi=data.get("doi"),
        sha256=data.get("sha256"),
        name=data.get("document"),
        project=data.get("project"),
        text=data.get("text") or None,
        statements=tuple(data.get("statements") or ()),
        funders=FunderList.validate_python(funders),
        links=answer_links([link and checked(Link.model_validate(link)) for link in links]),
    )


def held(record: Decided) -> str:
    """The funders with their links as the JSON of a text area."""
    answer = record.answer
    told = {
        "funders": FunderList.dump_python(answer.funders, mode="json"),
        "links": [link and link.model_dump(mode="json") for link in answer.links],
    }
    return json.dumps(told, ensure_ascii=False)


def _area(record: Decided) -> dict[str, Any]:
    return {
        "from_name": "funders",
        "to_name": "text",
        "type": "textarea",
        "value": {"text": [held(record)]},
    }


def _regions(record: Decided, text: str) -> Iterator[dict[str, Any]]:
    for number, (funder, _) in enumerate(pairs(record.answer)):
        whole = f"f{number}"
        name = funder.funder_name
        is_there = bool(name) and (yield from _region(whole, "funder_name", name or "", text))
        for place, award in enumerate(funder.awards):
            for label, key in FIELDS:
                for index, value in enumerate(getattr(award, key)):
                    part = f"{whole}a{place}{label}{index}"
                    found = yield from _region(part, label, value, text)
                    if found and is_there:
                        yield _relation(part, whole)


def _region(id_: str, label: str, value: str, text: str) -> Any:
    found = find_value(value, text)
    if found is None:
        return False
    yield {
        "id": id_,
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": {
            "start": found.start,
            "end": found.end,
            "text": text[found.start : found.end],
            "labels": [label],
        },
    }
    return True


def _relation(part: str, whole: str) -> dict[str, Any]:
    return {
        "type": "relation",
        "from_id": part,
        "to_id": whole,
        "direction": "right",
        "labels": ["award of"],
    }


def json_array(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON array: one at a time where each has a line of its own."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        first, second = lines.readline().strip(), lines.readline().strip()
        if first == "[" and (second == "]" or _object(second) is not None):
            yield from filter(None, map(_object, chain((second,), lines)))
            return
    try:
        whole = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name} is not JSON: {error}.", "Check the file.") from error
    yield from (row for row in whole if isinstance(row, dict))


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line.strip().strip(","))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


FORMAT = LabelStudio
