"""The interface's texts: every language has every one, with the same places."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter
from types import SimpleNamespace

import pytest

from tests.literals import Literal, of_javascript, of_python, text_of
from workbench import texts

HOME = Path(texts.HERE).parent
PROSE = re.compile(r"[A-Za-z]{2,}[,.:]? +[A-Za-z{]|^[A-Z][a-z]+|[a-z]{2,} \{\}|…")
SHOWN = re.compile(
    r"""(\b(text|title|label|placeholder|confirm)|"(aria-label|aria-description)"):\s*$"""
    r"|\b((button|make|toast|toasts\.show|append)\(|(textContent|title) =)\s*$"
)
NO_PROSE = re.compile(r"(wb-|\.wb|[./#\[]|\()|[\w$]*(Error|Exception|Refused)$| wb-")
ALLOWED = {
    "Content-Type": "a header",
    "type {}": "the name of a run of edits",
    "{}:name {}": "a key of a map",
    "100px {}": "a font",
    "{}…": "an own text that was cut short",
    "PDF": "the same in every language",
    "https://": "how an address begins",
    "award_title": "a name in the data",
    "Esc": "written on the key",
    "Shift{}": "a name of the browser for a key",
    "Shift+A": "a key, as aria-keyshortcuts wants it",
    "{}:{} min": "minutes, the same in every language",
    "Keys and actions differ: {}": "for the programmer",
    "There is no text {}.": "for the programmer",
}
KEYS = {"Enter", "Escape", "Backspace", "Delete", "Tab", "CapsLock", "AltGraph", "Arrow", "Page"}
KEYS |= {"PageUp", "PageDown"} | {f"Arrow{to}" for to in ("Up", "Down", "Left", "Right")}
SELECTOR = re.compile(r"(input|button|textarea|select|a)(\[|,)")
OTHERS = [language for language in texts.languages() if language != texts.DEFAULT]


def forms(text: texts.Text) -> dict[str, str]:
    return text if isinstance(text, dict) else {"": text}


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_the_texts_of_english_and_no_other(language: str) -> None:
    assert set(texts.catalog(language)) == set(texts.catalog(texts.DEFAULT))


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_has_the_same_places_and_forms_in_every_language(language: str) -> None:
    for key, english in texts.catalog(texts.DEFAULT).items():
        here = forms(texts.catalog(language)[key])
        assert here.keys() == forms(english).keys(), key
        for form, text in forms(english).items():
            names = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert names == {name for _, name, _, _ in Formatter().parse(here[form]) if name}, key


def test_places_are_filled_and_a_text_that_is_not_there_is_a_mistake() -> None:
    assert texts.say("common.app") == "Funding Workbench"
    with pytest.raises(KeyError):
        texts.say("common.nothing")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr, en;q=0.5", "en"), ("xx", "en"), ("", "en")],
)
def test_the_browser_s_language_is_taken_where_there_are_texts(
    accepted: str, language: str
) -> None:
    request = SimpleNamespace(headers={"accept-language": accepted})
    assert texts.language_of(request) == language


def areas() -> str:
    return "|".join(sorted({key.split(".")[0] for key in texts.catalog(texts.DEFAULT)}))


def is_told(literal: Literal) -> bool:
    """Whether somebody reads it: prose, or any word where texts are shown."""
    text = literal.text
    if text in ALLOWED or text in KEYS or NO_PROSE.match(text) or SELECTOR.match(text):
        return False
    if re.fullmatch(rf"({areas()})(\.[\w{{}}]+)+", text):
        return False
    place = SHOWN.search(literal.before) and re.search(r"[A-Za-z]{2}", text.replace("{}", ""))
    return bool(PROSE.search(text) or place)


def test_no_text_of_the_interface_stands_in_its_modules() -> None:
    left = [
        f"{literal.path.name}:{literal.line}: {literal.text}"
        for literal in of_javascript(HOME / "static")
        if is_told(literal)
    ]
    assert left == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('h("p", { text: "Go there" })', ["Go there"]),
        ('button("Undo", run)', ["Undo"]),
        ("toasts.show(`${name} was not saved.`)", ["{} was not saved."]),
        ('h("b", { title: "edited" }) // a comment: "Not this"', ["edited"]),
        ('h("b", { class: "wb-a wb-b", "aria-label": t("cockpit.label") })', []),
    ],
)
def test_texts_in_a_module_are_found(tmp_path: Path, source: str, told: list[str]) -> None:
    (tmp_path / "made.js").write_text(source)
    assert [one.text for one in of_javascript(tmp_path) if is_told(one)] == told


def shown_by(call: ast.Call) -> list[ast.expr]:
    """What a call of Gradio shows to people."""
    named = [word.value for word in call.keywords if word.arg in ("label", "placeholder", "info")]
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    first = call.args[:1] if name in ("Tab", "Button", "Accordion", "Info", "Warning") else []
    return [*named, *first]


def test_no_text_of_the_pages_stands_in_their_code() -> None:
    left = []
    for path in sorted((HOME / "pages").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                told = [text for one in shown_by(node) if (text := text_of(one)) is not None]
                left += [f"{path.name}:{node.lineno}: {text}" for text in told]
    html = re.compile(r">[^<>{}$&]*[A-Za-z]{3,}[^<>{}$]*(<|\{|$)")
    left += [
        f"{path.name}: {text}"
        for path, _, text in of_python(HOME / "pages")
        if html.search(text) and "=>" not in text
    ]
    assert left == []


def used() -> tuple[set[str], list[re.Pattern[str]]]:
    """Keys that the code names, and patterns of those that it puts together."""
    named = re.compile(rf"({areas()})\.[\w.{{}}]*")
    found = [literal.text for literal in of_javascript(HOME / "static")]
    found += [text for _, _, text in of_python(HOME)]
    keys = {text for text in found if named.fullmatch(text) and not text.endswith(".toml")}
    put = [re.escape(text).replace(r"\{\}", r"\w+") for text in keys if "{}" in text]
    put += [re.escape(text) + r"[\w.]+" for text in keys if text.endswith(".")]
    whole = {text for text in keys if "{}" not in text and not text.endswith(".")}
    return whole, [re.compile(text) for text in put]


def test_every_key_in_the_code_is_in_the_catalog() -> None:
    known = texts.catalog(texts.DEFAULT)
    whole, put = used()
    assert sorted(whole - set(known)) == []
    empty = [one.pattern for one in put if not any(one.fullmatch(key) for key in known)]
    assert empty == []


def test_every_text_of_the_catalog_is_used() -> None:
    whole, put = used()
    left = [
        key
        for key in texts.catalog(texts.DEFAULT)
        if key not in whole and not any(one.fullmatch(key) for one in put)
    ]
    assert left == []
