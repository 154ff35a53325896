import json
import random
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from models.schemas import FunderList
from training.frames import Frame, frames
from training.marks import locate
from training.synth.compose import Clash, Composer
from training.synth.ids import patterns
from training.synth.names import known, programmes, read_names
from training.synthesis import compose, row, rows
from training.synthetic_documents import CHUNK, OVERLAP, chunks, split
from workbench.cli import app

NAMES = [
    "The Wellcome Foundation for Rivers", "Ministry of Waters, Spain", "Society for Old Bridges",
    "University of Lindau", "Acme Pharmaceuticals Inc.", "ABCD", "Fondation des Lacs", "USA NSF",
    "Fellowship Programme 12", "lower case trust", "Council of Isles", "Trust for Sound; Vision",
]  # fmt: skip
LISTED = read_names(NAMES)


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(NAMES), "utf-8")
    return path


def composed(text, seed=0, lang="en", listed=LISTED):
    composer = Composer(random.Random(seed), listed)
    composer.sentence(Frame(id="t-1", kind="funding", lang=lang, weight=1, text=text))
    return composer.text, composer.gold(composer.marked())


@given(st.integers(min_value=0), st.booleans())
def test_every_value_is_printed_and_names_stand_on_word_boundaries(number, noise):
    made = row(LISTED, 1, number, noise=float(noise))
    assert locate(made["statement"], [_only_name(f) for f in made["funders"]]) is not None
    for funder in made["funders"]:
        for award in funder["awards"]:
            printed = [value for field in award.values() for value in field]
            assert printed and all(value in made["statement"] for value in printed)
    FunderList.validate_python(made["funders"])


def _only_name(funder):
    return {"funder_name": funder["funder_name"], "awards": []}


@given(st.integers(min_value=0))
@example(203_302_009_268)  # a frame with a name and its acronym, then the same funder drawn
def test_each_funder_is_named_once(number):
    named = [f["funder_name"] for f in row(LISTED, 2, number)["funders"] if f["funder_name"]]
    assert len(named) == len(set(named))


@given(st.integers(min_value=0))
def test_funders_stand_in_order_of_appearance(number):
    composer, _ = compose(LISTED, random.Random(number))
    marked = composer.marked()
    printed = [marked.value(mark) for mark in marked.marks if mark.kind == "name"]
    gold = [f["funder_name"] for f in composer.gold(marked) if f["funder_name"]]
    assert gold == printed


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: frame.id)
def test_every_frame_can_be_filled_and_speaks_plainly(frame):
    for seed in range(6):
        composer = _filled(frame, seed)
        assert not set("{}|") & set(composer.text), composer.text
        assert ",," not in composer.text and "  " not in composer.text, composer.text
        gold = composer.gold(composer.marked())
        assert bool(gold) == (frame.kind in ("funding", "tail"))


def _filled(frame, seed):
    """The frame, behind a funding sentence where it needs one; another seed where names clash."""
    for attempt in range(20):
        composer = Composer(random.Random(f"{seed}-{attempt}"), LISTED)
        if frame.kind == "tail":
            composer.sentence(FIRST)
        try:
            composer.sentence(frame)
        except Clash:
            continue
        return composer
    raise AssertionError(f"{frame.id} always clashes")


FIRST = Frame(id="f-1", kind="funding", lang="en", weight=1, text="Paid by {F1:canada}.")


def test_there_are_more_than_three_hundred_funding_frames_none_twice():
    texts = [frame.text for frame in frames() if frame.kind == "funding"]
    assert len(texts) >= 300
    assert len(set(texts)) == len(texts)


def test_the_shares_of_what_statements_hold():
    made = [row(LISTED, 7, number) for number in range(1500)]
    funded = [r for r in made if r["funders"]]
    holds = Counter(
        field
        for r in funded
        for field in {k for f in r["funders"] for a in f["awards"] for k, v in a.items() if v}
    )
    assert 0.06 < 1 - len(funded) / len(made) < 0.11
    assert holds["funding_scheme"] > 0.4 * len(funded)
    assert holds["award_title"] > 0.15 * len(funded)
    assert holds["award_ids"] > 0.7 * len(funded)
    assert 0.4 < sum(bool(r["noise"]) for r in made) / len(made) < 0.6


