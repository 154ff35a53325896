"""The local index of funders: one SQLite file, made from a dump in one go and then only read.

It holds every organisation with its names, as they are compared and as words to be searched, its
identifiers and its relations. It is replaced as a whole: who reads it meanwhile reads the old one.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from models.errors import WorkbenchError
from models.linking.dump import (
    Organisation,
    Refused,
    UnusableDump,
    mapping,
    organisations,
    version_of,
)
from models.linking.names import bare_key, name_key

SCHEMA_VERSION = "1"
_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE orgs(
  id INTEGER PRIMARY KEY, ror TEXT NOT NULL UNIQUE, name TEXT NOT NULL, country TEXT NOT NULL,
  city TEXT NOT NULL, status TEXT NOT NULL, types TEXT NOT NULL, works INTEGER NOT NULL,
  funder_id TEXT, modified TEXT NOT NULL);
CREATE TABLE names(
  id INTEGER PRIMARY KEY, org INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
  lang TEXT NOT NULL, key TEXT NOT NULL, bare TEXT NOT NULL);
CREATE TABLE funder_ids(doi TEXT NOT NULL, org INTEGER NOT NULL, PRIMARY KEY(doi, org))
  WITHOUT ROWID;
CREATE TABLE relations(org INTEGER NOT NULL, kind TEXT NOT NULL, ror TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
  key, content='names', content_rowid='id', detail='none', prefix='2 3 4',
  tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row');
CREATE TABLE tokens(token TEXT PRIMARY KEY, names INTEGER NOT NULL) WITHOUT ROWID;
"""
_LOOSE = "CREATE TEMP TABLE loose(org INTEGER, name, kind, lang, key, bare)"
_SORTED = """
INSERT INTO names(org, name, kind, lang, key, bare)
  SELECT org, loose.name, kind, lang, key, bare FROM loose JOIN orgs ON orgs.id = org
  ORDER BY works DESC, org, loose.rowid
"""
"""Names of organisations that fund most come first: a search that stops early has seen these."""
_INDEXES = """
CREATE INDEX ix_names_key ON names(key);
CREATE INDEX ix_names_bare ON names(bare);
CREATE INDEX ix_names_joined ON names(replace(key, ' ', ''));
CREATE INDEX ix_names_org ON names(org);
CREATE INDEX ix_relations_org ON relations(org);
INSERT INTO words(words) VALUES('rebuild');
INSERT INTO words(words) VALUES('optimize');
INSERT INTO tokens SELECT term, doc FROM vocabulary;
DROP TABLE vocabulary;
ANALYZE;
"""


class NoIndex(WorkbenchError):
    """There is no index of funders yet, or it was made by another version."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index was made of. Times are UTC, sizes bytes."""

    path: str
    version: str | None
    source: str
    built_at: str
    newest_record: str
    organisations: int
    names: int
    funder_ids: int
    with_works: int
    not_active: int
    refused: int
    refused_examples: tuple[str, ...]
    size: int

    def told(self) -> dict[str, Any]:
        """As a dictionary, for the command line and JSON."""
        return asdict(self) | {"refused_examples": list(self.refused_examples)}


def build(
    dump: Path,
    index: Path,
    registry: Path | None = None,
    advance: Callable[[], None] = lambda: None,
) -> IndexStatus:
    """Make the index of a dump and put it in place; on any error the old one stays.

    `registry` is a mapping of Funder IDs to ROR ids, which adds what the dump does not say;
    `advance` hears of each organisation.
    """
    for path in filter(None, (registry,)):
        if not path.is_file():
            raise UnusableDump(f"There is no file {path}.", "Check the path.")
    index.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=index.parent, prefix=index.name, suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as made:
            _fill(made, dump, registry, advance)
        os.replace(part, index)
    finally:
        part.unlink(missing_ok=True)
    return status(index)


def _fill(
    made: sqlite3.Connection, dump: Path, registry: Path | None, advance: Callable[[], None]
) -> None:
    made.executescript(
        "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-32768;" + _SCHEMA
    )
    refused = Refused()
    made.execute(_LOOSE)
    made.execute("CREATE INDEX temp.ix_loose ON loose(org)")
    made.execute("BEGIN")
    for each in organisations(dump, refused):
        _put(made, each)
        advance()
    if registry is not None:
        _map(made, mapping(registry, refused))
    made.execute(_SORTED)
    made.execute("COMMIT")
    taken = made.execute("SELECT count(*) FROM orgs").fetchone()[0]
    if not taken:
        reasons = "; ".join(refused.examples[:3]) or "it is empty"
        raise UnusableDump(f"{dump} has no organisation: {reasons}.", "Take ROR's dump, schema v2.")
    made.executescript(_INDEXES)
    facts = {
        "schema": SCHEMA_VERSION,
        "version": version_of(dump) or "",
        "source": dump.name,
        "built_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "refused": str(refused.count),
        "refused_examples": json.dumps(refused.examples),
    }
    made.executemany("INSERT INTO meta VALUES(?, ?)", facts.items())


