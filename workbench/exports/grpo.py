"""GRPO: prompts with the right funders in a column for the rewards, as TRL reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from db.gold import Gold
from models.schemas import FunderList
from models.tasks import task
from training.curated import learned
from training.rows import messages
from workbench.exchange.rows import TrainingRows
from workbench.exports.sft import decided, origin


class Grpo(TrainingRows):
    """One row a paper whose funders can be read from its statements."""

    name = "grpo"
    options: ClassVar[Mapping[str, str]] = {"funders": "funding_parse"}

    def rows(self, gold: Gold) -> Iterator[dict[str, Any]]:
        stage = task(self.chosen["funders"])
        for record in learned(decided(gold)):
            prompt = messages(stage.prompt(record.statement))
            yield {
                "prompt": [message.model_dump() for message in prompt],
                "funders": FunderList.dump_python(tuple(record.funders), mode="json"),
                "text": record.statement,
                **origin(gold),
            }


FORMAT = Grpo
