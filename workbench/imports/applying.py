"""What a file says, brought into the store: as gold or as proposals, with conflicts told.

A curator's decision is never overridden unless somebody asks for it: an import that says otherwise
is listed as a conflict, and the record stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

import ftfy
from sqlmodel import Session, col, select

from db import jobs, store
from db.engine import writing
from db.files import store_file
from db.gold import gold
from db.tables import DocumentRow, RecordRow, RevisionRow
from models.documents import Document, read
from models.dois import normalised
from models.errors import WorkbenchError
from models.grounding import ground_fields
from models.schemas import (
    Answer,
    Extraction,
    FunderList,
    Link,
    ModelCard,
    Proposal,
    Statement,
)
from workbench.context import Context
from workbench.desk import document_of, document_row, ground
from workbench.exchange.entries import Entry, answer_links, facts, pairs
from workbench.exchange.formats import Unreadable, sentence
from workbench.exchange.identifiers import noted

What = Literal["gold", "proposals"]
ACTOR = "import"


@dataclass(slots=True)
class Report:
    """What became of the papers of a file. `documents` were made anew, `waiting` have no funders
    yet, `unmatched` say funders of a paper that is not here and bring no text, `left_out` are ROR
    ids with wrong check digits that were not taken over.
    """

    documents: int = 0
    gold: int = 0
    new: int = 0
    known: int = 0
    changed: int = 0
    conflicts: list[str] = field(default_factory=list)
    proposals: int = 0
    waiting: int = 0
    unmatched: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wish:
    """How to bring a file in."""

    project: str = "inbox"
    what: What = "gold"
    model: str = "imported"
    overwrite: bool = False


def apply(ctx: Context, entries: Iterable[Entry | Unreadable], wish: Wish) -> Report:
    """Bring everything in that can be; running it again changes nothing."""
    report = Report()
    with TemporaryDirectory() as folder, noted() as unsound:
        try:
            for entry in entries:
                wrong = dict.fromkeys(unsound)
                unsound.clear()
                if isinstance(entry, Unreadable):
                    report.errors.append(str(entry))
                    continue
                report.left_out += [f"{entry.place}: {id_} is no ROR id." for id_ in wrong]
                try:
                    _apply(ctx, entry, wish, Path(folder), report)
                except (ValueError, TypeError, RecursionError, WorkbenchError) as error:
                    report.errors.append(f"{entry.place}: {sentence(error)}")
        except WorkbenchError as error:
            report.errors.append(str(error))
    return report


def _apply(ctx: Context, entry: Entry, wish: Wish, folder: Path, report: Report) -> None:
    made = _made(ctx, entry, folder)
    with writing(ctx.engine) as session:
        found = _find(session, entry, made)
        if found is None and made is None:
            report.unmatched.append(
                f"{entry.place}: no such paper here, and no text to make one of."
            )
            return
        is_new = found is None
        record = found or _add(session, made, entry, wish)
        report.documents += is_new
        _describe(session, record, entry)
        if entry.funders is None:
            report.known += not is_new
            report.waiting += is_new
            if is_new:
                name = store.document(session, record.document_sha256).name
                jobs.enqueue(session, "propose", name, record_id=record.id)
            return
        row = store.document(session, record.document_sha256)
        document = made if made is not None and made.sha256 == row.sha256 else document_of(row)
        answer = _answer(document, entry)
        if wish.what == "proposals":
            _propose(session, record, document, answer, entry.model or wish.model, report)
        else:
            _decide(session, record, answer, entry, wish, report)


def _made(ctx: Context, entry: Entry, folder: Path) -> Document | None:
    """The document that the entry's own words make, None where it brings none."""
    text = entry.text or "\n".join(entry.statements or ())
    if not text.strip():
        return None
    source = folder / "text.txt"
    source.write_text(_printable(ftfy.fix_text(text)), "utf-8")
    name = entry.name or entry.doi or entry.place
    document = read(source, ctx.limits, name=f"{_printable(name).removesuffix('.txt')}.txt")
    store_file(ctx.files, source)
    return document


def _printable(value: str) -> str:
    """Text without the half characters that JSON can spell and no file takes."""
    return value.encode("utf-8", "replace").decode()


def _find(session: Session, entry: Entry, made: Document | None) -> RecordRow | None:
    """The record that an entry is about: by its document, its DOI, or its text."""
    for sha in (entry.sha256, made.sha256 if made else None):
        if sha and (found := store.find_record(session, sha)):
            return found
    doi = normalised(entry.doi) if entry.doi else None
    if doi is None:
        return None
    query: Any = (
        select(RecordRow)
        .join(DocumentRow, col(DocumentRow.sha256) == RecordRow.document_sha256)
        .where(DocumentRow.doi == doi)
        .order_by(col(RecordRow.id))
    )
    first: RecordRow | None = session.exec(query).first()
    return first


