"""Fills sentence frames: text with marks, and the gold that the marks make."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

from training.frames import Frame
from training.marks import Mark, Marked, MarkKind
from training.synth import words
from training.synth.ids import draw_id
from training.synth.names import LANGUAGES, NameList, Payer, known, programmes, schemes, takes_the
from training.synth.phrases import MACROS, joints, label_of

_SLOT = re.compile(
    r"\{(?P<kind>[a-zA-Z]+)(?:(?P<number>\d+)(?P<award>[b-d]?))?(?:#(?P<count>\d+))?"
    r"(?::(?P<tag>[^}=~]+))?(?:~(?P<pattern>[^}=]+))?(?:=(?P<literal>[^}]+))?\}"
)
_GOLD: dict[str, MarkKind] = {"i": "id", "g": "id", "p": "id", "s": "scheme", "t": "title"}
_COUNTS = ([1, 2, 3, 4, 5, 6, 8], [62, 20, 9, 5, 2, 1, 1])
_FEW = ([1, 2, 3, 4], [80, 14, 4, 2])  # of funders that are not known for many grants at once


@dataclass(slots=True)
class Grant:
    """The values of one award, as indices into the marks."""

    ids: list[int] = field(default_factory=list)
    schemes: list[int] = field(default_factory=list)
    titles: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """One funder of the statement: who pays, the mark of its name, its awards."""

    payer: Payer
    name: int | None = None
    shown: str = ""
    grants: dict[str, Grant] = field(default_factory=dict)


class Clash(ValueError):
    """A frame names a funder that the statement has already: draw another frame."""


@dataclass(slots=True)
class Composer:
    """Writes one statement, sentence by sentence."""

    rng: random.Random
    names: NameList
    text: str = ""
    marks: list[Mark] = field(default_factory=list)
    entries: dict[int, Entry] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    base: int = 0

    def sentence(self, frame: Frame, joint: str = " ") -> None:
        """Add the frame filled. Raises `Clash`, with nothing added, when it cannot be."""
        kept = self.text, len(self.marks), dict(self.entries), set(self.used)
        self.base += 0 if frame.kind == "tail" else 100
        try:
            self._fill(frame, joint if self.text else "")
        except Clash:
            self.text, length, self.entries, self.used = kept
            del self.marks[length:]
            raise

    def _fill(self, frame: Frame, joint: str) -> None:
        template = re.sub(" {2,}", " ", self._expand(frame.choose(self.rng)))
        self._settle(template, frame.lang)
        self._close(joint)
        begin, done = len(self.text), 0
        for match in _SLOT.finditer(template):
            self._plain(template[done : match.start()])
            self._slot(match, frame.lang)
            done = match.end()
        self._plain(template[done:])
        if self.text[begin : begin + 1].islower() and not any(m.start == begin for m in self.marks):
            self.text = self.text[:begin] + self.text[begin].upper() + self.text[begin + 1 :]

    def _close(self, joint: str) -> None:
        """End the sentence before, if it was left open, and go on to the next."""
        if joint and self.marks and self.text[-1].isalnum() and self.rng.random() < 0.7:
            self.text += "."
        self.text += joint

    def _plain(self, text: str) -> None:
        """A name that ends in a full stop, as "Inc.", swallows the stop of its sentence."""
        if text.startswith(".") and self.text.endswith("."):
            text = text[1:]
        if text[:1] in (",", ";", ".", ")", ":") and self.text.endswith(","):
            self.text = self.text[:-1]
        self.text += text

    # -- who pays ---------------------------------------------------------------------------

    def _settle(self, template: str, lang: str) -> None:
        """Draw the payers of all the frame's numbers before anything is written."""
        for match in _SLOT.finditer(template):
            kind, literal = match["kind"], match["literal"]
            if not match["number"] or kind == "again":
                continue
            number = self.base + int(match["number"])
            if kind in "fFnN" and number not in self.entries:
                self._enter(number, self._payer(kind in "nN", match["tag"], literal, lang))
        for match in _SLOT.finditer(template):
            number = self.base + int(match["number"] or 0)
            if match["kind"] in _GOLD and number not in self.entries:
                self._enter(number, Payer("", patterns=("generic",), programme=True))

    def _enter(self, number: int, payer: Payer) -> None:
        keys = _names_of(payer)
        if keys & self.used:
            raise Clash(payer.name)
        self.used |= keys
        self.entries[number] = Entry(payer)

    def _payer(self, programme: bool, tag: str | None, literal: str | None, lang: str) -> Payer:
        if literal:
            return _literal(literal, programme)
        pool = programmes() if programme else known()
        asked = tag or lang
        if not programme and asked == "en" and self.rng.random() < 0.55:
            drawn = self.names.draw(self.rng)
            if drawn is not None:
                return drawn
        fitting = [p for p in pool if asked in p.tags and (p.tags & LANGUAGES) == {lang}]
        if not fitting:
            fitting = [p for p in pool if asked in p.tags]
        if not fitting:
            raise KeyError(f"no funder with the tag {asked!r}")
        for _ in range(12):
            payer = self.rng.choice(fitting)
            if not {payer.name.casefold(), payer.acronym.casefold()} & self.used:
                return payer
        raise Clash(asked)

    # -- slots ------------------------------------------------------------------------------

    def _slot(self, match: re.Match[str], lang: str) -> None:
        kind, number = match["kind"], match["number"]
        if not number:
            self.text += self._distractor(kind)
            return
        entry = self.entries.get(self.base + int(number))
        if entry is None:
            raise Clash(f"{kind}{number} speaks of no funder")
        if kind in "fF":
            self._funder(entry, kind == "F", match["literal"], lang)
        elif kind in "nN":
            self._programme(entry, kind == "N" and lang == "en")
        elif kind == "again":
            self.text += self._again(entry)
        elif kind in _GOLD:
            self._award(entry, match, lang)
        else:
            raise KeyError(f"unknown slot {match.group()}")

    def _distractor(self, kind: str) -> str:
        if kind == "host" and self.names.universities() and self.rng.random() < 0.5:
            drawn = self.rng.choice(self.names.universities())
        else:
            drawn = words.word(kind, self.rng)
        for _ in range(8):  # who hosts must not look like who pays
            if drawn.casefold() not in self.used:
                break
            drawn = words.word(kind, self.rng)
        return drawn

    def _mark(self, value: str, kind: MarkKind) -> int:
        start = len(self.text)
        self.text += value
        self.marks.append(Mark(start, len(self.text), kind))
        return len(self.marks) - 1

    def _funder(self, entry: Entry, article: bool, literal: str | None, lang: str) -> None:
        if entry.name is not None:
            self.text += self._again(entry)
            return
        before, name, behind = (
            self._form(entry.payer, lang) if literal is None else ("", literal, "")
        )
        if article:
            self.text += self._article(entry.payer, before.strip(" (") or name, lang)
        self.text += before
        entry.name, entry.shown = self._mark(name, "name"), name
        self.text += behind

    def _article(self, payer: Payer, name: str, lang: str) -> str:
        if lang == "en":
            return "the " if takes_the(name, self.rng) else ""
        article = payer.article
        elided = article in ("la", "le", "dalla") and name[0] in "AEIOUÉ" and lang in ("fr", "it")
        if elided:
            return "l'" if lang == "fr" else "dall'"
        return f"{article} " if article else ""

    def _form(self, payer: Payer, lang: str) -> tuple[str, str, str]:
        """The name as printed, with what stands before and behind it that is not part of it."""
        name, acronym, draw = payer.name, payer.acronym, self.rng.random()
        if acronym and lang not in ("zh", "ja"):
            if draw < 0.40:
                return "", f"{name} ({acronym})", ""
            if draw < 0.60:
                return "", acronym, ""
            if draw < 0.63:
                return "", name, f", {acronym},"
            if draw < 0.66:
                return f"{acronym} (", name, ")"
        if draw > 0.96 and lang == "en" and (country := _country(payer)):
            return "", name, self.rng.choice([f", {country}", f" ({country})"])
        if draw < 0.05 and lang == "en" and "agency" in payer.tags:
            return "", name, f", {words.word('country', self.rng)}"
        if draw < 0.07 and lang == "en" and "agency" in payer.tags:
            return "", name, f" ({words.word('place', self.rng)})"
        return "", name, ""

    def _again(self, entry: Entry) -> str:
        if entry.payer.acronym and self.rng.random() < 0.7:
            return entry.payer.acronym
        return entry.shown or entry.payer.name

    def _programme(self, entry: Entry, article: bool) -> None:
        name = entry.payer.name
        if article and not re.match(r"(?:KAKENHI|BK21|Brain|Horizon|LabEx|Széch|Becas|Inv)", name):
            self.text += "the "
        grant = entry.grants.setdefault("", Grant())
        grant.schemes.append(self._mark(name, "scheme"))

    # -- awards -----------------------------------------------------------------------------

    def _award(self, entry: Entry, match: re.Match[str], lang: str) -> None:
        kind, literal = match["kind"], match["literal"]
        grant = entry.grants.setdefault(match["award"] or "", Grant())
        if kind == "s":
            grant.schemes.append(self._mark(literal or self._scheme(entry), "scheme"))
        elif kind == "t":
            grant.titles.append(self._mark(literal or self._title(match["tag"], lang), "title"))
        else:
            many = _COUNTS if entry.payer.acronym or entry.payer.programme else _FEW
            count = int(match["count"] or 0) or self.rng.choices(*many)[0]
            ids = [literal] if literal else self._ids(entry.payer, match["pattern"], count)
            self._phrase(kind, ids, grant, lang)

    def _scheme(self, entry: Entry) -> str:
        pool = entry.payer.schemes or schemes()
        taken = {self.text[m.start : m.end] for m in self.marks if m.kind == "scheme"}
        fresh = [scheme for scheme in pool if scheme not in taken]
        return self.rng.choice(fresh or schemes())

    def _title(self, tag: str | None, lang: str) -> str:
        short = tag == "acro" or (tag is None and self.rng.random() < 0.5)
        return words.acronym(self.rng) if short else words.title(self.rng, lang)

    def _ids(self, payer: Payer, pattern: str | None, count: int) -> list[str]:
        keys = (pattern,) if pattern else payer.patterns or ("generic",)
        ids: list[str] = []
        for _ in range(count * 4):
            drawn = draw_id(self.rng.choice(keys), self.rng)
            if drawn not in ids and drawn not in self.text:
                ids.append(drawn)
            if len(ids) == count:
                break
        return ids

    def _phrase(self, kind: str, ids: list[str], grant: Grant, lang: str) -> None:
        """Write ids as `kind` asks: bare, behind a word, or in brackets."""
        opening, closing = "", ""
        if kind == "p":
            opening, closing = self.rng.choices([("(", ")"), ("[", "]")], [12, 1])[0]
        label, each = "", ""
        if kind != "i":
            label, each = label_of(len(ids), kind == "p", lang, self.rng)
        self.text += opening + label
        between = joints(len(ids), kind == "p", lang, self.rng)
        for award_id, joint in zip(ids, between, strict=True):
            self.text += joint + (each if joint else "")
            grant.ids.append(self._mark(award_id, "id"))
        if kind == "p" and self.rng.random() < 0.06 and lang == "en":
            self.text += f" to {words.word('initials', self.rng)}"
        self.text += closing

    # -- macros -----------------------------------------------------------------------------

    def _expand(self, template: str) -> str:
        """Replace `{list#n}` and `{resp#n}` by slots of their own."""

        def expand(match: re.Match[str]) -> str:
            count = int(match["count"] or 3)
            return MACROS[match["kind"]](self.rng, count)

        return re.sub(r"\{(?P<kind>list|resp)(?:#(?P<count>\d+))?\}", expand, template)

    # -- result -----------------------------------------------------------------------------

    def marked(self) -> Marked:
        """The text and its marks so far."""
        return Marked(self.text, tuple(self.marks))

    def gold(self, marked: Marked) -> list[dict[str, Any]]:
        """The funders in order of appearance, with the values that the marks have in `marked`."""
        entries = [e for e in self.entries.values() if e.name is not None or _filled(e)]
        entries.sort(key=lambda entry: marked.marks[_first(entry)].start)
        return [_funder_row(entry, marked) for entry in entries]