@pytest.mark.parametrize("pattern", patterns().values(), ids=lambda pattern: pattern.key)
def test_made_ids_have_the_shape_of_their_pattern(pattern):
    assert pattern.matches(pattern.example)
    rng = random.Random(0)
    drawn = [pattern.draw(rng) for _ in range(300)]
    assert [award_id for award_id in drawn if not pattern.matches(award_id)] == []
    assert not any(set("[]|#%<>") & set(award_id) for award_id in drawn)


def test_known_funders_ask_for_patterns_that_exist():
    asked = {key for payer in (*known(), *programmes()) for key in payer.patterns}
    assert asked <= set(patterns())


def test_a_name_list_is_cleaned_and_sorted_by_kind():
    assert LISTED.kinds == {
        "agency": [
            "Wellcome Foundation for Rivers",
            "Ministry of Waters",
            "Society for Old Bridges",
            "Council of Isles",
        ],
        "university": ["University of Lindau"],
        "company": ["Acme Pharmaceuticals Inc"],
        "acronym": ["ABCD"],
        "foreign": ["Fondation des Lacs"],
    }


def test_a_programme_alone_has_no_funder_name():
    text, gold = composed("This work was supported by {N1:china} ({i1#2}).")
    assert [funder["funder_name"] for funder in gold] == [None]
    assert len(gold[0]["awards"][0]["award_ids"]) == 2
    assert gold[0]["awards"][0]["funding_scheme"][0] in text


def test_ids_that_answer_respectively_go_each_to_its_funder():
    text, gold = composed("Grants {i1#1} and {i2#1} were paid by {f1} and {f2}, respectively.")
    ids = [funder["awards"][0]["award_ids"][0] for funder in gold]
    assert text.startswith(f"Grants {ids[0]} and {ids[1]} were paid by {gold[0]['funder_name']}")


def test_a_second_award_stays_with_its_funder():
    _, gold = composed("Paid by {f1} ({s1}, {i1#1}) and {again1} ({s1b}, {i1b#1}).")
    (funder,) = gold
    assert [len(award["funding_scheme"]) for award in funder["awards"]] == [1, 1]


def test_the_article_is_no_part_of_the_name():
    text, gold = composed("Supported by {F1=National Science Foundation}.", seed=1)
    assert gold[0]["funder_name"] == "National Science Foundation"
    assert text == "Supported by the National Science Foundation."


def test_rows_do_not_depend_on_the_number_of_workers(names):
    alone = list(rows(names, 450, seed=5))
    assert list(rows(names, 450, seed=5, workers=2)) == alone
    assert [r["id"] for r in alone[:2]] == ["synth-5-0", "synth-5-1"]
    assert next(rows(names, 1, seed=6))["statement"] != alone[0]["statement"]


def test_a_list_without_names_leaves_the_known_funders(tmp_path):
    (tmp_path / "empty.txt").write_text("")
    assert len(list(rows(tmp_path / "empty.txt", 20, seed=1))) == 20


TEXT = "\n".join(f"Sentence {n} of a long paper says something plain." for n in range(200))


def test_chunks_end_with_a_sentence_and_overlap():
    made = list(split(TEXT))
    assert all(len(chunk) <= CHUNK and chunk.rstrip().endswith(".") for chunk in made)
    assert made[1].startswith(made[0][-OVERLAP:])
    assert list(split("too short")) == []


def test_documents_hide_statements_in_some_of_their_chunks(names, tmp_path):
    papers = tmp_path / "papers.jsonl"
    papers.write_text("".join(json.dumps({"text": TEXT}) + "\n" for _ in range(6)))
    made = list(chunks(papers, names, 1000, seed=3))
    assert made == list(chunks(papers, names, 1000, seed=3, workers=2))
    assert 0.4 < sum(bool(r["statements"]) for r in made) / len(made) < 0.9
    for r in made:
        assert all(statement in r["text"] for statement in r["statements"])
        assert bool(r["funders"]) == bool(r["statements"])


def test_the_command_writes_rows(names, tmp_path):
    out = tmp_path / "out.jsonl"
    run = CliRunner().invoke(app, ["synth", "-o", str(out), "--names", str(names), "--count", "7"])
    assert run.exit_code == 0, run.output
    made = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(made) == 7
    assert set(made[0]) == {
        "id", "source", "license", "statement", "funders", "frame", "noise"
    }  # fmt: skip
