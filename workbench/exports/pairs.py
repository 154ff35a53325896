"""Preference pairs as JSON Lines in TRL's conversational format, with the type of error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from db.gold import Gold
from models.schemas import Answer
from training.rows import pairs
from workbench.exchange.rows import TrainingRows
from workbench.exports.sft import split_of


class Pairs(TrainingRows):
    """One row for each prompt that the model answered otherwise than the curator."""

    name = "pairs"

    def rows(self, gold: Gold) -> Iterator[dict[str, Any]]:
        if gold.proposal is None:
            return
        proposal = gold.proposal.proposal
        source: dict[str, str | int | None] = {
            "record": gold.record.id,
            "sha256": gold.document.sha256,
            "revision": gold.revision.seq,
            "model": proposal.card.model,
            "adapter": proposal.card.adapter,
            "prompt_sha256": proposal.card.prompt_sha256,
        }
        answer = gold.revision.after or Answer()
        for pair in pairs(gold.document.text, proposal, answer, source):
            yield {**pair.model_dump(mode="json"), "split": split_of(gold)}


FORMAT = Pairs
