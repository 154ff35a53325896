"""Which licences let a paper's funding statement be published, and under which name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

UNKNOWN = "unknown"
OPEN_KINDS = ("", "-sa", "-nc", "-nc-sa")
"""Of Creative Commons: those that let excerpts with additions be passed on."""
ON_THE_HUB = re.compile(
    r"cc|cc0-1\.0|cc-by-(2\.0|2\.5|3\.0|4\.0)|cc-by-sa-(3|4)\.0|cc-by-nc-(2|3|4)\.0"
    r"|cc-by-nd-4\.0|cc-by-nc-nd-(3|4)\.0|cc-by-nc-sa-(2|3|4)\.0"
)
"""The names that the Hub knows; anything else is `other` there."""


def named(license: str | None) -> str:
    """A licence by its usual name, `unknown` where none is given; others as they are, in small."""
    text = " ".join((license or "").split()).lower()
    if not text or text in ("unknown", "none", "n/a"):
        return UNKNOWN
    if re.search(r"publicdomain/mark|\bpublic[ -]domain\b", text):
        return "public-domain"
    if re.search(r"publicdomain/zero|\bcc[ -]?0\b|\bcc-zero\b", text):
        return "cc0-1.0"
    spelled = re.sub(r"creative commons|creativecommons\.org/licenses/", "cc ", text)
    for words, short in LONG:
        spelled = spelled.replace(words, short)
    found = re.search(
        r"\bcc[\s_-]*by((?:[\s_-]+(?:nc|nd|sa))*)(?![a-z])(?:[\s/_v-]*([1-4]\.[0-9]))?", spelled
    )
    if not found:
        return text[:80]
    parts = re.findall("nc|nd|sa", found[1])
    kind = "".join(f"-{part}" for part in ("nc", "nd", "sa") if part in parts)
    return f"cc-by{kind}" + (f"-{found[2]}" if found[2] else "")


LONG = (
    ("attribution", "by"),
    ("non-commercial", "nc"),
    ("noncommercial", "nc"),
    ("no derivatives", "nd"),
    ("noderivatives", "nd"),
    ("noderivs", "nd"),
    ("share alike", "sa"),
    ("sharealike", "sa"),
)


def is_open(name: str) -> bool:
    """Whether a licence, by the name of `named`, lets the record be published."""
    if name in ("cc0-1.0", "public-domain"):
        return True
    found = re.fullmatch(r"cc-by(|-sa|-nc|-nc-sa)(?:-[1-4]\.[0-9])?", name)
    return found is not None and found[1] in OPEN_KINDS


def on_the_hub(name: str) -> str:
    """The identifier that the Hub has for a licence."""
    name = "cc" if name == "cc-by" else name
    return name if ON_THE_HUB.fullmatch(name) else UNKNOWN if name == UNKNOWN else "other"


@dataclass(slots=True)
class Licences:
    """What may go out: the open licences, and those that somebody took the responsibility for."""

    overruled: frozenset[str] = frozenset()
    published: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    @classmethod
    def allowing(cls, spelled: Iterable[str]) -> Licences:
        """With licences overruled, spelled in any usual way, or `unknown`."""
        return cls(frozenset(named(one) for one in spelled if one.strip()))

    def admits(self, license: str | None) -> bool:
        """Whether a record with this licence goes out; it is counted either way."""
        name = named(license)
        is_fine = is_open(name) or name in self.overruled
        (self.published if is_fine else self.left_out)[name] += 1
        return is_fine
