"""Which organisations the funders of an answer mean: what is stored, sure, offered and learned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import AfterValidator
from sqlmodel import Session

from db import links as decisions
from db.links import Learned
from db.tables import LinkDecisionRow, RevisionRow
from models.linking.awards import hints
from models.linking.context import Context as Around
from models.linking.funders import Funders, Hit, open_funders
from models.linking.ids import ror_id
from models.linking.index import NoIndex
from models.linking.linker import (
    AUTOMATIC,
    Candidate,
    automatic,
    candidates,
    of_country_named,
)
from models.linking.names import name_key
from models.linking.rules import is_generic
from models.schemas import Answer, Funder, Link
from workbench.context import Context
from workbench.exchange.identifiers import checked

LOOKED_UP = 200
"""Funders of one answer whose candidates are looked up; those after them only as somebody types."""
OFFERED = 5


def _sound(answer: Answer) -> Answer:
    """The answer itself; raises `ValueError` where a ROR id's check digits are wrong."""
    for link in filter(None, answer.links):
        checked(link)
    return answer


SoundAnswer = Annotated[Answer, AfterValidator(_sound)]
"""An answer as it comes from outside: the ids of its links are checked."""


def told(ctx: Context, session: Session, answer: Answer) -> list[dict[str, Any]]:
    """For each funder: its stored link, the one made by itself, candidates, what people said.

    Without an index the stored links and what people decided are still told.
    """
    keys = [name_key(funder.funder_name or "") for funder in answer.funders]
    known = decisions.learned(session, filter(None, keys))
    offered = _offered(ctx, answer)
    rows = []
    for i, funder in enumerate(answer.funders):
        said = known.get(keys[i], [])
        found = _learnt(offered[i], said)
        sure = _sure(funder.funder_name, found, said) if funder.funder_name else None
        stored = answer.links[i] if answer.links else None
        if stored and stored.method == "automatic":
            sure, stored = sure or stored, None
        rows.append(
            {
                "stored": stored and stored.model_dump(mode="json"),
                "automatic": sure and sure.model_dump(mode="json"),
                "country": _country(found, stored or sure),
                "candidates": [asdict(each) for each in found],
                "learned": [_said(each) for each in said],
            }
        )
    return rows


def award_hints(answer: Answer) -> dict[str, dict[str, Any]]:
    """What the form of award ids says, by JSON pointer."""
    return {path: hint.told() for path, hint in hints(answer.funders, answer.links)}


def settled(
    ctx: Context, session: Session, answer: Answer
) -> tuple[Answer, tuple[str | None, ...]]:
    """The answer with the links that are sure where its curator said nothing, and for each funder
    the ROR id that is linked when nobody says anything.
    """
    rows = told(ctx, session, answer.model_copy(update={"links": ()}))
    alone = tuple(_link(row["automatic"]) for row in rows)
    given = answer.links or (None,) * len(rows)
    by_people = (link if link and link.method != "automatic" else None for link in given)
    links = tuple(mine or sure for mine, sure in zip(by_people, alone, strict=True))
    full = answer.model_copy(update={"links": links if any(links) else ()})
    return full, tuple(link.ror if link else None for link in alone)


def _link(value: dict[str, Any] | None) -> Link | None:
    return Link.model_validate(value) if value else None


def remember(
    session: Session,
    revision: RevisionRow,
    person: str,
    refused: Sequence[str | None],
    own: Answer | None = None,
) -> None:
    """Add what a curator decided with a revision; `refused` is what would have been linked.

    `own` is the person's answer where the revision joins those of several.
    """
    answer = own or revision.after
    if answer is None:
        return
    rows: list[LinkDecisionRow] = []
    for funder, link, offered in zip(answer.funders, answer.links, refused, strict=False):
        if link is None or link.method != "curator" or not funder.funder_name:
            continue
        rows += _rows(revision, person, funder, link, offered)
    said = {row.key for row in rows}
    before = decisions.of_person(session, revision.record_id, person)
    gone = {row.key: row for row in before if row.key not in said and row.seq < revision.seq}
    rows += [_withdrawn(row, revision) for row in gone.values()]
    decisions.add_decisions(session, {(r.key, r.verdict, r.ror): r for r in rows}.values())


def _withdrawn(row: LinkDecisionRow, revision: RevisionRow) -> LinkDecisionRow:
    """The row that takes back what the same person said of a name in the paper."""
    return LinkDecisionRow(
        record_id=revision.record_id,
        seq=revision.seq,
        key=row.key,
        name=row.name,
        verdict="withdrawn",
        person=row.person,
    )


def _rows(
    revision: RevisionRow, person: str, funder: Funder, link: Link, offered: str | None
) -> list[LinkDecisionRow]:
    name = funder.funder_name or ""
    facts = {
        "record_id": revision.record_id,
        "seq": revision.seq,
        "key": name_key(name),
        "name": name,
        "person": person,
    }
    said = LinkDecisionRow(
        **facts,
        verdict="confirmed" if link.ror or link.funder_id else "none",
        ror=link.ror or "",
        funder_id=link.funder_id,
        organisation=link.name,
    )
    if not offered or offered == link.ror:
        return [said]
    return [said, LinkDecisionRow(**facts, verdict="refused", ror=offered)]


