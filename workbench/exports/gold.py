"""Gold as JSON Lines: a paper a line, its funders in the cometadata format, where it came from."""

from __future__ import annotations

from typing import Any

from db.gold import Decided
from models.extract import join_statements
from models.schemas import FunderList, Link, Statement
from workbench.exchange.entries import Entry, text_of
from workbench.exchange.formats import JsonLines
from workbench.exchange.identifiers import checked


class Gold(JsonLines):
    """Everything that is known of a decision."""

    name = "gold"

    def row(self, record: Decided) -> dict[str, Any]:
        answer = record.answer
        return {
            "id": record.id,
            "document": record.document,
            "sha256": record.sha256,
            "doi": record.doi,
            "license": record.license,
            "project": record.project,
            "funding_statement": join_statements(answer.statements),
            "statements": [_statement(statement) for statement in answer.statements],
            "funders": FunderList.dump_python(answer.funders, mode="json"),
            "links": [link and link.model_dump(mode="json") for link in answer.links],
            "verdict": record.verdict,
            "revision": record.revision,
            "actor": record.actor,
            "revised_at": record.revised_at.isoformat(),
        }

    def entry(self, row: dict[str, Any], place: str) -> Entry:
        links = tuple(
            link and checked(Link.model_validate(link)) for link in row.get("links") or ()
        )
        return Entry(
            place=place,
            id=row.get("id") if isinstance(row.get("id"), int) else None,
            doi=text_of(row.get("doi")),
            sha256=text_of(row.get("sha256")),
            name=text_of(row.get("document")),
            project=text_of(row.get("project")),
            license=text_of(row.get("license")),
            statements=tuple(Statement.model_validate(s).text for s in row["statements"]),
            funders=FunderList.validate_python(row["funders"]),
            links=links,
            verdict=row.get("verdict"),
            actor=text_of(row.get("actor")),
        )


def _statement(statement: Statement) -> dict[str, Any]:
    place = statement.span.model_dump(mode="json") if statement.span else None
    return {"text": statement.text, "span": place, "alignment": statement.alignment}


FORMAT = Gold
