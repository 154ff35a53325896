"""JSON Lines of any origin: texts to be read by the model, or statements with their funders.

Each line is an object with a text under `statement`, `funding_statement` or `text`. With
`funders` (the cometadata format) it says who paid; without, it waits for the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.errors import WorkbenchError
from models.replies import tidy
from models.schemas import FunderList
from workbench.exchange.entries import Entry, text_of
from workbench.exchange.formats import Unreadable, json_rows, sentence

TEXT_KEYS = ("statement", "funding_statement", "text")
NAME_KEYS = ("id", "doi", "name")


def read(path: Path) -> Iterator[Entry | Unreadable]:
    """What the lines say."""
    for row in json_rows(path):
        yield row if isinstance(row, Unreadable) else read_row(*row)


def read_row(row: dict[str, Any], place: str) -> Entry | Unreadable:
    """What an object says, or why it cannot be understood."""
    try:
        return _entry(row, place)
    except (ValueError, TypeError, AttributeError, WorkbenchError) as error:
        return Unreadable(f"{place}: {sentence(error)}")


def _entry(row: dict[str, Any], place: str) -> Entry:
    text = next((row[key] for key in TEXT_KEYS if isinstance(row.get(key), str)), None)
    doi, sha256 = text_of(row.get("doi")), text_of(row.get("sha256"))
    if text is None and not (doi or sha256):
        raise WorkbenchError(f"no text under {', '.join(TEXT_KEYS)}.")
    said = row.get("funders")
    funders = None
    if said is not None:
        bare = [_without_ids(item) for item in said]
        funders = tidy(FunderList.dump_python(FunderList.validate_python(bare)))
    name = next(filter(None, (text_of(row.get(key)) for key in NAME_KEYS)), None)
    return Entry(
        place=place,
        doi=doi,
        sha256=sha256,
        name=name,
        license=text_of(row.get("license")),
        text=text,
        funders=funders,
        model=text_of(row.get("model")),
    )


def _without_ids(funder: Any) -> Any:
    """A funder without the identifiers that some corpora put beside its name."""
    if not isinstance(funder, dict):
        return funder
    return {key: value for key, value in funder.items() if key != "funder_ids"}