def _add(session: Session, made: Document | None, entry: Entry, wish: Wish) -> RecordRow:
    assert made is not None
    return store.add_document(session, document_row(made), project=wish.project)


def _describe(session: Session, record: RecordRow, entry: Entry) -> None:
    """Keep the DOI and licence that a file knows of a paper that has none."""
    row = store.document(session, record.document_sha256)
    if row.doi is None and entry.doi:
        row.doi = normalised(entry.doi)
    if row.license is None and entry.license:
        row.license = entry.license


def _answer(document: Document, entry: Entry) -> Answer:
    """What an entry says, grounded; without statements of its own the whole text is one."""
    kept = [(f, link) for f, link in pairs(entry) if f.funder_name or f.awards or link]
    said = tuple(Statement(text=text) for text in entry.statements or ())
    if entry.statements is None and kept and entry.text:
        end = len(document.text)
        said = (Statement(text=document.text, span=document.span(0, end), alignment="exact"),)
    answer = Answer(
        statements=said,
        funders=tuple(funder for funder, _ in kept),
        links=answer_links([_imported(link) for _, link in kept]),
    )
    return ground(document, answer)[0]


def _imported(link: Link | None) -> Link | None:
    return link.model_copy(update={"method": "import"}) if link else None


def _decide(
    session: Session, record: RecordRow, answer: Answer, entry: Entry, wish: Wish, report: Report
) -> None:
    standing = gold(session, record.id)
    if standing is not None and _is_same(standing, answer, entry):
        report.known += 1
        return
    own = standing is None or standing.kind == "import"
    if not (own and _untouched(session, record)) and not wish.overwrite:
        who = standing.actor if standing else "a curator"
        report.conflicts.append(
            f"{entry.place}: record {record.id} was decided otherwise by {who}; it stays so."
        )
        return
    if standing is not None:
        # A file need not say statements: those that a decision has stay with the new funders.
        kept = standing.after.statements if standing.after and entry.statements is None else None
        answer = answer.model_copy(update={"statements": kept}) if kept else answer
    told = answer.model_dump_json()
    event = uuid5(NAMESPACE_URL, f"{record.document_sha256}/{record.head}/{told}").hex
    store.save_revision(
        session,
        record.id,
        base_seq=record.head,
        kind="import",
        verdict="corrected" if answer.funders else "no_funding",
        answer=answer,
        actor=ACTOR,
        client_event_id=event,
    )
    report.gold += 1
    report.new += standing is None
    report.changed += standing is not None


def _untouched(session: Session, record: RecordRow) -> bool:
    """Whether no person has done anything to the record: only imports, or nothing."""
    return all(revision.kind == "import" for revision in store.revisions(session, record.id))


def _is_same(standing: RevisionRow, answer: Answer, entry: Entry) -> bool:
    """Whether a decision says what a file says, as far as the file says anything."""
    before, after = _entry(standing.after or Answer()), _entry(answer)
    ours, theirs = facts(before), facts(after)
    if entry.statements is None:
        ours = {fact for fact in ours if fact[0] != "statement"}
        theirs = {fact for fact in theirs if fact[0] != "statement"}
    if not answer.links:
        ours = {fact for fact in ours if fact[0] not in ("ror", "funder_id")}
    return ours == theirs


def _entry(answer: Answer) -> Entry:
    statements = tuple(statement.text for statement in answer.statements)
    return Entry("", statements=statements, funders=answer.funders, links=answer.links)


def _propose(
    session: Session,
    record: RecordRow,
    document: Document,
    answer: Answer,
    model: str,
    report: Report,
) -> None:
    raw = FunderList.dump_json(answer.funders).decode()
    prompt, schema = _fingerprint(f"imported {model}"), _fingerprint("cometadata")
    newest = store.newest_proposal(session, record.id)
    proposal = Proposal(
        statements=answer.statements,
        parsed_text="\n".join(s.text for s in answer.statements),
        extraction=Extraction(raw=raw, funders=answer.funders),
        fields=ground_fields(answer.funders, answer.statements, document),
        card=ModelCard(model=model, prompt_sha256=prompt, schema_sha256=schema),
    )
    if newest is not None and newest.proposal == proposal:
        report.known += 1
        return
    store.add_proposal(session, record.id, proposal)
    report.proposals += 1


def _fingerprint(said: str) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
