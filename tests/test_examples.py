from typing import Any

from models import compact
from models.sentences import sentences
from training.corpora import LabelledStatement
from training.examples import funding_sentences, parse_example, sentences_example

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


def reply(text: str, *funders: dict[str, Any]) -> str:
    read = LabelledStatement.model_validate(
        {"id": "1", "source": "s", "license": "l", "statement": text, "funders": funders}
    )
    written = parse_example(read).reply
    assert compact.read_funders(written) is not None
    return written


def test_values_stand_in_the_order_of_the_text_and_funders_by_their_first() -> None:
    text = "The Moss Fund 12 of the Basalt Trust and the Cedar Council (A-1, A-2) paid."
    cedar = {"funder_name": "Cedar Council", "awards": [{"award_ids": ["A-1", "A-2"]}]}
    basalt = {
        "funder_name": "Basalt Trust",
        "awards": [{"award_ids": ["12"], "funding_scheme": ["Moss Fund"]}],
    }
    wanted = "S Moss Fund\ni 12\nF Basalt Trust\n\nF Cedar Council\nI A-1\ni A-2"
    assert reply(text, cedar, basalt) == reply(text, basalt, cedar) == wanted


def test_the_values_of_an_award_stay_together_where_the_text_lists_awards_crosswise() -> None:
    awards = [
        {"award_ids": ["7"], "award_title": ["Peat"]},
        {"award_ids": ["8"], "award_title": ["Bog"]},
    ]
    said = reply("Grants 7 and 8 for Peat and Bog", {"funder_name": None, "awards": awards})
    assert said == "I 7\nt Peat\nI 8\nt Bog"


def test_the_first_mention_of_a_value_is_one_of_whole_words() -> None:
    assert compact.first_mention("77", "A77 and 775, then 77") == 18
    assert compact.first_mention("ational", "National") == 1
    assert compact.first_mention("absent", "text") == len("text")


def test_a_reply_in_short_form_reads_back_as_the_same_funders() -> None:
    assert compact.read_funders(parse_example(record()).reply) == record().funders
