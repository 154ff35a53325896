"""What a phase is trained on: never what the adapter is measured on."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from models import compact
from training import corpora, recipe
from training.contamination import overlaps
from training.corpora import LabelledStatement
from training.mixture import Corpora, Mix, draw
from training.variation import fresh_ids, joined

LEAK = (
    "we owe this study to a generous gift that the late Mr Oakapple left to the town of Ruddigore"
)
SET_PHRASE = "the funders had no role in the design of this study nor in its publication at all"
WORDS = (
    *("amber", "basalt", "cedar", "delta", "ember", "fjord"),
    *("granite", "harbour", "ivory", "juniper", "kelp", "larch"),
)


def record(number: int, split: str, said: str = "", funded: bool = True) -> dict[str, Any]:
    name = f"{WORDS[number % 12].title()} {WORDS[number // 12 % 12].title()} Trust"
    award = f"N{number:05}"
    text = f"Study {number} was funded by the {name} ({award}). {said}".strip()
    awards = [{"award_ids": [award], "funding_scheme": [], "award_title": []}]
    return {
        "id": f"r{number}",
        "source": "tests",
        "license": "CC0-1.0",
        "split": split,
        "statement": text if funded else f"Study {number} has nobody to thank.",
        "funders": [{"funder_name": name, "awards": awards}] if funded else [],
    }


@pytest.fixture
def corpus(tmp_path: Path) -> Corpora:
    gold = [record(n, "train", SET_PHRASE if n < 10 else "") for n in range(30)]
    gold += [record(n, "dev", SET_PHRASE) for n in range(30, 36)]
    gold += [record(40, "dev", LEAK), record(41, "train", LEAK)]
    silver = [record(n, "train") for n in range(60, 70)] + [gold[0], record(71, "train", LEAK)]
    silver += [record(n, "train", funded=False) for n in range(80, 86)]
    inside = {"id": "r20", "text": "Intro.\n\nFunding\n" + gold[20]["statement"] + "\n\nThe end."}
    document = {"source": "tests", "license": "CC0-1.0", "segments": []}
    (tmp_path / "gold.jsonl").write_text("\n".join(map(json.dumps, gold)))
    (tmp_path / "silver.jsonl").write_text("\n".join(map(json.dumps, silver)))
    (tmp_path / "names.txt").write_text("National Moss Foundation\nRoyal Lichen Society\n" * 20)
    with gzip.open(tmp_path / "documents.jsonl.gz", "wt") as lines:
        lines.write(json.dumps({**document, **inside}))
    return Corpora(
        tmp_path, "gold.jsonl", ("silver.jsonl",), "documents.jsonl.gz", names="names.txt"
    )


def test_nothing_that_is_measured_on_is_trained_on(corpus: Corpora) -> None:
    drawn = draw(corpus, Mix(gold=2, silver=99, silver_none=99, sentences=99, windows=9), seed=1)
    held_out = [compact.fold(r.statement) for r in corpus.held_out]
    shared = overlaps([example.text for example in drawn], held_out)
    assert all(gram in SET_PHRASE.casefold() for _, _, gram in shared)
    assert not any("Oakapple" in example.text for example in drawn)
    assert corpus.dropped == {"gold": 1, "silver": 1}


def test_a_record_labelled_by_reading_is_not_taken_from_silver_again(corpus: Corpora) -> None:
    assert "r0" in {r.id for r in corpus.gold_records}
    assert "r0" not in {r.id for r in corpus.silver_records}


def test_the_same_seed_draws_the_same_examples(corpus: Corpora) -> None:
    mix = Mix(gold=1, silver=5, synthetic=20, noise=0.5, sentences=3)
    assert draw(corpus, mix, seed=3) == draw(corpus, mix, seed=3)
    assert draw(corpus, mix, seed=3) != draw(corpus, mix, seed=4)


def test_with_noise_every_value_still_stands_in_its_text(corpus: Corpora) -> None:
    for example in draw(corpus, Mix(gold=2, synthetic=60, noise=1.0), seed=5):
        for item in compact.locate(example.reply):
            assert item.value in example.text


def test_fresh_ids_change_text_and_gold_alike(corpus: Corpora) -> None:
    plain, fresh = (draw(corpus, Mix(gold=1, fresh_ids=share), seed=2) for share in (0.0, 1.0))
    assert [e.text for e in plain] != [e.text for e in fresh]
    for example in fresh:
        name, award = (item.value for item in compact.locate(example.reply))
        assert name in example.text and award in example.text
        assert award not in {item.value for e in plain for item in compact.locate(e.reply)}


def test_years_short_ids_and_ids_inside_other_values_stay() -> None:
    awards = [{"award_ids": ["2019YFA0507701", "B2", "117"], "award_title": ["Plan 117"]}]
    told = {"id": "1", "source": "s", "license": "l", "funders": [{"awards": awards}]}
    told["statement"] = "2019YFA0507701, B2 and 117 for Plan 117"
    record = LabelledStatement.model_validate(told)
    (award,) = fresh_ids(record, random.Random(1)).funders[0].awards
    assert award.award_ids[0].startswith("2019YFA") and award.award_ids[0] != "2019YFA0507701"
    assert award.award_ids[1:] == ("B2", "117")


def test_joined_statements_keep_the_funders_of_both(corpus: Corpora) -> None:
    for example in draw(corpus, Mix(joined=12), seed=4):
        assert example.text.count("was funded by") == 2
        assert len(compact.read_funders(example.reply) or ()) == 2


def test_statements_that_may_name_one_funder_twice_are_not_joined() -> None:
    def made(name: str) -> LabelledStatement:
        told = {"id": "1", "source": "s", "license": "l", "funders": [{"funder_name": name}]}
        return LabelledStatement.model_validate({**told, "statement": f"{name} paid."})

    assert joined(made("National Moss Foundation"), made("NMF (Ruddigore)")) is None
    assert joined(made("National Moss Foundation"), made("National Moss Foundation")) is None
    assert joined(made("National Moss Foundation"), made("Royal Lichen Society"))


def test_windows_come_from_the_documents_with_their_sentences_marked(corpus: Corpora) -> None:
    (example,) = draw(corpus, Mix(windows=9), seed=1)
    chosen = compact.chosen_spans(example.text, compact.read_numbers(example.reply) or [])
    assert [example.text[a:b] for (a, b), _ in chosen] == [record(20, "train")["statement"]]


def test_synthetic_examples_need_names(corpus: Corpora) -> None:
    with pytest.raises(ValueError, match="names"):
        draw(Corpora(corpus.folder, "gold.jsonl"), Mix(synthetic=1), seed=1)


def test_licences_are_counted_by_source(corpus: Corpora) -> None:
    assert corpora.licences(corpus.gold_records) == {"tests": {"CC0-1.0": 30}}


def test_every_recipe_that_ships_is_read() -> None:
    for name in recipe.names():
        loaded = recipe.load(name)
        assert loaded.phases
        assert loaded.source
    with pytest.raises(recipe.InvalidRecipe, match="no recipe"):
        recipe.load("no-such-recipe")
