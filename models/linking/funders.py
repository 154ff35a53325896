"""Questions to the index of funders: by id, by name, by words, as somebody types."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from models.linking.ids import funder_id, ror_id
from models.linking.index import opened
from models.linking.names import STOP, folded, name_key

_ORG = "o.id, o.ror, o.funder_id, o.name, o.country, o.city, o.status, o.types, o.works"
_RARE = 2_500
"""A word that more names than this have tells nothing by itself."""
_CLOSELY = 60
"""Names that are compared word by word: more take longer and find no more."""
_SUBSTITUTED = 0.92
"""What remains of a likeness where each name has a word that the other lacks: another body."""
_LIKE = 86.0
"""Two words at least this alike (of 100) are one word misspelt."""


@dataclass(frozen=True, slots=True)
class Org:
    """An organisation of the index."""

    id: int
    ror: str
    funder_id: str | None
    name: str
    country: str
    city: str
    status: str
    types: tuple[str, ...]
    works: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A name of an organisation that answers a question."""

    org: Org
    name: str
    kind: str
    key: str
    bare: str


class Funders:
    """The open index. Use it in a `with`; one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._weights: dict[str, float] = {}

    def by_ror(self, ror: str) -> Org | None:
        """The organisation of a ROR id, in any of its forms."""
        return next(self._orgs("o.ror = ?", ror_id(ror) or ""), None)

    def by_funder_id(self, doi: str) -> list[Org]:
        """The organisations that a Funder ID stands for: one, seldom several."""
        where = "o.id IN (SELECT org FROM funder_ids WHERE doi = ?)"
        return list(self._orgs(where, funder_id(doi) or ""))

    def by_key(self, key: str) -> list[Hit]:
        """Names that are the same once folded."""
        return self._hits("n.key = ?", key)

    def by_bare(self, bare: str) -> list[Hit]:
        """Names that are the same without their country and small words."""
        return self._hits("n.bare = ?", bare) if bare else []

    def by_letters(self, key: str) -> list[Hit]:
        """Names that are the same without any space: PDF text breaks words apart."""
        return self._hits("replace(n.key, ' ', '') = ?", key.replace(" ", ""))

    def names(self, org: Org) -> list[tuple[str, str, str]]:
        """Name, kind and language of all names of an organisation."""
        rows = self._db.execute("SELECT name, kind, lang FROM names WHERE org = ?", (org.id,))
        return [(name, kind, lang) for name, kind, lang in rows]

    def related(self, org: Org, kind: str) -> list[Org]:
        """Its parents, children, successors or predecessors, those that the index has."""
        where = "o.ror IN (SELECT ror FROM relations WHERE org = ? AND kind = ?)"
        return list(self._orgs(where, org.id, kind))

    def parents(self, org: Org) -> frozenset[int]:
        """Those above it, two steps at most."""
        above = self.related(org, "parent")
        further = [up for each in above for up in self.related(each, "parent")]
        return frozenset(each.id for each in (*above, *further))

    def search(self, text: str, country: str = "", limit: int = 10) -> list[Hit]:
        """What somebody who types may mean, the likeliest first; one hit an organisation.

        Every word must begin one of the name; the organisations that fund most
        come first among those whose name begins so.
        """
        exact = self.by_ror(text) if ror_id(text) else None
        known = [exact] if exact else self.by_funder_id(text)
        if known:
            return [Hit(org, org.name, "id", "", "") for org in known][:limit]
        words = folded(text).split()
        if not words or len("".join(words)) < 2:
            return []
        asked = " ".join(f'"{word}" *' for word in words)
        found = self._of_words(asked, 400, country)
        typed = " ".join(words)
        found += self.by_key(typed)
        if len(found) < min(3, limit):
            found += [hit for _, hit in self.similar(text, limit) if _in(country, hit)]
        ranked = sorted(found, key=lambda hit: _rank(hit, typed))
        return _one_an_org(hit for hit in ranked if _in(country, hit))[:limit]

    def similar(self, text: str, limit: int = 20) -> list[tuple[float, Hit]]:
        """Names that share rare words with a text, and how alike they are, in [0, 1]."""
        key = name_key(text)
        tokens = tuple(dict.fromkeys(self._spelt(word) for word in key.split()))
        content = [token for token in tokens if token not in STOP]
        scored: dict[int, tuple[float, Hit]] = {}
        for hit in self._promising(content):
            alike = self._alike(content, [t for t in hit.key.split() if t not in STOP])
            if alike > scored.get(hit.org.id, (0.0, hit))[0]:
                scored[hit.org.id] = (alike, hit)
        ranked = sorted(scored.values(), key=lambda each: (-each[0], -each[1].org.works))
        return ranked[:limit]

    def _sharing(self, content: list[str]) -> list[Hit]:
        """Names that have the rarest words of a text: any one that is rare, else all together."""
        counts = {token: self._count(token) for token in content}
        known = sorted((token for token in content if counts[token]), key=lambda t: counts[t])
        rare = [token for token in known if counts[token] <= _RARE][:3]
        found = self._of_words(" OR ".join(f'"{t}"' for t in rare), 500) if rare else []
        if len(known) > 1 and (not rare or len(found) >= 500):
            found += self._of_words(" ".join(f'"{token}"' for token in known[:3]), 500)
        return found

    def _promising(self, content: list[str]) -> list[Hit]:
        """Those of the names that share words which share most: only they are compared closely."""
        asked = {token: self._weight(token) for token in content}

        def shared(hit: Hit) -> float:
            words = hit.bare.split()
            common = sum(asked.get(word, 0.0) for word in words)
            return common - 0.5 * abs(len(words) - len(asked))

        return sorted(self._sharing(content), key=shared, reverse=True)[:_CLOSELY]

    def _alike(self, asked: Sequence[str], name: Sequence[str]) -> float:
        """The share of weight in the words that two names have in common, misspelt ones less."""
        left, shared, missing = list(name), 0.0, False
        for token in asked:
            best = max(left, key=lambda other: fuzz.ratio(token, other), default=None)
            ratio = fuzz.ratio(token, best) if best is not None else 0.0
            if best is not None and (ratio == 100 or (ratio >= _LIKE and not token.isdigit())):
                left.remove(best)
                shared += ratio / 100 * (self._weight(token) + self._weight(best))
            else:
                missing = True
        total = sum(map(self._weight, asked)) + sum(map(self._weight, name))
        alike = shared / total if total else 0.0
        return alike * _SUBSTITUTED if missing and left else alike

    def _weight(self, token: str) -> float:
        if token not in self._weights:
            self._weights[token] = math.log(1 + self._size / (1 + self._count(token)))
        return self._weights[token]

    @cached_property
    def _size(self) -> int:
        return int(self._db.execute("SELECT max(id) FROM names").fetchone()[0] or 0)

    def _count(self, token: str) -> int:
        row = self._db.execute("SELECT names FROM tokens WHERE token = ?", (token,)).fetchone()
        return row[0] if row else 0

    def _spelt(self, token: str) -> str:
        """A word that no name has, as the most frequent one that begins alike and nearly is it."""
        if len(token) < 6 or token.isdigit() or self._count(token):
            return token
        start = token[:3]
        rows = self._db.execute(
            "SELECT token FROM tokens WHERE token >= ? AND token < ?", (start, start + "~")
        )
        words = [word for (word,) in rows]
        near = process.extract(token, words, scorer=fuzz.ratio, score_cutoff=_LIKE, limit=5)
        return max((self._count(word), word) for word, _, _ in near)[1] if near else token

    def _of_words(self, asked: str, limit: int, country: str = "") -> list[Hit]:
        where = "n.id IN (SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid LIMIT ?)"
        if country:
            where = (
                "n.id IN (SELECT words.rowid FROM words CROSS JOIN names m ON m.id = words.rowid "
                "JOIN orgs p ON p.id = m.org WHERE words MATCH ? AND p.country = ? LIMIT ?)"
            )
            return self._hits(where, asked, country, limit)
        return self._hits(where, asked, limit)

    def _hits(self, where: str, *values: str | int) -> list[Hit]:
        rows = self._db.execute(
            f"SELECT n.name, n.kind, n.key, n.bare, {_ORG} "
            f"FROM names n JOIN orgs o ON o.id = n.org WHERE {where}",
            values,
        )
        return [Hit(_org(row[4:]), *row[:4]) for row in rows]

    def _orgs(self, where: str, *values: str | int) -> Iterator[Org]:
        rows = self._db.execute(f"SELECT {_ORG} FROM orgs o WHERE {where}", values)
        return (_org(row) for row in rows)


@contextmanager
def open_funders(index: Path) -> Iterator[Funders]:
    """The index at a path; raises `NoIndex` where there is none."""
    connection = opened(index)
    try:
        yield Funders(connection)
    finally:
        connection.close()


def _org(row: Sequence[Any]) -> Org:
    number, ror, doi, name, country, city, status, types, works = row
    told = tuple(json.loads(types))
    return Org(number, ror, doi, name, country, city, status, told, works)


def _in(country: str, hit: Hit) -> bool:
    return not country or hit.org.country == country.upper()


def _rank(hit: Hit, typed: str) -> tuple[float, ...]:
    whole = hit.key == typed
    begins = hit.key.startswith(typed)
    gone = hit.org.status != "active"
    funder = math.log10(1 + hit.org.works) + ("funder" in hit.org.types)
    return (-(funder + 3 * whole + begins - 2 * gone), len(hit.key))


def _one_an_org(hits: Iterable[Hit]) -> list[Hit]:
    seen: dict[int, Hit] = {}
    for hit in hits:
        seen.setdefault(hit.org.id, hit)
    return list(seen.values())