def _put(made: sqlite3.Connection, each: Organisation) -> None:
    """Add an organisation; of two records with one id the one changed last stays."""
    known = made.execute("SELECT id, modified FROM orgs WHERE ror = ?", (each.ror,)).fetchone()
    if known:
        if known[1] > each.modified:
            return
        for table in ("loose", "funder_ids", "relations"):
            made.execute(f"DELETE FROM {table} WHERE org = ?", (known[0],))
        made.execute("DELETE FROM orgs WHERE id = ?", (known[0],))
    org = made.execute(
        "INSERT INTO orgs(ror, name, country, city, status, types, works, funder_id, modified) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            each.ror, each.name or each.names[0][0], each.country, each.city, each.status,
            json.dumps(each.types), each.works, next(iter(each.funder_ids), None), each.modified,
        ),
    ).lastrowid  # fmt: skip
    made.executemany(
        "INSERT INTO loose VALUES(?, ?, ?, ?, ?, ?)",
        _name_rows(org, each.names),
    )
    made.executemany(
        "INSERT OR IGNORE INTO funder_ids VALUES(?, ?)", ((doi, org) for doi in each.funder_ids)
    )
    made.executemany(
        "INSERT INTO relations VALUES(?, ?, ?)", ((org, kind, ror) for kind, ror in each.relations)
    )


def _name_rows(
    org: int | None, names: Iterable[tuple[str, str, str]]
) -> Iterator[tuple[int | None, str, str, str, str, str]]:
    for name, kind, lang in names:
        if key := name_key(name):
            yield org, name, kind, lang, key, bare_key(key)[0]


def _map(made: sqlite3.Connection, rows: Iterable[tuple[str, str, int]]) -> None:
    made.execute("CREATE TEMP TABLE mapped(ror TEXT, doi TEXT, works INTEGER)")
    made.executemany("INSERT INTO mapped VALUES(?, ?, ?)", rows)
    made.execute("CREATE INDEX temp.ix_mapped ON mapped(ror)")
    made.execute(
        "INSERT OR IGNORE INTO funder_ids SELECT doi, orgs.id FROM mapped JOIN orgs USING(ror)"
    )
    made.execute(
        "UPDATE orgs SET funder_id = (SELECT doi FROM mapped WHERE mapped.ror = orgs.ror "
        "ORDER BY works DESC, length(doi), doi LIMIT 1) WHERE funder_id IS NULL"
    )
    made.execute(
        "UPDATE orgs SET works = (SELECT sum(works) FROM mapped WHERE mapped.ror = orgs.ror) "
        "WHERE works = 0 AND ror IN (SELECT ror FROM mapped WHERE works > 0)"
    )
    made.execute("DROP TABLE mapped")


def opened(index: Path) -> sqlite3.Connection:
    """A connection that reads the index; raises `NoIndex` where there is none."""
    hint = "Make one with: workbench funders update PATH-OF-A-ROR-DUMP"
    if not index.is_file():
        raise NoIndex("There is no index of funders yet.", hint)
    # Never changed in place, so nothing needs locking: a newer one is another file.
    uri = f"{index.absolute().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    try:
        found = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise NoIndex(f"{index} is no index of funders.", hint) from error
    if found != (SCHEMA_VERSION,):
        connection.close()
        raise NoIndex("The index of funders is of another version.", hint)
    return connection


def status(index: Path) -> IndexStatus:
    """What an index holds; raises `NoIndex` where there is none."""
    with closing(opened(index)) as connection:
        facts = dict(connection.execute("SELECT key, value FROM meta"))

        def count(of: str) -> int:
            return int(connection.execute(f"SELECT count(*) FROM {of}").fetchone()[0])

        newest = connection.execute("SELECT max(modified) FROM orgs").fetchone()[0]
        return IndexStatus(
            path=str(index),
            version=facts["version"] or None,
            source=facts["source"],
            built_at=facts["built_at"],
            newest_record=newest or "",
            organisations=count("orgs"),
            names=count("names"),
            funder_ids=count("funder_ids"),
            with_works=count("orgs WHERE works > 0"),
            not_active=count("orgs WHERE status != 'active'"),
            refused=int(facts["refused"]),
            refused_examples=tuple(json.loads(facts["refused_examples"])),
            size=index.stat().st_size,
        )
