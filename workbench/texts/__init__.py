"""All that the interface says, in one place: `LANGUAGE/AREA.toml`, a key a text.

A text may have places, `{name}`, and forms for one and several, `{one = "…", other = "…"}`, told
apart by `n`. English is the language that every key has; another may lack none of them either.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
DEFAULT = "en"
Text = str | dict[str, str]


def languages() -> tuple[str, ...]:
    """The languages that there are texts in."""
    return tuple(sorted(path.name for path in HERE.iterdir() if (path / "common.toml").is_file()))


@cache
def catalog(language: str) -> dict[str, Text]:
    """Every text of a language by its key, `area.key`; keys of a table in it have further dots."""
    found: dict[str, Text] = {}
    for path in sorted((HERE / language).glob("*.toml")):
        found |= _flat(tomllib.loads(path.read_text("utf-8")), path.stem)
    return found


def say(key: str, language: str = DEFAULT, **values: Any) -> str:
    """The text of a key with its places filled; raises `KeyError` for one that does not exist."""
    text = catalog(language).get(key) or catalog(DEFAULT)[key]
    if isinstance(text, dict):
        text = text["one" if values.get("n") == 1 else "other"]
    return text.format_map(values) if values else text


def label(key: str) -> Any:
    """The text of a key for a component of a page: the browser puts its language's in."""
    from gradio.i18n import I18nData

    catalog(DEFAULT)[key]
    return I18nData(key)


def for_pages() -> Any:
    """All texts as Gradio takes them, to be handed to the mounted app."""
    from gradio.i18n import I18n

    plain = {
        language: {key: text for key, text in catalog(language).items() if isinstance(text, str)}
        for language in languages()
    }
    return I18n(**plain)


def language_of(request: Any) -> str:
    """The language of a request (of Starlette or Gradio), by what its browser accepts."""
    known = languages()
    return next((name for name in _accepted(request.headers) if name in known), DEFAULT)


def _accepted(headers: Any) -> list[str]:
    """What `Accept-Language` lists, in its order, without regions."""
    parts = (part.split(";")[0] for part in headers.get("accept-language", "").split(","))
    return [part.split("-")[0].strip().lower() for part in parts]


def _flat(table: dict[str, Any], prefix: str) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for key, value in table.items():
        name = f"{prefix}.{key}"
        if isinstance(value, dict) and set(value) != {"one", "other"}:
            found |= _flat(value, name)
        else:
            found[name] = value
    return found
