"""Who pays, in synthetic statements: known funders, and any list of names, filtered.

A name list is whatever one has: this module keeps what looks like an organisation that could pay
and sorts it by how often such an organisation does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from training.synth.data import read_toml

FUNDERS = Path(__file__).parent / "funders.toml"


@dataclass(frozen=True, slots=True)
class Payer:
    """An organisation, or with `programme` a programme that stands alone in a statement."""

    name: str
    acronym: str = ""
    article: str = ""
    patterns: tuple[str, ...] = ("generic",)
    schemes: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset({"en"})
    programme: bool = False


LANGUAGES = frozenset({"en", "fr", "de", "es", "pt", "it", "pl", "zh", "ja"})


@lru_cache(maxsize=1)
def known() -> tuple[Payer, ...]:
    """The funders of funders.toml."""
    return tuple(_payer(line) for line in read_toml(FUNDERS)["funders"])


@lru_cache(maxsize=1)
def programmes() -> tuple[Payer, ...]:
    """Programmes that stand alone."""
    payers = []
    for line in read_toml(FUNDERS)["programmes"]:
        name, keys, tags = (part.strip() for part in line.split("|"))
        payers.append(Payer(name, "", "", _list(keys), (), _tags(tags), programme=True))
    return tuple(payers)


@lru_cache(maxsize=1)
def schemes() -> tuple[str, ...]:
    """Schemes of funders that are not known."""
    return tuple(read_toml(FUNDERS)["schemes"])


def _payer(line: str) -> Payer:
    name, acronym, keys, funder_schemes, tags = (part.strip() for part in line.split("|"))
    article, _, rest = name.rpartition("^")
    return Payer(rest, acronym, article, _list(keys), _list(funder_schemes), _tags(tags))


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _tags(text: str) -> frozenset[str]:
    tags = frozenset(text.split())
    return tags if tags & LANGUAGES else tags | {"en"}


@dataclass(slots=True)
class NameList:
    """Names of a list by kind. An empty one is made up for by the known funders."""

    kinds: dict[str, list[str]] = field(default_factory=dict)

    def draw(self, rng: random.Random) -> Payer | None:
        """A payer of a kind drawn by how often such organisations pay."""
        kinds = [kind for kind in _SHARES if self.kinds.get(kind)]
        if not kinds:
            return None
        kind = rng.choices(kinds, [_SHARES[kind] for kind in kinds])[0]
        name = rng.choice(self.kinds[kind])
        return Payer(name, patterns=_patterns(name), tags=frozenset({"en", kind}))

    def universities(self) -> Sequence[str]:
        """Names of universities: payers at times, hosts and employers more often."""
        return self.kinds.get("university", ())


_SHARES = {"agency": 66, "university": 14, "company": 8, "acronym": 7, "foreign": 5}
_WORDS = {
    "university": r"Universit|College\b|Polytechnic|School of|Hochschule|Politecn|"
    r"Institute of Tech",
    "company": r"\b(?:Inc|Ltd|LLC|GmbH|Corp|Corporation|Company|Co|Pharma\w*|S\.A|AG|BV|plc|Limited"
    r"|Technologies|Laboratories|Therapeutics|Biotech)\b",
    "foreign": r"Stiftung|Fondation|Fundaci|Funda[çc]|Fondazione|Fonds|Ministerio|Minist[èé]r"
    r"|Consejo|Conselho|Conseil|Instituto|Institut (?:de|national|für)|Agencia|Agence|Gobierno",
    "agency": r"Foundation|Fund\b|Council|Minist|Agency|Trust\b|Commission|Societ|Association"
    r"|Academy|Department|Government|Office|Bureau|Administration|Charit|Endowment|Authority|Institute"
    r"|Organi[sz]ation|Board|Service|Alliance|League|Network|Centre|Center|Federation|Committee",
}
_JUNK = re.compile(
    r"https?:|www\.|[;|<>{}\[\]?!*=\"“”_#@]|\d|\.\.|\b(?:Programme?s?|Projects?|Schemes?|Plan|Grants?"
    r"|FP7|Horizon|Fellowships?|Scholarships?|Initiative|Awards?|Prize|Funds for|Action|Call|PhD"
    r"|Project|Program of|of the of|USA NSF|SOCIETAL|Talents?|Study|Trial|Consortium|Journal)\b"
)
_COUNTRY = re.compile(
    r",? (?:,|\()\s?(?:USA?|UK|China|India|Japan|Iran|Brazil|Germany|France|Italy|Spain|Canada"
    r"|Australia|Korea|Taiwan|Mexico|Turkey|Egypt|Pakistan|Poland|Russia|Sweden|Thailand)\)?$"
    r"|, (?:USA?|UK|China|India|Japan|Iran|Brazil|Germany|France|Italy|Spain|Canada|Australia"
    r"|Korea|South Korea|Republic of Korea|Taiwan|Mexico|Turkey|Egypt|Pakistan|Poland|Russia)$"
)


def read_names(lines: Iterable[str]) -> NameList:
    """A name list from its lines, one name each; lines that name nothing that pays fall out."""
    kinds: dict[str, list[str]] = {}
    for line in lines:
        name = clean(line)
        kind = kind_of(name)
        if kind is not None:
            kinds.setdefault(kind, []).append(name)
    return NameList(kinds)


def clean(name: str) -> str:
    """The name as gold has it: without "The" before it and without a bare country behind it."""
    name = " ".join(name.split())
    return _COUNTRY.sub("", re.sub(r"^[Tt]he ", "", name)).strip(" ,.")


def kind_of(name: str) -> str | None:
    """The kind of organisation that the name tells, None for what is no likely payer."""
    if not 3 <= len(name) <= 110 or _JUNK.search(name) or name.count("(") != name.count(")"):
        return None
    if not name[0].isupper() or any(ord(char) > 0x24F and char not in "’–‘" for char in name):
        return None
    if re.fullmatch(r"[A-Z][A-Z&-]{2,6}", name):
        return "acronym"
    if " " not in name or name.isupper():
        return None
    return next((kind for kind, words in _WORDS.items() if re.search(words, name)), None)


_CHINA = re.compile(
    r"China|Chinese|Beijing|Shanghai|Jiangsu|Zhejiang|Guangdong|Hubei|Hunan|Shandong|Sichuan|Henan"
    r"|Fujian|Tianjin|Chongqing|Shaanxi|Anhui|Hebei|Jiangxi|Wuhan|Nanjing|Guang|Liaoning|Jilin"
    r"|Heilongjiang|Shenzhen|Yunnan|Gansu|Hainan|Xinjiang|Hangzhou|Suzhou"
)


def _patterns(name: str) -> tuple[str, ...]:
    if _CHINA.search(name):
        return ("china_province", "china_fund")
    if re.search(r"India|Bangalore|Delhi|Mumbai", name):
        return ("india", "generic")
    if re.search(r"Foundation|Trust|Society|Charit|Association", name):
        return ("charity", "generic")
    return ("generic",)


_PLAIN = re.compile(
    r"^(?:[A-Z][\w'’.-]+ )?(?:[A-Z]\w+ )*"
    r"(?:University|College|UK|Canada|Inc\.?|Ltd\.?|LLC|GmbH|Limited)$"
    r"|^(?:Generalitat|Xunta|Junta|KU |Universi(?:dad|dade|tà|té|teit|tät|ti)|Cancer Research|"
    r"Versus"
    r"|RIKEN|EMBO|Teagasc|Mitacs|Innosuisse|ZonMw|Genome|Alberta|Susan|Academia|Business|Charles"
    r"|Région|Regione|Institut|Fonds|CGIAR|JDRF|Colciencias|VINNOVA|TUBITAK)"
)
_WITH_THE = re.compile(
    r"Foundation|Fund\b|Council|Minist|Agency|Trust\b|Commission|Societ|Association|Academy|Department"
    r"|Government|Office|Bureau|Administration|National|Institute|Union|Organi[sz]ation|Center|Centre"
    r"|University of|Board|Federal|State|Deutsche|Laboratory|Deanship|Network|Programme?\b|Plan\b"
    r"|Project\b|System\b|Funds\b|Service|Agencia|Consejo|Ministerio|Instituto|Conselho|Fundação"
    r"|Centers|Institutes|Alliance|Board|Authority|Academies|Committee|Initiative|League"
)


def takes_the(name: str, rng: random.Random) -> bool:
    """Whether English puts "the" before the name; writers differ on acronyms."""
    if re.fullmatch(r"[A-Z][A-Za-z.*-]{1,8}", name):
        plain = not name.isupper() or name in ("RIKEN", "EMBO", "FAPESP", "CAPES", "MITACS")
        return not plain and rng.random() < 0.4
    if _PLAIN.search(name) or not _WITH_THE.search(name):
        return rng.random() < 0.03
    return rng.random() < 0.93
