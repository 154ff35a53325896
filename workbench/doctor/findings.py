"""What a look of the doctor gives, and how it is told in a language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from models.errors import WorkbenchError
from workbench import texts
from workbench.context import Context

Level = Literal["ok", "warn", "bad"]
UNITS = ("B", "KB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen: `key` names the sentence in the texts, `values` fill its places.

    `lines` follow as they are: versions, sizes, the log.
    """

    level: Level
    key: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, in a language: what was seen, what it means, what to do."""

    name: str
    level: Level
    title: str
    detail: str
    meaning: str
    hint: str = ""
    lines: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether work can go on: a warning is no failure."""
        return self.level != "bad"

    def told(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "ok": self.ok,
            "level": self.level,
            "title": self.title,
            "detail": self.detail,
            "meaning": self.meaning,
            "hint": self.hint,
            "lines": list(self.lines),
        }


Look = Callable[[Context], Finding]


def check(name: str, look: Look, ctx: Context, language: str) -> Check:
    """Look and tell; a look that is refused is a finding too, with the refusal's own words."""
    area = name.split(".")[0]
    title = texts.say(f"doctor.{area}.title", language, role=name.partition(".")[2])
    meaning = texts.say(f"doctor.{area}.meaning", language)
    try:
        found = look(ctx)
    except WorkbenchError as error:
        return Check(name, "bad", title, error.message, meaning, error.hint)
    except OSError as error:
        return Check(name, "bad", title, str(error), meaning)
    key = f"doctor.{area}.{found.key}"
    detail = texts.say(key, language, **found.values)
    hint = _hint(f"{key}_do", language, found.values)
    return Check(name, found.level, title, detail, meaning, hint, found.lines)


def _hint(key: str, language: str, values: dict[str, Any]) -> str:
    return texts.say(key, language, **values) if key in texts.catalog(texts.DEFAULT) else ""


def size(count: float) -> str:
    """A number of bytes in its largest unit."""
    unit = 0
    while count >= 1024 and unit < len(UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.0f} {UNITS[unit]}" if unit < 2 else f"{count:.1f} {UNITS[unit]}"
