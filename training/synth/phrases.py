"""The small grammar around award ids: labels, joints, lists, and who gets what "respectively"."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_LABELS: dict[str, tuple[list[str], list[str]]] = {
    "en": (
        ["grant ", "grant No. ", "Grant No. ", "grant number ", "Grant Number ", "No. ", "Grant ",
         "grant no. ", "grant #", "award ", "contract ", "Contract No. ", "project ", "#", "no. ",
         "project No. ", "award number ", "grant agreement No. ", "Grant No.", "grant: ", "Ref. ",
         "grant number: ", "Award No. ", "project number ", "Project No. ", "grant ID ",
         "contract no. ", "Grant# ", "Grants No. "],
        ["grants ", "grant Nos. ", "Grant Nos. ", "grant numbers ", "Grant Numbers ", "Nos. ",
         "Grants ", "awards ", "contracts ", "projects ", "grants No. ", "grant nos. ",
         "Grant No. ", "grant numbers: ", "projects No. ", "nos. ", "Grants: ", "contract Nos. "],
    ),
    "de": (["Förderkennzeichen ", "FKZ ", "Projektnummer ", "Projekt-Nr. ", "Nr. "],
           ["Förderkennzeichen ", "FKZ ", "Projektnummern "]),
    "fr": (["convention n° ", "contrat n° ", "projet ", "n° ", "subvention "],
           ["conventions n° ", "projets ", "subventions n° "]),
    "es": (["proyecto ", "Proyecto ", "ref. ", "código ", "contrato ", "beca No. ", "No. "],
           ["proyectos ", "Proyectos ", "refs. "]),
    "pt": (["processo ", "Processo nº ", "processo nº ", "projeto ", "proc. ", "Edital "],
           ["processos ", "Processos nº ", "processos nº "]),
    "it": (["progetto ", "contratto n. ", "grant n. ", "codice "], ["progetti ", "grant n. "]),
    "pl": (["nr ", "grant nr ", "umowa nr ", "projekt nr "], ["nr ", "granty nr "]),
    "zh": (["", "项目编号：", "批准号：", "No. "], ["", "项目编号：", "批准号："]),
    "ja": (["課題番号 ", "課題番号：", ""], ["課題番号 ", "課題番号：", ""]),
}  # fmt: skip


def label_of(count: int, bracketed: bool, lang: str, rng: random.Random) -> tuple[str, str]:
    """What stands before the first id, and what is said again before each other one."""
    if bracketed and rng.random() < 0.4:
        return "", ""
    single, several = _LABELS[lang if lang in _LABELS else "en"]
    if count == 1:
        return rng.choice(single), ""
    label = rng.choice(several)
    if rng.random() < 0.1:
        label = rng.choice([s for s in single if not s.endswith(":")])
        return label, label
    return label, ""


_AND = {"de": " und ", "fr": " et ", "es": " y ", "pt": " e ", "it": " e ", "pl": " i "}


def joints(count: int, in_brackets: bool, lang: str, rng: random.Random) -> list[str]:
    """What stands before each id of a list; nothing before the first."""
    if lang in ("zh", "ja"):
        between = rng.choice(["，", "、", ", "])
        return [""] + [between] * (count - 1)
    between = rng.choice([", ", ", ", ", ", "; "]) if in_brackets else ", "
    last = _AND.get(lang, " and ") if lang != "en" else rng.choice([" and ", " and ", ", and "])
    if count == 2 and last == ", and ":
        last = " and "
    if in_brackets and rng.random() < 0.4:
        last = between
    if between == "; ":
        last = "; "
    return ([""] + [between] * (count - 2) + [last])[:count] if count > 1 else [""]


def _list(rng: random.Random, count: int) -> str:
    """Several funders and programmes, each with or without awards."""
    form = rng.choice([" {p}", " {p}", " {g}", " under {g}", ", {g}", "mixed", ""])
    tag = rng.choice(["", "", "", ":china", ":europe", ":usa"])
    parts = [_payer(rng, number, form, tag) for number in range(11, 11 + count)]
    between = rng.choice([", ", ", ", "; ", ", by "])
    last = "; and " if between == "; " else rng.choice([", and ", " and ", ", and by "])
    return between.join(parts[:-1]) + last + parts[-1] if count > 1 else parts[0]


def _payer(rng: random.Random, number: int, form: str, tag: str) -> str:
    """One of a list. Among programmes, only China's and Europe's are many enough for a tag."""
    if form == "mixed":
        form = rng.choice([" {p}", " {p}", "", " {g}", " ({s})", " through {s}"])
    kind = "F"
    if rng.random() < 0.15:
        kind, tag = "N", tag if tag in (":china", ":europe") else ""
        form = " {p}" if "{s}" in form else form
    awards = re.sub(r"\{([gps])\}", rf"{{\g<1>{number}}}", form)
    return f"{{{kind}{number}{tag}}}{awards}"


def _respectively(rng: random.Random, count: int) -> str:
    """Ids and funders (or schemes) that answer to one another in order."""
    numbers = list(range(11, 11 + count))

    def joined(slots: list[str]) -> str:
        return (
            ", ".join(slots[:-1])
            + rng.choice([" and ", ", and "] if count > 2 else [" and "])
            + slots[-1]
        )

    ids = joined([f"{{i{n}#1}}" for n in numbers])
    payers = joined([f"{{F{n}}}" for n in numbers])
    word = rng.choice(
        ["grant numbers", "grants", "grant nos.", "Grant Nos.", "awards", "contracts"]
    )
    form = rng.randrange(4)
    if form == 0:
        return f"{word} {ids} from {payers}, respectively"
    if form == 1:
        return f"{payers} under {word} {ids}, respectively"
    if form == 2:
        return f"{payers} ({word} {ids}, respectively)"
    return f"{payers}, {word} {ids}, respectively"


MACROS: dict[str, Callable[[random.Random, int], str]] = {"list": _list, "resp": _respectively}
