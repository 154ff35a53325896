"""Gold as the embedded model reads and writes it: prompts, replies and their tokens.

The prompt's parts are tokenized one by one, as the llama.cpp backend does: a text that spells a
control token stays text, and training sees exactly the tokens that inference will.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models import compact
from models.schemas import Funder, Span, Statement
from models.sentences import sentences
from models.tasks import Task, task
from training import rows
from training.corpora import LabelledStatement, SegmentedDocument

IGNORED = -100
"""The label of a token that the loss leaves out."""


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt's text and the reply that is right, for one task."""

    task: str
    text: str
    reply: str
    source: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of prompt and reply; `labels` repeats the reply's, the prompt's are `IGNORED`."""

    input_ids: list[int]
    labels: list[int]


def parse_example(record: LabelledStatement, parse: str = "funding_parse_lines") -> Example:
    """The parse task of a labelled statement, in the form that the task asks for."""
    text = compact.fold(record.statement)
    return Example(
        parse, text, rows.write_funders(task(parse), text, record.funders), record.source
    )


def _award_values(funder: Funder) -> list[str]:
    return [
        value
        for award in funder.awards
        for value in (*award.award_ids, *award.funding_scheme, *award.award_title)
    ]


def numbers_example(passage: str, is_funding: Callable[[int, int], bool], source: str) -> Example:
    """The statements task of a passage; `is_funding` judges a sentence by its characters."""
    chosen = [
        number
        for number, (start, end) in enumerate(sentences(passage), start=1)
        if is_funding(start, end)
    ]
    return Example("funding_statements_lines", passage, compact.write_numbers(chosen), source)


def sentences_example(record: LabelledStatement, find: str = "funding_statements_lines") -> Example:
    """The statements task over a labelled text itself."""
    text = record.statement
    found = [
        Statement(text=text[a:b], span=Span(page=1, start=a, end=b, boxes=()), alignment="exact")
        for a, b in funding_sentences(record)
    ]
    return Example(find, text, rows.write_statements(task(find), text, found), record.source)


def funding_sentences(record: LabelledStatement) -> list[tuple[int, int]]:
    """The sentences of a labelled text that say who paid, or that nobody did.

    A sentence counts when it prints an award id, a scheme or a title of the gold, or a funder's
    name beside a word of paying; a name that never stands beside one counts where it first stands.
    """
    text = record.statement
    places = list(sentences(text))
    chosen = {place for place in places if _NOTHING.search(text[slice(*place)])}
    for funder in record.funders:
        chosen |= _sentences_of(funder, text, places)
    return sorted(chosen)


def _sentences_of(
    funder: Funder, text: str, places: Sequence[tuple[int, int]]
) -> set[tuple[int, int]]:
    chosen = {
        place
        for value in _award_values(funder)
        for place in places
        if len(value) > 2 and value in text[slice(*place)]
    }
    named = [p for p in places if funder.funder_name and funder.funder_name in text[slice(*p)]]
    paying = {place for place in named if _PAYING.search(text[slice(*place)])}
    return chosen | paying or set(named[:1])


_PAYING = re.compile(
    r"support|fund|financ|grant|sponsor|fellow|scholar|award|stipend|subsid|aid\b|contract|donat"
    r"|apoio|apoyo|bolsa|beca|auxíl|ayuda|förder|soutien|bourse|finanz|資助|助成|资助|基金",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\b(?:no|not|without|nor)\b[^.]{0,60}"
    r"\b(?:fund(?:s|ing|ed)?|grants?|financial (?:support|aid))\b"
    r"|\bself-?\s?fund|\bnão recebe|\bsin financ",
    re.IGNORECASE,
)


class Encoder:
    """Turns examples into tokens with a model's own tokenizer and chat template."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._before, self._between, self._after = _template(tokenizer)
        self._end = tokenizer.eos_token_id

    def encode(self, example: Example) -> Encoded:
        """Tokens of the whole chat, the reply's end included."""
        prompt = self.prompt(task(example.task), example.text)
        reply = [*self._plain(example.reply), self._end]
        return Encoded(prompt + reply, [IGNORED] * len(prompt) + reply)

    def prompt(self, asked: Task, text: str) -> list[int]:
        """Tokens of the chat up to the reply."""
        chat = asked.prompt(text)
        return (
            self._special(self._before)
            + self._plain(chat.system)
            + self._special(self._between)
            + self._plain(chat.user)
            + self._special(self._after)
        )

    def render(self, asked: Task, text: str) -> str:
        """The chat up to the reply as one text, for trainers that tokenize themselves."""
        chat = asked.prompt(text)
        return f"{self._before}{chat.system}{self._between}{chat.user}{self._after}"

    @property
    def end(self) -> str:
        """The text of the token that ends a reply."""
        return str(self._tokenizer.eos_token)

    def _special(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _plain(self, text: str) -> list[int]:
        return list(
            self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        )


_MARKS = "\ue0f0system\ue0f0", "\ue0f0user\ue0f0"


def _template(tokenizer: Any) -> tuple[str, str, str]:
    """The fixed texts before the system prompt, before the user's text and after it."""
    rendered: str = tokenizer.apply_chat_template(
        [{"role": "system", "content": _MARKS[0]}, {"role": "user", "content": _MARKS[1]}],
        tokenize=False,
        add_generation_prompt=True,
    )
    before, _, rest = rendered.partition(_MARKS[0])
    between, _, after = rest.partition(_MARKS[1])
    return before, between, after


def window_examples(
    document: SegmentedDocument,
    statement: LabelledStatement,
    windows: Sequence[tuple[int, int]],
) -> Iterator[Example]:
    """The statements task over the passages of a document whose funding text is labelled.

    Passages that touch a marked segment outside the labelled text are left out: what they say is
    not known sentence by sentence.
    """
    at = document.text.find(statement.statement)
    if at < 0:
        return
    gold = [(at + start, at + end) for start, end in funding_sentences(statement)]
    stop = at + len(statement.statement)
    for start, end in windows:
        unknown = [
            segment
            for segment in document.segments
            if segment.start < end
            and start < segment.end
            and not (at - 40 <= segment.start and segment.end <= stop + 5)
        ]
        if unknown:
            continue

        def is_funding(first: int, last: int, start: int = start) -> bool:
            return any(a < start + last and start + first < b for a, b in gold)

        yield numbers_example(document.text[start:end], is_funding, document.source)
