"""The corpora that adapters are trained and measured on, read one record at a time.

A record keeps its source and licence: whoever trains on it lists them in the model card.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from models.schemas import Funder

Split = Literal["train", "dev"]


class LabelledStatement(BaseModel):
    """A funding statement with its funders: gold, silver or synthetic, as `source` tells."""

    model_config = ConfigDict(frozen=True)

    id: str
    source: str
    license: str
    statement: str
    funders: tuple[Funder, ...]
    split: Split = "train"
    doi: str | None = None


class Segment(BaseModel):
    """Characters `[start, end)` of a document that are a funding note or an acknowledgement."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int
    type: str


class SegmentedDocument(BaseModel):
    """A whole document with its parts marked. `clean_negative`: it certainly names no funding."""

    model_config = ConfigDict(frozen=True)

    id: str
    source: str
    license: str
    text: str
    segments: tuple[Segment, ...]
    doi: str | None = None
    has_funding: bool = False
    has_acknowledgment: bool = False
    clean_negative: bool = False
    weak_funding: tuple[Segment, ...] = ()


class LabelledPaper(BaseModel):
    """A PDF with its funding statements and funders, labelled by reading."""

    model_config = ConfigDict(frozen=True)

    id: str
    pdf: Path
    license: str
    statements: tuple[str, ...]
    funders: tuple[Funder, ...]
    doi: str | None = None


def statements(path: Path, split: Split | None = None) -> Iterator[LabelledStatement]:
    """Records of a statement corpus in the labelled format.

    Raises `ValueError` naming the line of a malformed record.
    """
    for number, row in _rows(path):
        row["funders"] = [_funder(funder) for funder in row.get("funders") or []]
        known = {key: row[key] for key in LabelledStatement.model_fields if key in row}
        record = _checked(LabelledStatement, known, path, number)
        if split is None or record.split == split:
            yield record


def documents(path: Path) -> Iterator[SegmentedDocument]:
    """Documents with marked segments (JSON lines, gzip by suffix)."""
    for number, row in _rows(path):
        row["weak_funding"] = [
            {"type": "weak", **span} for span in row.get("weak_funding") or [] if "start" in span
        ]
        known = {key: row[key] for key in SegmentedDocument.model_fields if key in row}
        yield _checked(SegmentedDocument, known, path, number)


def papers(path: Path) -> Iterator[LabelledPaper]:
    """Labelled PDFs; their paths are taken relative to the list."""
    for number, row in _rows(path):
        row["pdf"] = path.parent / row["pdf"]
        known = {key: row[key] for key in LabelledPaper.model_fields if key in row}
        yield _checked(LabelledPaper, known, path, number)


def licences(records: Iterable[Any]) -> dict[str, dict[str, int]]:
    """How many records of each source stand under each licence."""
    counts: dict[str, dict[str, int]] = {}
    for record in records:
        by_licence = counts.setdefault(record.source, {})
        by_licence[record.license] = by_licence.get(record.license, 0) + 1
    return counts


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    is_packed = path.suffix == ".gz"
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if is_packed
        else path.open(encoding="utf-8") as lines
    ):
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, json.loads(line)


def _checked(kind: type[Any], row: dict[str, Any], path: Path, number: int) -> Any:
    try:
        return kind.model_validate(row)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: {error}") from error


def _funder(funder: dict[str, Any]) -> dict[str, Any]:
    """The cometadata keys only: corpora carry offsets and flags beside them."""
    awards = [
        {key: award.get(key) or [] for key in ("award_ids", "funding_scheme", "award_title")}
        for award in funder.get("awards") or []
    ]
    return {"funder_name": funder.get("funder_name") or None, "awards": awards}