def _names_of(payer: Payer) -> set[str]:
    """What a payer is called, folded; a name with an acronym behind it is both."""
    both = re.fullmatch(r"(.+) \(([^()]+)\)", payer.name)
    names = (payer.name, payer.acronym, *(both.groups() if both else ()))
    return {name.casefold() for name in names if name}


def _literal(name: str, programme: bool) -> Payer:
    for payer in known():
        if name in (payer.name, payer.acronym) and "en" in payer.tags:
            return Payer(name, "", "", payer.patterns, payer.schemes, payer.tags, programme)
    return Payer(name, programme=programme)


_COUNTRIES = {"usa": "USA", "uk": "UK", "germany": "Germany", "japan": "Japan", "spain": "Spain",
              "china": "China", "canada": "Canada", "india": "India", "italy": "Italy",
              "brazil": "Brazil", "mexico": "Mexico", "poland": "Poland"}  # fmt: skip


def _country(payer: Payer) -> str | None:
    """The country of a known funder that does not tell it by its name."""
    names = [name for tag, name in _COUNTRIES.items() if tag in payer.tags]
    telling = re.search(
        r"U\.?S\.?|UK|Province|China|India|Japan|Italian|Spanish|Polish", payer.name
    )
    return names[0] if names and not telling and names[0] not in payer.name else None


def _filled(entry: Entry) -> list[Grant]:
    return [g for g in entry.grants.values() if g.ids or g.schemes or g.titles]


def _first(entry: Entry) -> int:
    """The mark that stands first: the name's, or the first award's where there is no name."""
    if entry.name is not None:
        return entry.name
    return min(i for grant in _filled(entry) for i in (*grant.ids, *grant.schemes, *grant.titles))


def _funder_row(entry: Entry, marked: Marked) -> dict[str, Any]:
    def values(indices: list[int]) -> list[str]:
        return [marked.value(marked.marks[index]) for index in indices]

    grants = sorted(_filled(entry), key=lambda g: min(*g.ids, *g.schemes, *g.titles, 10**9, 10**9))
    return {
        "funder_name": None if entry.name is None else values([entry.name])[0],
        "awards": [
            {
                "award_ids": values(grant.ids),
                "funding_scheme": values(grant.schemes),
                "award_title": values(grant.titles),
            }
            for grant in grants
        ],
    }
