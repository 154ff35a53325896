"""A task is data: a prompt, a schema, guidelines and lengths, in one TOML file, pinned by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from models import compact
from models.backends import Prompt
from models.errors import InvalidTask
from models.schemas import FunderList

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

Output = Literal["statements", "funders"]
Reply = Literal["json", "lines", "reasoned"]


@dataclass(frozen=True, slots=True)
class Task:
    """What to ask of a text and what shape the answer has.

    `lengths` holds for each list the fewest and most items that make sense (MeXtract's
    answer_min and answer_max); decoding enforces the upper bound. `reply` is the form of the
    answer: the JSON itself, the short form of `models.compact` that means the same, or reasons
    before the JSON (`models.reasoned`). A model that always answers with an object names the
    funders' key in it: `wrap`.
    """

    name: str
    title: str
    reads: Literal["document", "statement"]
    output: Output
    system: str
    user: str
    max_tokens: int
    reply: Reply = "json"
    wrap: str | None = None
    guidelines: Mapping[str, str] = field(default_factory=dict)
    lengths: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def prompt(self, text: str) -> Prompt:
        """The chat for one text. Not `str.format`: texts hold braces."""
        return Prompt(self.system, self.user.replace("{text}", self._as_read(text)))

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the reply: every key required, in order, lists bounded."""
        if self.output == "statements":
            return _statements_schema(self._at_most("statements"))
        funders = _funders_schema(self)
        return _closed({self.wrap: funders}) if self.wrap else funders

    def _as_read(self, text: str) -> str:
        if self.reply != "lines":
            return text
        return compact.numbered(text) if self.output == "statements" else compact.fold(text)

    @property
    def prompt_sha256(self) -> str:
        """Identity of the prompt: an adapter answers the prompt that it was trained on."""
        return _sha256(f"{self.system}\0{self.user}")

    @property
    def schema_sha256(self) -> str:
        """Identity of the reply's shape."""
        return _sha256(json.dumps(self.schema, sort_keys=True))

    def _at_most(self, name: str) -> int:
        return self.lengths.get(name, {}).get("answer_max", 40)


@cache
def task(name: str) -> Task:
    """The task of that name. Raises `InvalidTask` for an unknown or malformed one."""
    path = Path(__file__).parent / f"{name}.toml"
    if not path.is_file():
        raise InvalidTask(f"There is no task {name!r}.", f"Known tasks: {', '.join(names())}.")
    return load(path)


def names() -> list[str]:
    """The tasks that ship, sorted."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


def asked(prompt_sha256: str, output: Output) -> Task:
    """The task that a model was asked, by the first digits of its prompt's hash.

    A prompt that is no longer known is taken for the JSON task of that output.
    """
    known = [task(name) for name in names()]
    return next(
        (t for t in known if t.output == output and t.prompt_sha256.startswith(prompt_sha256)),
        task("funding_statements" if output == "statements" else "funding_parse"),
    )


def load(path: Path) -> Task:
    """Read a task file. Raises `InvalidTask` naming what is wrong with it."""
    try:
        return Task(**tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, TypeError, UnicodeDecodeError) as error:
        raise InvalidTask(f"{path.name} is no task: {error}.", "See docs/tasks.md.") from error


def _statements_schema(most: int) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    array = {"type": "array", "items": text, "maxItems": most}
    return _closed({"statements": array})


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _funders_schema(task: Task) -> dict[str, Any]:
    """The shared types' own schema with references resolved, keys required and lists bounded."""
    source = FunderList.json_schema()
    bounds = {"awards": task._at_most("awards")}
    values = task._at_most("values")

    def tighten(node: dict[str, Any], name: str = "") -> dict[str, Any]:
        if "$ref" in node:
            return tighten(source["$defs"][node["$ref"].rsplit("/", 1)[1]])
        if node.get("type") == "object":
            return _closed({key: tighten(value, key) for key, value in node["properties"].items()})
        if node.get("type") == "array":
            most = bounds.get(name, values)
            return {"type": "array", "items": tighten(node["items"]), "maxItems": most}
        if "anyOf" in node:
            return {"anyOf": [tighten(option) for option in node["anyOf"]]}
        return {key: node[key] for key in ("type", "minLength") if key in node}

    return tighten(source) | {"maxItems": task._at_most("funders")}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
