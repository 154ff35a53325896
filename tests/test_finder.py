"""Which passages the model reads."""

from __future__ import annotations

import pytest

from models.documents import Document, read_bytes
from models.finder import find

BODY = "The samples were dried at forty degrees and weighed twice before each measurement.\n\n" * 60


def document(text: str) -> Document:
    return read_bytes("paper.txt", text.encode())


def handed_on(text: str) -> str:
    paper = document(text)
    return "\n".join(paper.text[p.start : p.end] for p in find(paper))


@pytest.mark.parametrize(
    "statement",
    [
        "This work was supported by the National Science Foundation (DMS-1613002).",
        "Funding: Wellcome Trust, 104169/Z/14/A.",
        "We thank the DFG for financial support.",
        "Os autores agradecem ao CNPq pelo apoio financeiro (processo 303456/2019-0).",
        "Gef\u00f6rdert durch die Deutsche Forschungsgemeinschaft (DFG), Projektnummer 12345678.",
        "Ce travail a \u00e9t\u00e9 financ\u00e9 par l'ANR (ANR-20-CE40-0001).",
        "This research received no specific grant from any funding agency.",
        "J.S. is the recipient of a fellowship of the Ministry of Education under grant No. 12.",
        "\u672c\u7814\u7a76\u5f97\u5230\u56fd\u5bb6\u81ea\u7136\u79d1\u5b66\u57fa\u91d1"
        "\u8d44\u52a9\uff0861973273\uff09\u3002",
    ],
)
def test_a_statement_in_a_long_paper_is_handed_on(statement: str) -> None:
    assert statement in handed_on(f"{BODY}{statement}\n\n{BODY}")


def test_a_paper_without_money_costs_no_model_time() -> None:
    assert handed_on(BODY) == ""


def test_what_stands_under_a_funding_heading_is_read_whatever_its_words() -> None:
    assert "Grosch" in handed_on(f"{BODY}Funding\n\nThe Grosch family paid.\n\n{BODY}")


def test_references_that_name_funders_are_passed_over() -> None:
    references = "[12] Li J. et al. Grants from the Council of Asia. Nature 2019; 4: 12.\n\n" * 5
    assert handed_on(f"{BODY}References\n\n{references}") == ""


def test_the_model_never_reads_more_than_its_share() -> None:
    greedy = "This work was supported by grant 12345 from the Council of Norway.\n\n" * 2000
    paper = document(greedy)
    assert sum(p.end - p.start for p in find(paper, limit=0.1)) < 0.105 * len(paper.text)


@pytest.mark.parametrize(
    "sentence",
    [
        "работа выполнена при поддержке гранта рнф № 19-11-00123, ",
        "本研究得到国家自然科学基金资助（61973273），",
        "supported by grant no 1234 from the nsf; ",
    ],
)
def test_a_paragraph_without_sentence_ends_is_still_read(sentence: str) -> None:
    assert handed_on(sentence * 300)
