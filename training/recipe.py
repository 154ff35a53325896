"""A recipe is data: corpora, phases and sizes in one TOML file. This runs one, phase by phase.

Recipes that name no corpora learn from the store; those are `training.presets`.

A run is a folder; a killed run is started again with the same command and goes on where it stopped.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from models.errors import WorkbenchError
from training import checkpoints
from training.mixture import Corpora, Mix, draw
from training.sft import LoraShape, Phase

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

Tell = Callable[[str], None]


class InvalidRecipe(WorkbenchError):
    """A recipe that does not exist or does not hold together."""


@dataclass(frozen=True)
class Recipe:
    """What to train on what, in which order."""

    name: str
    title: str
    source: str
    base: str
    adapter: str
    corpora: Mapping[str, Any]
    phases: tuple[tuple[Phase, Mix], ...]


def names() -> list[str]:
    """The recipes with corpora that ship."""
    paths = _folder().glob("*.toml")
    return sorted(
        path.stem for path in paths if "corpora" in tomllib.loads(path.read_text("utf-8"))
    )


def load(name: str | Path) -> Recipe:
    """A recipe by its name, or from a TOML file. Raises `InvalidRecipe`."""
    path = Path(name) if str(name).endswith(".toml") else _folder() / f"{name}.toml"
    if not path.is_file():
        raise InvalidRecipe(f"There is no recipe {name!r}.", f"Known: {', '.join(names())}.")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        lora = LoraShape(**table.pop("lora", {}))
        phases = tuple(_phase(dict(phase), lora) for phase in table.pop("phases"))
        return Recipe(**table, phases=phases)
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise InvalidRecipe(
            f"{path.name} is no recipe: {error}.", "See docs/training.md."
        ) from error


def _phase(table: dict[str, Any], lora: LoraShape) -> tuple[Phase, Mix]:
    mix = Mix(**table.pop("mix"))
    return Phase(**table, lora=lora), mix


def run(
    recipe: Recipe,
    data: Path,
    run_dir: Path,
    base: Path,
    threads: int | None = None,
    tell: Tell = print,
    callbacks: Sequence[Any] = (),
) -> Path:
    """Train all phases; return the PEFT folder of the finished adapter (float16).

    `callbacks` are the trainers'. `data` holds the corpora that the recipe names, `base` is the
    base as a transformers folder.
    """
    from transformers import AutoTokenizer

    from training.examples import Encoder
    from training.sft import train

    corpus = Corpora(data, **recipe.corpora)
    encoder = Encoder(AutoTokenizer.from_pretrained(base))
    adapter: Path | None = None
    for number, (phase, mix) in enumerate(recipe.phases, start=1):
        folder = run_dir / f"{number}-{phase.name}"
        if (done := folder / "adapter" / "adapter_config.json").is_file():
            adapter = done.parent
            continue
        drawn = draw(corpus, mix, phase.seed)
        _write_manifest(folder, drawn, corpus)
        rows = [row for row in map(encoder.encode, drawn) if len(row.input_ids) <= phase.longest]
        tell(
            f"{phase.name}: {len(rows):,} examples, {sum(len(r.input_ids) for r in rows):,} tokens"
        )
        adapter = train(base, rows, phase, folder, adapter, threads, callbacks)
    assert adapter is not None
    return finish(adapter, run_dir / "adapter", recipe)


def _write_manifest(folder: Path, drawn: list[Any], corpus: Corpora) -> None:
    """What the phase is trained on: counts by source and task, and what was dropped."""
    counts: dict[str, int] = {}
    for example in drawn:
        key = f"{example.task} {example.source}"
        counts[key] = counts.get(key, 0) + 1
    folder.mkdir(parents=True, exist_ok=True)
    told = {"examples": counts, "dropped_for_shared_wording": corpus.dropped}
    (folder / "data.json").write_text(json.dumps(told, indent=2, ensure_ascii=False))


def finish(adapter: Path, target: Path, recipe: Recipe) -> Path:
    """The adapter as it is shipped: float16 weights, a plain configuration, how it was made."""
    checkpoints.halve(adapter, target, recipe.base)
    made = {
        "recipe": recipe.name,
        "base": recipe.base,
        "phases": [{**asdict(phase), "mix": asdict(mix)} for phase, mix in recipe.phases],
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in ("torch", "transformers", "peft", "trl")},
    }
    (target / "training.json").write_text(json.dumps(made, indent=2) + "\n")
    return target


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _folder() -> Path:
    return Path(__file__).parent / "recipes"
