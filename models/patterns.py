"""What regular expressions find in a funding statement: a second opinion without a model."""

from __future__ import annotations

import re

from models.schemas import Award, Funder

_WORD = r"(?:[A-Z\u00c0-\u00de][\w'\u2019&-]*|[A-Z]\.)"
_LINK = r"(?:of|for|and|the|de|do|da|del|e|en|in|y|la|f\u00fcr|zur|der|on|&)"
_NAME = re.compile(rf"{_WORD}(?:[ ,]{{1,2}}(?:{_LINK} )*{_WORD})*(?: \([A-Z][\w-]{{1,9}}\))?")
_PAYER = re.compile(
    r"Foundation|Council|Ministry|Ministerio|Minist\u00e9rio|Agency|Funda|Fund\b|Fonds|Commission|Trust"
    r"|Institutes? of|Department of|Union|Academy|Society|Association|Administration|Office of"
    r"|Forschungsgemeinschaft|Stiftung|Conselho|Consejo|Centre|Center|Program",
)
_ACRONYM = re.compile(
    r"\b(?:NSF|NIH|NSFC|DFG|ERC|JSPS|FAPESP|CNPq|CAPES|EPSRC|BBSRC|NERC|ANR|NSERC|CIHR|ARC|NHMRC|DOE"
    r"|NASA|FWF|SNSF|FCT|CONACYT|CONICET|UKRI|USDA|BMBF|EU)\b"
)
_ID = re.compile(r"\b(?=[\w/.-]*\d{3})[A-Z0-9][A-Z0-9/._-]{3,}[A-Z0-9]\b", re.IGNORECASE)


def parse(statement: str) -> tuple[Funder, ...]:
    """Capitalised runs with a payer's word are funders; ids belong to the nearest one before."""
    names = [m for m in _NAME.finditer(statement) if _PAYER.search(m.group())]
    covered = [(m.start(), m.end()) for m in names]
    names += [
        m for m in _ACRONYM.finditer(statement) if not any(a <= m.start() < b for a, b in covered)
    ]
    names.sort(key=lambda match: match.start())
    ids: dict[int, list[str]] = {}
    for match in _ID.finditer(statement):
        before = [i for i, name in enumerate(names) if name.start() < match.start()]
        if names:
            ids.setdefault(before[-1] if before else 0, []).append(match.group())
    return tuple(
        Funder(
            funder_name=name.group(),
            awards=(Award(award_ids=tuple(ids[i])),) if i in ids else (),
        )
        for i, name in enumerate(names)
    )
