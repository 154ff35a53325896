"""GROBID's TEI: the funders that it found in a paper, as another model's proposals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.schemas import Award, Funder
from workbench.exchange.entries import Entry
from workbench.exchange.formats import Unreadable
from workbench.exchange.xmltext import children, content, elements, find, local

XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


def read(path: Path) -> Iterator[Entry | Unreadable]:
    """The papers of a file."""
    for tei in elements(path, "TEI"):
        header = find(tei, "teiHeader")
        yield Entry(
            place=f"paper {path.name}",
            doi=_doi(header),
            name=path.name.removesuffix(".xml").removesuffix(".tei"),
            statements=tuple(_statements(tei)) or None,
            funders=tuple(_funders(tei)),
            model="grobid",
        )


def _doi(header: Any) -> str | None:
    nodes = [] if header is None else header.iter()
    found = (content(n).strip() for n in nodes if local(n) == "idno" and _kind(n) == "doi")
    return next(filter(None, found), None)


def _kind(node: Any) -> str:
    return (node.get("type") or "").lower()


def _funders(tei: Any) -> Iterator[Funder]:
    """Funders of the header with the awards that they refer to, then those listed behind."""
    awards = {node.get(XML_ID): node for node in tei.iter() if local(node) == "org"}
    used: set[str] = set()
    named: dict[str, list[Award]] = {}
    for node in tei.iter():
        if local(node) != "funder":
            continue
        name = " ".join(content(_full(node)).split())
        target = (node.get("ref") or "").lstrip("#")
        found = [_award(awards[target])] if target in awards else []
        used.add(target)
        if name and name.lower() != "unknown":
            named.setdefault(name, []).extend(award for award in found if award != Award())
        else:
            yield from (Funder(awards=(award,)) for award in found if award != Award())
    for name, given in named.items():
        yield Funder(funder_name=name, awards=tuple(dict.fromkeys(given)))
    for id_, node in awards.items():
        listed = node.getparent()
        if id_ not in used and local(listed) == "listOrg" and _kind(listed) == "funding":
            award = _award(node)
            name = " ".join(content(find(node, "orgName")).split()) if not award.award_title else ""
            if award != Award() or name:
                yield Funder(funder_name=name or None, awards=(award,) if award != Award() else ())


def _full(node: Any) -> Any:
    names = children(node, "orgName")
    full = [name for name in names if _kind(name) == "full"]
    return (full or names or [node])[0]


def _award(node: Any) -> Award:
    """The number and the names of what GROBID lists as a funding."""
    ids = [content(n).strip() for n in children(node, "idno") if _kind(n) == "grant-number"]
    names: dict[str, list[str]] = {}
    for name in children(node, "orgName"):
        names.setdefault(_kind(name), []).append(" ".join(content(name).split()))
    schemes = filter(None, names.get("program", []))
    titles = filter(None, [*names.get("grant-name", []), *names.get("project", [])])
    return Award(
        award_ids=tuple(filter(None, ids)), funding_scheme=tuple(schemes), award_title=tuple(titles)
    )


def _statements(tei: Any) -> Iterator[str]:
    for node in tei.iter():
        if local(node) == "div" and _kind(node) in ("funding", "acknowledgement"):
            yield from filter(None, (" ".join(content(p).split()) for p in _paragraphs(node)))


def _paragraphs(node: Any) -> list[Any]:
    return [child for child in node.iter() if local(child) == "p"]
