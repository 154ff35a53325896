"""Actions of a person's hands, and the seconds that the keystroke-level model gives them.

Card, Moran and Newell, "The Psychology of Human-Computer Interaction", 1983, chapter 8. Thinking,
reading, scrolling and the program's answer are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

KEY, POINT, BUTTON, HOME = 0.28, 1.1, 0.1, 0.4
"""Seconds to press a key, to point with a mouse, to press or release its button, to change between
keyboard and mouse."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action. `keys` are pressed, or held during a click; `source` is what documents it."""

    kind: Literal["press", "click", "drag"]
    what: str
    keys: tuple[str, ...] = ()
    source: str = ""

    def __str__(self) -> str:
        with_keys = f"`{'+'.join(self.keys)}` " if self.keys else ""
        verb = "" if self.kind == "press" else f"{self.kind} "
        return f"{with_keys}{verb}{self.what}" + (f" [{self.source}]" if self.source else "")


def press(keys: str, what: str, source: str = "") -> Step:
    """Press a key or a chord, named as Playwright does: `3`, `A`, `Control+Enter`."""
    parts = tuple(keys.split("+"))
    return Step("press", what, parts, source)


def click(what: str, source: str = "", holding: tuple[str, ...] = ()) -> Step:
    return Step("click", what, holding, source)


def drag(what: str, source: str = "") -> Step:
    return Step("drag", what, (), source)


def seconds(steps: Sequence[Step]) -> float:
    """The time of steps by hands that begin at the keyboard."""
    total, mouse = 0.0, False
    for step in steps:
        if mouse != (step.kind != "press"):
            total += HOME
            mouse = not mouse
        total += KEY * sum(map(_strokes, step.keys))
        total += {"press": 0.0, "click": POINT, "drag": 2 * POINT}[step.kind]
        total += 2 * BUTTON * (step.kind != "press")
    return total


def _strokes(key: str) -> int:
    """A capital letter, or a sign above a digit, takes Shift as well."""
    return 2 if len(key) == 1 and (key.isupper() or key in '!"#$%&?') else 1
