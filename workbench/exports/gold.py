"""Gold as JSON Lines: what curators decided, one document a line, in the cometadata format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from db.engine import reading
from db.gold import Gold, golds
from models.extract import join_statements
from models.schemas import Answer, FunderList, Statement
from workbench.context import Context


def rows(ctx: Context, project: str | None) -> Iterator[dict[str, Any]]:
    """One row for each record with gold; `no_funding` has empty lists."""
    with reading(ctx.engine) as session:
        for gold in golds(session, project=project):
            yield row(gold)


def row(gold: Gold) -> dict[str, Any]:
    """One decided record."""
    answer, revision = gold.revision.after or Answer(), gold.revision
    return {
        "id": gold.record.id,
        "document": gold.document.name,
        "sha256": gold.document.sha256,
        "project": gold.record.project,
        "funding_statement": join_statements(answer.statements),
        "statements": [_statement(statement) for statement in answer.statements],
        "funders": FunderList.dump_python(answer.funders, mode="json"),
        "verdict": revision.verdict,
        "revision": revision.seq,
        "actor": revision.actor,
        "revised_at": revision.created_at.isoformat(),
    }


def _statement(statement: Statement) -> dict[str, Any]:
    place = statement.span.model_dump(mode="json") if statement.span else None
    return {"text": statement.text, "span": place, "alignment": statement.alignment}
