"""What makes a revision: which may be added, and what it holds. No question to the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.errors import ReadBlind
from db.tables import ProposalRow, RecordRow, RevisionRow
from models.schemas import Answer, Proposal, Verdict


def told(record: RecordRow, row: RevisionRow) -> dict[str, Any]:
    """What a webhook hears of a revision: not its text, which is asked for by its number."""
    return {
        "record": record.id,
        "document": record.document_sha256,
        "project": record.project,
        "seq": row.seq,
        "kind": row.kind,
        "verdict": row.verdict,
        "actor": row.actor,
        "at": row.created_at.isoformat(),
    }


def act(row: RevisionRow) -> str:
    """What was asked for when the revision was made."""
    return row.kind if row.kind in ("undo", "restore") else "save"


def require_sound(base_seq: int, actor: str, client_event_id: str, lead_ms: int) -> None:
    """Raise `ValueError` for what no caller may send."""
    if base_seq < 0 or lead_ms < 0:
        raise ValueError(f"base_seq and lead_ms start at 0, got {base_seq} and {lead_ms}")
    if not actor.strip() or not client_event_id.strip():
        raise ValueError("a revision needs an actor and a client_event_id")


def require_seen(target: RecordRow) -> None:
    """Raise `ReadBlind` where nobody may decide alone."""
    if target.is_blind:
        raise ReadBlind(
            f"{target.readers} people read this paper, blind to each other.",
            "Decide it on the Review page: what you say is kept as your reading.",
        )


def require_answer(verdict: Verdict, answer: Answer | None) -> None:
    """Raise `ValueError` for a verdict that does not go with the answer."""
    if verdict == "proposed":
        raise ValueError("a curator's verdict is never 'proposed'; undo goes back to it")
    if answer is None and verdict in ("accepted", "corrected"):
        raise ValueError(f"a revision that is {verdict} needs an answer")


def decided(verdict: Verdict, answer: Answer | None, head: RevisionRow | None) -> Answer | None:
    """The answer that holds after a verdict; a skip or flag leaves the one before."""
    if verdict == "no_funding":
        return Answer()
    return answer if answer is not None or head is None else head.after


def kept_reasons(
    verdict: Verdict,
    answer: Answer | None,
    given: Mapping[str, str] | None,
    head: RevisionRow | None,
) -> dict[str, str]:
    """Reasons go with the answer that they are about."""
    if answer is None and verdict != "no_funding" and head is not None:
        return dict(head.reasons)
    return dict(given or {})


def shown(head: RevisionRow | None, proposed: ProposalRow | None) -> Answer | None:
    """The answer that a curator saw: the newest decision's, else the model's."""
    if head and head.after is not None:
        return head.after
    return as_answer(proposed.proposal) if proposed else None


def as_answer(proposal: Proposal) -> Answer:
    """What a model proposed, in the form of a decision."""
    return Answer(statements=proposal.statements, funders=proposal.funders)
