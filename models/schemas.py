"""The words that everything shares: one definition each, frozen, with no behaviour of their own.

`Award` and `Funder` are the cometadata format byte for byte. Spans, scores and alignment travel
beside the values, never inside them, so the JSON of `Funder` is what every export writes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

Alignment = Literal["exact", "normalised", "fuzzy", "absent"]
"""How a value stands in the text: as is; after folding case, space, dashes and quotes; similar;
or not at all."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class Value(BaseModel):
    """Base of all shared types: frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Box(Value):
    """A rectangle on a page, in shares of its width and height from the upper left corner."""

    page: Annotated[int, Field(ge=1)]
    x0: Unit
    y0: Unit
    x1: Unit
    y1: Unit


class Span(Value):
    """Characters `[start, end)` of the document's text, and where they stand on the page.

    `page` is the page of the first character, from 1. A span that runs over a line, column or
    page break has several boxes.
    """

    page: Annotated[int, Field(ge=1)]
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    boxes: tuple[Box, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.end <= self.start:
            raise ValueError(f"a span needs start < end, got [{self.start}, {self.end})")
        return self


class Page(Value):
    """A page of a document: its size in points and its part `[start, end)` of the text."""

    number: Annotated[int, Field(ge=1)]
    width: float
    height: float
    start: int
    end: int
    reader: Literal["pdfium", "pdfplumber", "text"]


class Statement(Value):
    """A funding statement, verbatim, and where it stands."""

    text: Text
    span: Span | None = None
    alignment: Alignment = "absent"
    confidence: Unit | None = None


class Award(Value):
    """What a funder gave, in the words of the statement."""

    award_ids: tuple[Text, ...] = ()
    funding_scheme: tuple[Text, ...] = ()
    award_title: tuple[Text, ...] = ()


class Funder(Value):
    """Who paid. The name is None where the text names only a programme."""

    funder_name: Text | None = None
    awards: tuple[Award, ...] = ()


FunderList = TypeAdapter(tuple[Funder, ...])
"""Reads and writes the cometadata JSON array."""


class Extraction(Value):
    """What a reply of the model says.

    `funders` is None when the reply could not be parsed and empty when it says that there are
    none: store, reward and screen need the difference.
    """

    raw: str
    funders: tuple[Funder, ...] | None
    error: str | None = None


class GroundedField(Value):
    """One value of an extraction and where it stands; `path` is a JSON pointer into `funders`."""

    path: str
    value: str
    span: Span | None
    alignment: Alignment
    confidence: Unit | None = None


class ModelCard(Value):
    """Everything that decides what a model says: two proposals with equal cards may be compared."""

    model: str
    adapter: str | None = None
    prompt_sha256: str
    schema_sha256: str


class Usage(Value):
    """What a proposal cost. Seconds are wall time."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    seconds: float = 0.0


class Proposal(Value):
    """What one model said about one document.

    `windows` are the parts `[start, end)` of the text that stage 1 read, `statements_raw` its
    reply to each; `parsed_text` is what stage 2 read, empty where there was nothing to parse.
    """

    windows: tuple[tuple[int, int], ...] = ()
    parsed_text: str = ""
    statements: tuple[Statement, ...]
    statements_raw: tuple[str, ...] = ()
    extraction: Extraction
    fields: tuple[GroundedField, ...] = ()
    card: ModelCard
    usage: Usage = Usage()

    @property
    def funders(self) -> tuple[Funder, ...]:
        """The parsed funders, empty also where the reply could not be parsed."""
        return self.extraction.funders or ()


class FunderRow(Value):
    """The ids of a funder's row and of its awards' rows in the review form."""

    id: str
    awards: tuple[str, ...] = ()


class RowIds(Value):
    """Stable identities of the form's rows, so that nested rows never duplicate or swap."""

    statements: tuple[str, ...] = ()
    funders: tuple[FunderRow, ...] = ()


class Link(Value):
    """The organisation that a funder's name means, as a curator or a sure match decided.

    `ror` is a ROR id as a URL (https://ror.org/021nxhr62), `funder_id` the DOI of the Crossref
    Funder Registry (10.13039/100000001). Both None: somebody looked, and none of those known is
    meant.
    """

    ror: str | None = Field(
        default=None, pattern=r"^https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}\d{2}$"
    )
    funder_id: str | None = Field(default=None, pattern=r"^10\.13039/\S+$")
    name: str = ""
    method: Literal["curator", "automatic", "import"] = "curator"


class Answer(Value):
    """The statements and funders of a document, as a model proposed or a curator decided.

    `links` stand beside the funders, one or None for each, or there are none at all.
    """

    statements: tuple[Statement, ...] = ()
    funders: tuple[Funder, ...] = ()
    row_ids: RowIds | None = None
    links: tuple[Link | None, ...] = ()

    @model_validator(mode="after")
    def _links_match(self) -> Answer:
        if self.links and len(self.links) != len(self.funders):
            raise ValueError("links must name every funder once, null where it has none")
        return self

    @model_validator(mode="after")
    def _rows_match(self) -> Answer:
        if self.row_ids is None:
            return self
        shape = (len(self.statements), tuple(len(f.awards) for f in self.funders))
        rows = self.row_ids
        if shape != (len(rows.statements), tuple(len(f.awards) for f in rows.funders)):
            raise ValueError("row_ids must name every statement, funder and award once")
        return self


Verdict = Literal["proposed", "accepted", "corrected", "no_funding", "skipped", "flagged"]
"""Where a record stands. `proposed` is a record that no curator has decided yet."""

GOLD_VERDICTS: tuple[Verdict, ...] = ("accepted", "corrected", "no_funding")
"""Verdicts whose answer is gold."""


class Message(Value):
    """A turn of a chat, as TRL reads it."""

    role: Literal["system", "user", "assistant"]
    content: str


class PreferencePair(Value):
    """The same prompt answered twice: as a curator corrected it, and as the model said it.

    The three message lists are TRL's conversational preference format.
    """

    prompt: tuple[Message, ...]
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    task: str
    error_type: str
    source: dict[str, str | int | None]
