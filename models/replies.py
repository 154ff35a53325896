"""What a reply may say and what it says, in JSON or the short form, each value with its score."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from models import compact, reasoned
from models.backends import Completion
from models.calibration import Evidence, evidence
from models.decoding import Located, close_json, locate_strings
from models.rules import JsonCopyRule, LinesRule, NumbersRule, Rule, Source
from models.schemas import Extraction, Funder, FunderList
from models.sentences import sentences
from models.tasks import Task

Scored = tuple[str, Evidence | None]


def rule_for(task: Task, text: str, copy: bool = True) -> Rule | None:
    """The rule of one reply to `task` about `text`; `copy`: values are copied from the text."""
    if task.reply == "lines" and task.output == "statements":
        return NumbersRule(sum(1 for _ in sentences(text)))
    if task.reply == "lines":
        return LinesRule(Source(text) if copy else None)
    return JsonCopyRule(Source(text)) if copy and task.reply == "json" else None


def read_statements(reply: Completion, asked: Task, passage: str) -> list[Scored]:
    """The statements of a stage-1 reply about a passage, each with what its tokens tell."""
    if asked.reply == "lines":
        return _read_numbers(reply, passage)
    return _read_statement_list(reply)


def _read_numbers(reply: Completion, passage: str) -> list[Scored]:
    """The sentences that the reply numbers; a run of them is as sure as its least sure number."""
    numbers = compact.read_numbers(reply.text)
    if not numbers:
        return []
    told = {int(item.value): _evidence(reply, item) for item in compact.locate_numbers(reply.text)}
    return [
        (sound(passage[start:end]), min(filter(None, map(told.get, run)), default=None))
        for (start, end), run in compact.chosen_spans(passage, numbers)
    ]


def _read_statement_list(reply: Completion) -> list[Scored]:
    text = complete(reply)
    try:
        listed = json.loads(text)["statements"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return []
    if not isinstance(listed, list):
        return []
    scores = {item.path: _evidence(reply, item) for item in locate_strings(text)}
    return [
        (" ".join(sound(statement).split()), scores.get(f"/statements/{index}"))
        for index, statement in enumerate(listed)
        if isinstance(statement, str) and statement.strip()
    ]


def read_funders(reply: Completion, asked: Task) -> Extraction:
    """The funders of a stage-2 reply; what was cut off is left out and said so."""
    text = complete(reply, asked)
    try:
        funders = compact.read_funders(text) if asked.reply == "lines" else _tidy(text, asked)
    except (json.JSONDecodeError, ValidationError, TypeError, AttributeError):
        funders = None
    if funders is None:
        told = (
            f"The reply is not {'in the short form' if asked.reply == 'lines' else 'valid JSON'}."
        )
        return Extraction(raw=reply.text, funders=None, error=told)
    return Extraction(raw=reply.text, funders=merge_names(funders), error=_CUT.get(reply.finish))


def _tidy(text: str, asked: Task) -> tuple[Funder, ...]:
    """The funders of a JSON reply. Raises for one of another shape."""
    data = json.loads(text)
    if asked.wrap and isinstance(data, dict):
        if asked.wrap not in data:
            raise TypeError(f"the reply has no {asked.wrap!r}")
        data = data[asked.wrap]
    return tidy(data)


_CUT = {
    "length": "The reply was cut at the token limit; what stands complete is shown.",
    "loop": "The model repeated itself and was stopped; what stands complete is shown.",
}


def value_evidence(reply: Completion, asked: Task) -> list[tuple[Located, Evidence | None]]:
    """Every value of a stage-2 reply with what its tokens tell; see `field_of` for its kind."""
    text = complete(reply, asked)
    if asked.reply == "lines":
        located = compact.locate(text)
    else:
        before = reasoned.answer_span(reply.text)[0] if asked.reply == "reasoned" else 0
        try:
            found = locate_strings(text) if text and json.loads(text) is not None else []
        except json.JSONDecodeError:
            found = []
        located = [it._replace(start=it.start + before, end=it.end + before) for it in found]
    return [(item, _evidence(reply, item)) for item in located]


def field_of(path: str) -> str:
    """The name of the field that a JSON pointer leads to: funder_name, award_ids, ..."""
    return next((part for part in reversed(path.split("/")) if not part.isdigit()), "")


def _evidence(reply: Completion, item: Located) -> Evidence | None:
    return evidence(reply.tokens, item.start, item.end)


def complete(reply: Completion, asked: Task | None = None) -> str:
    """The reply up to its last complete value where it was cut. Characters keep their offsets.

    Of a reply that reasons, the answer.
    """
    if asked is not None and asked.reply == "reasoned":
        answer = reasoned.answer(reply.text)
        return answer if reply.finish == "stop" else close_json(answer)
    if reply.finish == "stop":
        return reply.text
    if asked is not None and asked.reply == "lines":
        return reply.text.rpartition("\n")[0]
    return close_json(reply.text)


def tidy(data: Any) -> tuple[Funder, ...]:
    """Parsed JSON as funders: blank values and empty awards dropped, equal funders once.

    Raises pydantic's `ValidationError` when the shape is another.
    """
    funders = []
    for item in data:
        awards = [
            award for award in map(_tidy_award, item.get("awards") or []) if any(award.values())
        ]
        name = sound(item.get("funder_name") or "").strip() or None
        if name or awards:
            funders.append({"funder_name": name, "awards": awards})
    return tuple(dict.fromkeys(FunderList.validate_python(funders)))


def _tidy_award(award: dict[str, Any]) -> dict[str, list[str]]:
    keys = ("award_ids", "funding_scheme", "award_title")
    return {key: [sound(v).strip() for v in award.get(key) or [] if v.strip()] for key in keys}


def merge_names(funders: Sequence[Funder]) -> tuple[Funder, ...]:
    """One entry a funder: a name said twice keeps its first place and gets the awards of both."""
    merged: dict[object, Funder] = {}
    for funder in funders:
        key = funder.funder_name or funder
        known = merged.get(key)
        awards = (*known.awards, *funder.awards) if known else funder.awards
        merged[key] = Funder(funder_name=funder.funder_name, awards=tuple(dict.fromkeys(awards)))
    return tuple(merged.values())


LEAST = 1 / 3
"""A lone name less likely than that is left out: to drop a wrong one costs a curator a key, to add
a missed one about two."""


def without_doubtful(said: Extraction, sure: Mapping[tuple[str, str], float]) -> Extraction:
    """The extraction without names that stand alone, with no award, and are hardly right.

    `sure` are the calibrated probabilities by field and value; `raw` keeps what was said.
    """
    if said.funders is None:
        return said
    kept = tuple(
        funder
        for funder in said.funders
        if funder.awards or sure.get(("funder_name", funder.funder_name or ""), 1.0) >= LEAST
    )
    return said.model_copy(update={"funders": kept})


def sound(text: str) -> str:
    """JSON can spell half a character; no store or file takes that."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
