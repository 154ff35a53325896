"""Recipes for the store's own data: which phases, in which order, with which rows and rates.

A recipe is a TOML file. Those that name corpora are trained from files by `training.recipe`; the
others, read here, from what curators decided.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.recipe import InvalidRecipe
from training.run import Kind

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

AUTO = "auto"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rows(_Frozen):
    """Which rows a phase learns from.

    SFT: `passes` over the decided papers, of whose statements the share `noise` is damaged; beside
    each pass `replay` times as many synthetic examples, at least `least_replay` in all. DPO: what
    the model said (`mistakes`), beside each `slips` decided statements made wrong in their facts,
    and `negatives` of wrong form for each decided statement. GRPO: the decided statements, or whole
    `articles`. A phase with fewer than `least` rows of its own, or that needs a `gpu` where there
    is none, is left out.
    """

    passes: int = Field(default=1, ge=1)
    replay: float = Field(default=1.0, ge=0)
    least_replay: int = Field(default=0, ge=0)
    noise: float = Field(default=0.0, ge=0, le=1)
    mistakes: bool = True
    negatives: int = Field(default=0, ge=0)
    slips: int = Field(default=0, ge=0)
    articles: bool = False
    least: int = Field(default=1, ge=1)
    gpu: bool = False


class PresetPhase(_Frozen):
    """One phase; `merged`: it trains a fresh adapter on top of what was learned before it."""

    kind: Kind
    rows: Rows = Rows()
    parameters: dict[str, Any] = Field(default_factory=dict)
    merged: bool = False


class Preset(_Frozen):
    """A recipe; `tasks`, stage 1 and 2, are the base's own where it names none.

    `start` is the base's live adapter or the plain base, `base` a base's name or folder; without
    one it is the embedded base.
    """

    name: str
    title: str
    source: str
    start: Literal["live", "base"]
    base: str | None = None
    tasks: tuple[str, str] | None = None
    phases: tuple[PresetPhase, ...] = Field(min_length=1)


def names() -> list[str]:
    """The recipes that ship and need no corpora, the button's first."""
    known = [path.stem for path in _folder().glob("*.toml") if "corpora" not in _table(path)]
    return sorted(known, key=lambda name: (name != AUTO, name))


def load(name: str) -> Preset:
    """A recipe by its name, or from a TOML file. Raises `InvalidRecipe`."""
    path = Path(name) if name.endswith(".toml") else _folder() / f"{name}.toml"
    if not path.is_file():
        raise InvalidRecipe(f"There is no recipe {name!r}.", f"Known: {', '.join(names())}.")
    try:
        return Preset.model_validate(_table(path))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        told = str(error)
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            told = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InvalidRecipe(f"{path.name} is no recipe: {told}.", "See docs/recipes.md.") from error


def _table(path: Path) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    return table


def _folder() -> Path:
    return Path(__file__).parent / "recipes"
