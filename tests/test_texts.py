"""The interface's texts: every language has every one, with the same places."""

from __future__ import annotations

from string import Formatter
from types import SimpleNamespace

import pytest

from workbench import texts

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
