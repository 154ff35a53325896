"""A model's own mistakes on gold statements, as preferences: the gold reply over what it said."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from models.extract import Pipeline
from models.replies import read_funders
from training.corpora import LabelledStatement
from training.dpo import Preference
from training.errors import funder_error
from training.examples import Encoder
from training.rows import write_funders

_TOGETHER = 32


def preferences(
    pipeline: Pipeline,
    records: Sequence[LabelledStatement],
    encoder: Encoder,
    tell: Callable[[int], None] = lambda done: None,
) -> Iterator[Preference]:
    """A preference for each statement that the pipeline's model reads wrongly.

    A reply that says the same in another order is no mistake.
    """
    asked = pipeline.funders
    for start in range(0, len(records), _TOGETHER):
        part = records[start : start + _TOGETHER]
        replies = pipeline.replies([record.statement for record in part])
        for record, reply in zip(part, replies, strict=True):
            said = read_funders(reply, asked).funders
            if funder_error(said, record.funders) is not None:
                yield Preference(
                    prompt=encoder.render(asked, record.statement),
                    chosen=write_funders(asked, record.statement, record.funders) + encoder.end,
                    rejected=reply.text + (encoder.end if reply.finish == "stop" else ""),
                )
        tell(start + len(part))


def sample(
    records: Sequence[LabelledStatement], count: int, seed: int, longest: int = 700
) -> list[LabelledStatement]:
    """Some records of at most `longest` characters, the same for the same seed."""
    short = [record for record in records if len(record.statement) <= longest]
    return random.Random(seed).sample(short, min(count, len(short)))
