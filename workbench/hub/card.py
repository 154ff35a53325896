"""The dataset card: what is in it, by which rules, how good, from whom, under which licences.

It says nothing of the time at which it was made: the same store gives the same card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.tasks import task
from workbench.hub.licences import Licences, on_the_hub
from workbench.hub.names import PLOT, SPLITS
from workbench.hub.shards import Made

TASKS = ("funding_statements", "funding_parse")
"""Whose guidelines curators follow."""
SIZE_NAMES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))
MEANING = {
    "sha256": "SHA-256 of the file that was read; a document is the same row for ever",
    "doi": "DOI of the paper, where it is known",
    "license": "licence of the paper, as it was found",
    "funding_statement": "the statements as one text",
    "statements": "each statement, verbatim, with its place: page, characters of the text, boxes "
    "in points; `alignment` says how it was found there",
    "funders": "funder names with awards: ids, schemes, titles, as printed (the cometadata format)",
    "links": "for each funder its ROR id and Crossref Funder ID, where linked, and how",
    "verdict": "`accepted` as proposed, `corrected`, or `no_funding`",
    "revision": "number of the decision on this record",
    "revised_at": "when it was made, UTC",
    "model": "the model whose proposal the curator saw; null where there was none",
    "adapter": "the adapter on that model, `name@` and the first digits of its weights' SHA-256",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a card tells beside the rows."""

    repo: str
    project: str | None = None
    languages: tuple[str, ...] = ("en",)
    agreement: Sequence[dict[str, Any]] = ()
    errors: Sequence[dict[str, Any]] = ()
    adapters: Sequence[dict[str, Any]] = field(default=())


def card(made: Made, licences: Licences, about: About) -> str:
    """The README.md of the dataset."""
    parts = [
        f"---\n{_header(made, licences, about)}---",
        f"# {_plain(about.repo.split('/')[1])}",
        "Who paid for a paper: funding statements, funders, awards, funding schemes and award "
        "titles, proposed by a model and decided by curators with the Funding Workbench. The "
        "papers themselves are not part of it.",
        "\n".join(_counts(made)),
        f"![The funders named in most papers]({PLOT})" if made.funders else "",
        "\n".join(_schema()),
        "\n".join(_guidelines()),
        "\n".join(_quality(about)),
        "\n".join(_lineage(made, about)),
        "\n".join(_licences(licences)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _header(made: Made, licences: Licences, about: About) -> str:
    import yaml

    ids = sorted({on_the_hub(name) for name in licences.published})
    total = made.rows.total()
    files = [
        {"split": split, "path": f"data/{split}-*.parquet"} for split in SPLITS if made.rows[split]
    ]
    told: dict[str, Any] = {
        "pretty_name": _plain(about.repo.split("/")[1]),
        "license": ids[0] if len(ids) == 1 else ids,
        "task_categories": ["token-classification", "text-generation"],
        "language": list(about.languages),
        "size_categories": [next((name for most, name in SIZE_NAMES if total < most), "n>1M")],
        "tags": ["funding", "scholarly-metadata", "information-extraction"],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return str(yaml.safe_dump(told, sort_keys=False, allow_unicode=True))


def _counts(made: Made) -> Iterator[str]:
    yield "## Counts\n"
    yield from _table(
        ("split", "records"), [(split, made.rows[split]) for split in SPLITS if made.rows[split]]
    )
    yield (
        "\nThe split of a document follows from its SHA-256 and never changes. `test` is what no "
        "training run of the workbench trains on.\n"
    )
    yield from _table(("records", "count"), sorted(made.verdicts.items()))
    yield ""
    yield from _table(("values", "count"), sorted(made.values.items()))


def _schema() -> Iterator[str]:
    yield "## Rows\n"
    yield from _table(("column", "holds"), MEANING.items())


def _guidelines() -> Iterator[str]:
    yield "## Annotation guidelines\n"
    for name in TASKS:
        for value, rule in task(name).guidelines.items():
            yield f"- **{_cell(value)}**: {_cell(rule)}"


def _quality(about: About) -> Iterator[str]:
    read = [row for row in about.agreement if row["papers"] and row["f1"] is not None]
    if read:
        yield "## Agreement\n"
        yield f"On {read[0]['papers']} papers that several people read blind to each other.\n"
        yield from _table(
            ("value", "F1 between readers (95 %)", "Krippendorff's alpha (95 %)"),
            [(row["field"], _interval(row, "f1"), _interval(row, "alpha")) for row in read],
        )
        yield ""
    if about.errors:
        yield "## What curators corrected\n"
        yield "Errors in the models' proposals, by what the decision says.\n"
        yield from _table(
            ("model", "value", "error", "count", "papers"),
            [
                (row["model"], row["field"] or "–", row["error"], row["count"], row["papers"])
                for row in about.errors
            ],
        )


def _lineage(made: Made, about: About) -> Iterator[str]:
    if not made.models:
        return
    yield "## Models\n"
    yield "What had proposed before a curator decided.\n"
    yield from _table(
        ("model", "adapter", "records"),
        [(model, adapter or "–", n) for (model, adapter), n in sorted(made.models.items())],
    )
    used = {adapter.split("@")[0] for _, adapter in made.models}
    rows = [row for row in about.adapters if row["name"] in used]
    if rows:
        yield ""
        yield from _table(
            ("adapter", "base", "trained from", "sha256 of its weights"),
            [(row["name"], row["base"], row["parent"] or "–", row["sha256"]) for row in rows],
        )


def _licences(licences: Licences) -> Iterator[str]:
    yield "## Licences\n"
    yield (
        "Each row has the licence of its paper in `license`; a statement is quoted under it. What "
        "curators added is only as free as the statement that it stands by.\n"
    )
    yield from _table(("licence", "records"), sorted(licences.published.items()))
    if licences.left_out:
        yield (
            f"\n{licences.left_out.total()} further records were not published: their licence "
            "forbids it or is not known.\n"
        )
    named = sorted(licences.overruled & set(licences.published))
    if named:
        yield f"\nPublished on the publisher's own responsibility: {_cell(', '.join(named))}."


def _interval(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if value is None:
        return "–"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    bounds = f" ({low:.3f}–{high:.3f})" if low is not None and high is not None else ""
    return f"{value:.3f}{bounds}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(_cell(str(cell)) for cell in row) + " |"


def _cell(text: str) -> str:
    """A value that stays in its cell, as text."""
    flat = " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
    return flat.replace("<", "&lt;")


def _plain(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")