def go_back(session: Session, saved: RevisionRow) -> None:
    """Let what people said of names count as it did with the revision that `saved` goes back to."""
    said: dict[tuple[str, str], list[LinkDecisionRow]] = defaultdict(list)
    for row in decisions.of_record(session, saved.record_id):
        if row.seq < saved.seq:
            said[row.key, row.person].append(row)
    facts = {"record_id": saved.record_id, "seq": saved.seq}
    rows: list[LinkDecisionRow] = []
    for all_said in said.values():
        then = _newest([row for row in all_said if row.seq <= (saved.restores or 0)])
        now = _newest(all_said)
        if {row.seq for row in then} == {row.seq for row in now}:
            continue
        again = [row for row in then if row.verdict != "withdrawn"]
        if again:
            kept = {"id", "created_at", *facts}
            rows += [LinkDecisionRow(**row.model_dump(exclude=kept), **facts) for row in again]
        elif now[0].verdict != "withdrawn":
            rows.append(_withdrawn(now[0], saved))
    decisions.add_decisions(session, rows)


def _newest(rows: Sequence[LinkDecisionRow]) -> list[LinkDecisionRow]:
    """Those that came with the newest of their revisions."""
    last = max((row.seq for row in rows), default=0)
    return [row for row in rows if row.seq == last]


def search(ctx: Context, text: str, country: str, limit: int) -> list[dict[str, Any]]:
    """Organisations that somebody who types may mean. Raises `NoIndex`."""
    with open_funders(ctx.funders) as funders:
        found = [_shown(hit) for hit in funders.search(text, country, limit)]
    unlisted = ror_id(text)
    if unlisted and not found:
        return [_unlisted(unlisted)]
    return found


def organisation(ctx: Context, ror: str) -> dict[str, Any] | None:
    """All that the index has of an organisation; None where it does not have it."""
    with open_funders(ctx.funders) as funders:
        org = funders.by_ror(ror)
        if org is None:
            return None
        near = {
            kind: [{"ror": each.ror, "name": each.name} for each in funders.related(org, kind)]
            for kind in ("parent", "child", "successor", "predecessor")
        }
        names = [{"name": n, "kind": kind, "lang": lang} for n, kind, lang in funders.names(org)]
        facts = asdict(org)
        del facts["id"]
        return facts | {"names": names, "relations": near}


def _offered(ctx: Context, answer: Answer) -> list[list[Candidate]]:
    """The candidates of each funder, none where there is no index."""
    statement = " ".join(each.text for each in answer.statements)
    names = [funder.funder_name or "" for funder in answer.funders]
    none: list[list[Candidate]] = [[] for _ in names]
    try:
        with open_funders(ctx.funders) as funders:
            found = _candidates(funders, names[:LOOKED_UP], statement)
    except NoIndex:
        return none
    return found + none[len(found) :]


def _candidates(funders: Funders, names: list[str], statement: str) -> list[list[Candidate]]:
    around = Around(statement, tuple(names))
    once = {name: candidates(funders, name, around, OFFERED) for name in dict.fromkeys(names)}
    return [once[name] for name in names]


def _learnt(found: list[Candidate], said: list[Learned]) -> list[Candidate]:
    """Candidates in the order that people's decisions give: confirmed ones first, refused last."""
    ranked = list(found)
    for each in reversed([each for each in said if each.confirmed and each.ror]):
        reason = "confirmed by " + ", ".join(_times(each.confirmed))
        same = next((one for one in ranked if one.ror == each.ror), None)
        reasons = (*(same.reasons if same else ()), reason)
        ranked = [one for one in ranked if one.ror != each.ror]
        name, country = (same.name, same.country) if same else (each.organisation, "")
        score = 0.98 if not each.refused else 0.6
        ranked.insert(0, Candidate(each.ror, each.funder_id, name, country, score, reasons))
    refused = {each.ror for each in said if each.refused and not each.confirmed}
    return sorted(ranked, key=lambda one: one.ror in refused)


def _sure(name: str, found: list[Candidate], said: list[Learned]) -> Link | None:
    """The link that is made without asking: a name confirmed once, else a score that is enough.

    Nothing is sure where people differ, or refused what the index would say, or said "none", or
    where the text speaks for another country than that of what they confirmed.
    """
    confirmed = [each for each in said if each.confirmed]
    refused = {each.ror for each in said if each.refused}
    if confirmed:
        if len(confirmed) > 1 or confirmed[0].disputed or not _holds(name, found, confirmed[0]):
            return None
        best = confirmed[0]
        return Link(
            ror=best.ror or None,
            funder_id=best.funder_id,
            name=best.organisation,
            method="automatic",
        )
    top = automatic(found)
    if top is None or top.ror in refused:
        return None
    return Link(ror=top.ror, funder_id=top.funder_id, name=top.name, method="automatic")


def _holds(name: str, found: list[Candidate], best: Learned) -> bool:
    """Whether what was confirmed in another paper holds in this one.

    A name that many countries have needs the right country here as well, and any name gives way
    where the text names the country of another organisation of this name.
    """
    here = next((one for one in found if one.ror == best.ror), None)
    if here is not None and of_country_named(here):
        return True
    others = (one for one in found if one is not here and one.score >= AUTOMATIC)
    return not is_generic(name) and not any(map(of_country_named, others))


def _times(people: dict[str, int]) -> list[str]:
    return [f"{name} {n} times" if n > 1 else name for name, n in people.items()]


def _said(each: Learned) -> dict[str, Any]:
    return asdict(each) | {"disputed": each.disputed}


def _country(found: list[Candidate], link: Link | None) -> str:
    return next((one.country for one in found if link and one.ror == link.ror), "")


def _unlisted(ror: str) -> dict[str, Any]:
    """An organisation that the index does not have, by an id whose check digits are right."""
    named = {"ror": ror, "funder_id": None, "name": "", "country": "", "city": ""}
    return named | {"status": "unlisted", "matched": ror}


def _shown(hit: Hit) -> dict[str, Any]:
    org = hit.org
    return {
        "ror": org.ror,
        "funder_id": org.funder_id,
        "name": org.name,
        "country": org.country,
        "city": org.city,
        "status": org.status,
        "matched": hit.name if hit.name != org.name else "",
    }
