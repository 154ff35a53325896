"""JATS 1.3: the `funding-group` of each paper, to be put into its article's XML.

One file holds the fragments, each in a `record` of its own namespace that says whose it is;
`patching.into_jats` puts a fragment into an article.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from db.gold import Decided
from models.schemas import Award, Funder, Link
from workbench.exchange.entries import MERGED, Entry, answer_links, merged, pairs
from workbench.exchange.formats import Format, Unreadable
from workbench.exchange.identifiers import link_of
from workbench.exchange.xmltext import (
    allowed,
    attribute,
    children,
    content,
    element,
    elements,
    find,
    local,
    text,
)

NAMESPACE = "urn:funding-workbench:records"


class Jats(Format):
    """Funding groups."""

    name = "jats"
    suffix = "xml"
    media_type = "application/xml"
    cannot: ClassVar[Mapping[str, str]] = {
        **MERGED,
        "funding_scheme": "an award group has one description; further schemes have no place",
        "award_title": "an award group has one name; further titles have no place",
        "award": "an award group has one name and one description",
    }

    def head(self) -> bytes:
        told = f'<?xml version="1.0" encoding="UTF-8"?>\n<wb:records xmlns:wb="{NAMESPACE}">\n'
        return told.encode()

    def tail(self) -> bytes:
        return b"</wb:records>\n"

    def write(self, record: Decided) -> bytes:
        doi = f' doi="{attribute(record.doi)}"' if record.doi else ""
        name = attribute(record.document)
        whose = f'id="{record.id}"{doi} sha256="{record.sha256}" document="{name}"'
        return f"<wb:record {whose}>{funding_group(record)}</wb:record>\n".encode()

    def read(self, path: Path) -> Iterator[Entry | Unreadable]:
        for node in elements(path, "record"):
            groups = children(node, "funding-group")
            funders, links, statements = read_groups(groups)
            number = node.get("id") or ""
            yield Entry(
                place=f"record {number}",
                id=int(number) if number.isdecimal() else None,
                doi=node.get("doi"),
                sha256=node.get("sha256"),
                name=node.get("document"),
                statements=statements,
                funders=funders,
                links=links,
            )

    def reduced(self, entry: Entry) -> Entry:
        told = (
            (Funder(funder_name=funder.funder_name, awards=tuple(map(_first, funder.awards))), link)
            for funder, link in pairs(entry)
        )
        funders, links = merged(told)
        return replace(entry, funders=funders, links=links)

    def spell(self, value: str) -> str:
        return allowed(value)


def _first(award: Award) -> Award:
    """An award with each id once, one scheme and one title at most."""
    return Award(
        award_ids=tuple(dict.fromkeys(award.award_ids)),
        funding_scheme=award.funding_scheme[:1],
        award_title=award.award_title[:1],
    )


def funding_group(record: Decided) -> str:
    """The element, with no namespace of its own."""
    groups = "".join(
        group for funder, link in pairs(record.answer) for group in _award_groups(funder, link)
    )
    said = "".join(
        element("funding-statement", text(statement.text)) for statement in record.answer.statements
    )
    return f"<funding-group>{groups}{said}</funding-group>"


def _award_groups(funder: Funder, link: Link | None) -> Iterator[str]:
    source = _source(funder, link)
    for award in funder.awards or (Award(),):
        parts = [source, *(element("award-id", text(id_)) for id_ in award.award_ids)]
        if award.award_title:
            parts.append(element("award-name", text(award.award_title[0])))
        if award.funding_scheme:
            parts.append(element("award-desc", text(award.funding_scheme[0])))
        if any(parts):
            yield element("award-group", "".join(parts))


def _source(funder: Funder, link: Link | None) -> str:
    ids = ""
    if link and link.ror:
        ids += element("institution-id", text(link.ror), institution_id_type="ror")
    if link and link.funder_id:
        ids += element("institution-id", text(link.funder_id), institution_id_type="FundRef")
    name = element("institution", text(funder.funder_name)) if funder.funder_name else ""
    if not name and not ids:
        return ""
    return element("funding-source", element("institution-wrap", name + ids) if ids else name)


def read_groups(
    groups: list[Any],
) -> tuple[tuple[Funder, ...], tuple[Link | None, ...], tuple[str, ...]]:
    """Funders, their links and the statements of funding groups, of ours or of others'."""
    found: dict[tuple[str | None, Link | None], list[Award]] = {}
    statements: list[str] = []
    for group in groups:
        statements += [squeezed(node) for node in children(group, "funding-statement")]
        for award_group in children(group, "award-group"):
            award = _award(award_group)
            for key in _sources(award_group) or [(None, None)]:
                awards = found.setdefault(key, [])
                if award != Award() and award not in awards:
                    awards.append(award)
    kept = [(key, awards) for key, awards in found.items() if key[0] or awards or key[1]]
    funders = tuple(Funder(funder_name=name, awards=tuple(a)) for (name, _), a in kept)
    links = answer_links([link for (_, link), _ in kept])
    return funders, links, tuple(filter(None, statements))


def _sources(group: Any) -> list[tuple[str | None, Link | None]]:
    return [
        _named(node)
        for node in group
        if local(node) in ("funding-source", "support-source") and content(node).strip()
    ]


def _named(source: Any) -> tuple[str | None, Link | None]:
    """The name and identifiers of a source; ids may stand beside the name or around it."""
    ids: dict[str, str] = {}
    for node in source.iter():
        kind = (node.get("institution-id-type") or "").lower() if local(node) else ""
        if local(node) == "institution-id":
            value = content(node).strip()
            ids["ror" if kind == "ror" or "ror.org" in value else "funder_id"] = value
    names = [content(n) for n in source.iter() if local(n) == "institution"]
    name = " ".join(names) if names else _own_text(source)
    return _clean(name, is_ours=bool(names)), link_of(**ids)


def _own_text(source: Any) -> str:
    return "".join(
        piece
        for node in source.iter()
        if local(node) != "institution-id"
        for piece in ((node.text or ""), *((c.tail or "") for c in node))
    )


def _clean(name: str, is_ours: bool) -> str | None:
    return (name.strip() if is_ours else " ".join(name.split())) or None


def _award(group: Any) -> Award:
    ids = [content(node).strip() for node in children(group, "award-id")]
    scheme = content(find(group, "award-desc")).strip()
    title = content(find(group, "award-name")).strip()
    return Award(
        award_ids=tuple(dict.fromkeys(filter(None, ids))),
        funding_scheme=(scheme,) if scheme else (),
        award_title=(title,) if title else (),
    )


def squeezed(node: Any) -> str:
    """The text of an element without the space around it."""
    return content(node).strip()


FORMAT = Jats
