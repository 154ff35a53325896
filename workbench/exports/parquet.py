"""Gold as Parquet: the columns of the JSON Lines, funders and statements nested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from models.errors import WorkbenchError
from workbench.exchange.entries import Entry
from workbench.exchange.formats import Unreadable, parsed
from workbench.exports.gold import Gold

ROWS = 5_000
"""Rows of a group: what is held in memory at a time."""


class Parquet(Gold):
    """Written as lines first, so that it can be resumed, and turned into columns at the end."""

    name = "parquet"
    suffix = "parquet"
    media_type = "application/vnd.apache.parquet"

    def finish(self, written: Path, target: Path) -> None:
        arrow, parquet = _pyarrow()
        schema = _schema(arrow)
        with (
            written.open("rb") as lines,
            parquet.ParquetWriter(target, schema, compression="zstd") as out,
        ):
            while group := list(islice(lines, ROWS)):
                out.write_table(arrow.Table.from_pylist(list(map(json.loads, group)), schema))
        written.unlink()

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        for place, row in parquet_rows(path):
            yield parsed(self, row, place)


def parquet_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a Parquet file as objects, with their places."""
    arrow, parquet = _pyarrow()
    try:
        number = 0
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1_000):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", row
    except (arrow.ArrowException, OSError) as error:
        raise Unreadable(f"{path.name} cannot be read as Parquet: {error}.") from error


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise WorkbenchError(
            "Parquet needs the package pyarrow.", "Install funding-workbench[parquet]."
        ) from error
    return pyarrow, pyarrow.parquet


def write_rows(target: Path, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """A file of these rows and columns; the same rows are the same bytes."""
    arrow, parquet = _pyarrow()
    table = arrow.Table.from_pylist(rows, _schema(arrow, columns))
    parquet.write_table(table, target, compression="zstd", row_group_size=ROWS)


def _schema(arrow: Any, columns: Sequence[str] = ()) -> Any:
    text, many = arrow.string(), arrow.list_
    span = arrow.struct(
        [
            ("page", arrow.int32()),
            ("start", arrow.int64()),
            ("end", arrow.int64()),
            (
                "boxes",
                many(
                    arrow.struct(
                        [
                            ("page", arrow.int32()),
                            *((n, arrow.float64()) for n in ("x0", "y0", "x1", "y1")),
                        ]
                    )
                ),
            ),
        ]
    )
    award = arrow.struct([(n, many(text)) for n in ("award_ids", "funding_scheme", "award_title")])
    funder = arrow.struct([("funder_name", text), ("awards", many(award))])
    link = arrow.struct([(n, text) for n in ("ror", "funder_id", "name", "method")])
    nested = {
        "id": arrow.int64(),
        "statements": many(arrow.struct([("text", text), ("span", span), ("alignment", text)])),
        "funders": many(funder),
        "links": many(link),
        "revision": arrow.int64(),
    }
    return arrow.schema([(name, nested.get(name, text)) for name in columns or COLUMNS])


COLUMNS = (
    "id",
    "document",
    "sha256",
    "doi",
    "license",
    "project",
    "funding_statement",
    "statements",
    "funders",
    "links",
    "verdict",
    "revision",
    "actor",
    "revised_at",
)

FORMAT = Parquet
