"""A run's data: what curators decided, with a part of it never trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from models import compact
from models.documents import Document, read
from models.grounding import ground_statement
from models.schemas import Answer, Award, Funder
from training.curated import HELD_OUT, Decided, collect, is_held_out

STUDY = "This study was paid for by the {name} under grant {award}."


def document(number: int, folder: Path, funded: bool = True) -> Decided:
    name, award = f"Trust Number {number:02}", f"TN-{number:04}"
    said = STUDY.format(name=name, award=award) if funded else "Nobody paid for this."
    path = folder / f"{number}.txt"
    path.write_text(f"A study of moss, part {number}.\n\nAcknowledgements\n{said}\n\nReferences\n")
    found: Document = read(path)
    funder = Funder(funder_name=name, awards=(Award(award_ids=(award,)),))
    answer = Answer(
        statements=(ground_statement(said, found),) if funded else (),
        funders=(funder,) if funded else (),
    )
    return Decided(identity=f"10.1000/{number}", text=found.text, answer=answer)


def test_held_out_documents_are_measured_on_and_never_trained_on(tmp_path: Path) -> None:
    decided = [document(n, tmp_path) for n in range(40)]
    data = collect(decided)
    held_out = {it.identity for it in decided if is_held_out(it.identity)}
    assert {record.id for record in data.held_out} == held_out
    assert 0 < len(held_out) < 20
    taught = " ".join(example.text for example in data.examples)
    for record in data.held_out:
        assert record.funders[0].funder_name not in taught
    assert data.trained_on == 40 - len(held_out)


def test_both_stages_are_taught(tmp_path: Path) -> None:
    number = next(n for n in range(99) if not is_held_out(f"10.1000/{n}"))
    data = collect([document(number, tmp_path)])
    stages = {example.task: example for example in data.examples}
    parse = stages["funding_parse_lines"]
    assert parse.reply == f"F Trust Number {number:02}\nI TN-{number:04}"
    find = stages["funding_statements_lines"]
    spans = compact.chosen_spans(find.text, compact.read_numbers(find.reply) or [])
    assert [find.text[a:b] for (a, b), _ in spans] == [parse.text]


def test_a_value_that_the_statement_does_not_print_is_not_taught(tmp_path: Path) -> None:
    number = next(n for n in range(99) if not is_held_out(f"10.1000/{n}"))
    whole = document(number, tmp_path)
    guessed = Answer(
        statements=whole.answer.statements, funders=(Funder(funder_name="Unnamed Council"),)
    )
    data = collect([Decided(whole.identity, whole.text, guessed)])
    assert {example.task for example in data.examples} == {"funding_statements_lines"}


def test_a_copy_of_a_held_out_statement_is_dropped(tmp_path: Path) -> None:
    held = next(n for n in range(99) if is_held_out(f"10.1000/{n}"))
    learned = next(n for n in range(99) if not is_held_out(f"10.1000/{n}"))
    original = document(held, tmp_path)
    copy = Decided(f"10.1000/{learned}", original.text, original.answer)
    data = collect([original, copy])
    assert (data.dropped, data.trained_on, data.examples) == (1, 0, ())


@given(st.text(min_size=1, max_size=30))
def test_the_side_of_a_document_does_not_depend_on_case_or_blanks(doi: str) -> None:
    assert is_held_out(doi.lower()) == is_held_out(f" {doi.lower()} ")


def test_the_held_out_share_is_what_it_says() -> None:
    share = sum(is_held_out(f"10.1000/{n}") for n in range(5000)) / 5000
    assert abs(share - HELD_OUT) < 0.03


def test_another_file_of_a_held_out_paper_is_not_trained_on(tmp_path: Path) -> None:
    measured, *learned = (
        next(n for n in range(99) if is_held_out(f"10.1000/{n}")),
        *(n for n in range(99) if not is_held_out(f"10.1000/{n}")),
    )
    paper = replace(document(measured, tmp_path), doi="10.1000/Moss")
    same, other = (document(n, tmp_path) for n in learned[:2])
    data = collect([replace(same, doi="10.1000/moss "), replace(other, doi="10.1000/fern"), paper])
    assert (data.trained_on, data.dropped, len(data.held_out)) == (1, 1, 1)
    assert [record.id for record in data.learned] == [other.identity]
    assert collect([same, other, paper]).trained_on == 2
