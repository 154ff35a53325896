from models import compact
from models.sentences import sentences
from training.corpora import LabelledStatement
from training.examples import funding_sentences, in_order, parse_example, sentences_example

TEXT = (
    "We thank A. B. Smith and Dr. Lee for help. J.K. was supported by the Basalt Trust (No. 12/A). "
    "We thank the Cedar Council for data. The authors received no external funding for field work."
)


def record(text: str = TEXT) -> LabelledStatement:
    funders = [{"funder_name": "Basalt Trust", "awards": [{"award_ids": ["12/A"]}]}]
    return LabelledStatement.model_validate(
        {"id": "1", "source": "s", "license": "l", "statement": text, "funders": funders}
    )


def test_initials_titles_and_numbers_do_not_end_a_sentence() -> None:
    assert [TEXT[a:b].split()[0] for a, b in sentences(TEXT)] == ["We", "J.K.", "We", "The"]


def test_lines_end_sentences_and_offsets_point_into_the_text() -> None:
    text = "Funding\nPaid by Oxo.  And by Yara.\n\nEnd"
    said = [text[a:b] for a, b in sentences(text)]
    assert said == ["Funding", "Paid by Oxo.", "And by Yara.", "End"]


def test_the_funding_sentences_are_those_that_say_who_paid_or_that_nobody_did() -> None:
    said = [TEXT[a:b].split()[0] for a, b in funding_sentences(record())]
    assert said == ["J.K.", "The"]
    assert sentences_example(record()).reply == "2 4"


def test_funders_stand_in_the_order_of_the_text() -> None:
    both = record("The Cedar Council and the Basalt Trust (12/A) paid.")
    first, second = parse_example(both).reply, compact.write_funders(in_order(both.funders, TEXT))
    assert first == second == "F Basalt Trust\nI 12/A"


def test_a_reply_in_short_form_reads_back_as_the_same_funders() -> None:
    assert compact.read_funders(parse_example(record()).reply) == record().funders
