"""Gold and corrections as rows to train on. Pure functions: no store, no trainer.

A preference pair answers one prompt twice, so each pair here keeps the prompt that the model
really read: stage 1 a window of the document, stage 2 the statements that were parsed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from models import compact, reasoned
from models.backends import Prompt
from models.grounding import find_value
from models.schemas import (
    Answer,
    Funder,
    FunderList,
    Message,
    PreferencePair,
    Proposal,
    Statement,
)
from models.sentences import sentences
from models.tasks import Task, asked
from training.errors import fold, funder_error, statement_error
from training.reasoning import reasons

Source = Mapping[str, str | int | None]


def pairs(text: str, proposal: Proposal, gold: Answer, source: Source) -> Iterator[PreferencePair]:
    """The preference pairs of one document: what the model said against what is right.

    `text` is the document's text. Nothing comes of an answer that says the same after
    normalisation, nor of a prompt from which the right answer could not be read.
    """
    yield from _statement_pairs(text, proposal, gold, source)
    yield from _funder_pairs(proposal, gold, source)


def _statement_pairs(
    text: str, proposal: Proposal, gold: Answer, source: Source
) -> Iterator[PreferencePair]:
    stage, _ = _tasks(proposal)
    for (start, end), raw in zip(proposal.windows, proposal.statements_raw, strict=True):
        if is_cut(gold.statements, start, end):
            continue
        window = text[start:end]
        inside = statements_in(gold.statements, text, start, end)
        chosen = write_statements(stage, window, inside, start)
        said = parse_statements(raw, stage, window)
        right = parse_statements(chosen, stage, window)
        error = "unparsable" if said is None else statement_error(said, right or [])
        if error is not None:
            yield _pair(stage, window, chosen, raw, error, source)


def _tasks(proposal: Proposal) -> tuple[Task, Task]:
    """The tasks, stage 1 and 2, whose prompts the model was shown."""
    first, _, second = proposal.card.prompt_sha256.partition("+")
    return asked(first, "statements"), asked(second, "funders")


def write_statements(
    stage: Task, window: str, statements: Sequence[Statement], start: int = 0
) -> str:
    """The right stage-1 reply about a window that begins at `start` of the document's text."""
    if stage.reply == "json":
        return json.dumps({"statements": [s.text for s in statements]}, ensure_ascii=False)
    places = list(sentences(window))
    spans = [_span_in(window, statement, start) for statement in statements]
    return compact.write_numbers(
        [
            number
            for number, (first, last) in enumerate(places, start=1)
            if any(a < last and first < b for a, b in spans)
        ]
    )


def _span_in(window: str, statement: Statement, start: int) -> tuple[int, int]:
    """Characters of a statement in its window, (0, 0) where it is not found."""
    if statement.span is not None:
        return statement.span.start - start, statement.span.end - start
    found = find_value(statement.text, window)
    return (found.start, found.end) if found else (0, 0)


def is_cut(statements: Sequence[Statement], start: int, end: int) -> bool:
    """Whether the window holds only a part of a statement: the right answer is not in it."""
    spans = [s.span for s in statements if s.span and s.span.start < end and start < s.span.end]
    return not all(start <= span.start and span.end <= end for span in spans)


def statements_in(
    statements: Sequence[Statement], text: str, start: int, end: int
) -> list[Statement]:
    """The statements that stand in the window `[start, end)` of a document's text."""
    return [statement for statement in statements if _stands_in(statement, start, end, text)]


def _stands_in(statement: Statement, start: int, end: int, text: str) -> bool:
    """Whether the window holds the statement, by its place or, where it has none, by its words."""
    if statement.span is not None:
        return start <= statement.span.start and statement.span.end <= end
    return fold(statement.text) in fold(text[start:end])


def _funder_pairs(proposal: Proposal, gold: Answer, source: Source) -> Iterator[PreferencePair]:
    _, stage = _tasks(proposal)
    error = funder_error(proposal.extraction.funders, gold.funders)
    read = proposal.parsed_text
    if error is None or not read or not readable_from(gold.funders, read):
        return
    chosen = write_funders(stage, read, gold.funders)
    yield _pair(stage, read, chosen, proposal.extraction.raw, error, source)


def write_funders(stage: Task, text: str, funders: Sequence[Funder]) -> str:
    """The right stage-2 reply about a text, in the form that the task asks for."""
    if stage.reply == "lines":
        return compact.write_funders(funders, compact.fold(text))
    answer = dump_funders(funders)
    if stage.wrap:
        answer = json.dumps({stage.wrap: json.loads(answer)}, ensure_ascii=False)
    return answer if stage.reply == "json" else reasoned.write(reasons(funders, text), answer)


def readable_from(funders: Sequence[Funder], text: str) -> bool:
    """Whether all values stand in the text: a model must not learn to guess the others."""
    folded = fold(text)
    return all(fold(value) in folded for funder in funders for value in _values(funder))


def _values(funder: Funder) -> Iterator[str]:
    if funder.funder_name:
        yield funder.funder_name
    for award in funder.awards:
        yield from (*award.award_ids, *award.funding_scheme, *award.award_title)


def parse_statements(raw: str, stage: Task, window: str) -> list[str] | None:
    """The statements of a raw stage-1 reply, None where it is not of the form asked for."""
    if stage.reply == "lines":
        numbers = compact.read_numbers(raw)
        if numbers is None:
            return None
        return [window[a:b] for (a, b), _ in compact.chosen_spans(window, numbers)]
    try:
        listed = json.loads(raw)["statements"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
    return [s for s in listed if isinstance(s, str)] if isinstance(listed, list) else None


def dump_funders(funders: Sequence[Funder]) -> str:
    """The funders as a model is taught to write them."""
    data = FunderList.dump_python(tuple(funders), mode="json")
    return json.dumps(data, ensure_ascii=False)


def messages(prompt: Prompt) -> tuple[Message, ...]:
    """A prompt as a chat."""
    return (
        Message(role="system", content=prompt.system),
        Message(role="user", content=prompt.user),
    )


def _pair(
    stage: Task, text: str, chosen: str, rejected: str, error: str, source: Source
) -> PreferencePair:
    return PreferencePair(
        prompt=messages(stage.prompt(text)),
        chosen=(Message(role="assistant", content=chosen),),
        rejected=(Message(role="assistant", content=rejected),),
        task=stage.name,
        error_type=error,
        source=dict(source),
    )
