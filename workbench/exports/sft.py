"""Supervised fine-tuning: prompt and completion as chats, in TRL's prompt-completion format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from db.gold import Gold
from models.schemas import Answer
from models.tasks import task
from training.curated import Decided, examples, is_held_out
from training.rows import messages
from workbench.exchange.rows import TrainingRows


class Sft(TrainingRows):
    """Both stages of each paper: find the statements, parse them."""

    name = "sft"
    options: ClassVar[Mapping[str, str]] = {
        "statements": "funding_statements",
        "funders": "funding_parse",
    }

    def rows(self, gold: Gold) -> Iterator[dict[str, Any]]:
        first, second = task(self.chosen["statements"]), task(self.chosen["funders"])
        document = decided(gold)
        for example in examples(document, first, second):
            stage = first if example.task == first.name else second
            prompt = messages(stage.prompt(example.text))
            yield {
                "prompt": [message.model_dump() for message in prompt],
                "completion": [{"role": "assistant", "content": example.reply}],
                "task": example.task,
                **origin(gold),
            }


def decided(gold: Gold) -> Decided:
    """A decided paper as training reads it."""
    return Decided(
        identity=gold.document.sha256,
        text=gold.document.text,
        answer=gold.revision.after or Answer(),
        proposal=gold.proposal.proposal if gold.proposal else None,
    )


def origin(gold: Gold) -> dict[str, Any]:
    """Where a row is from, and on which side of the split that no run crosses."""
    return {
        "split": split_of(gold),
        "record": gold.record.id,
        "sha256": gold.document.sha256,
        "revision": gold.revision.seq,
    }


def split_of(gold: Gold) -> str:
    """The side of the split: what the gate measures on is "test"."""
    return "test" if is_held_out(gold.document.sha256) else "train"


FORMAT = Sft
