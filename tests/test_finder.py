"""Which passages the model reads."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from models.cues import grams, units
from models.documents import Document, read_bytes
from models.finder import WEIGHTS, Judge, find, judge, probability, statements

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
        "No external funding was received for this study.",
        "Este trabajo fue financiado por el Ministerio de Ciencia (PID2019-104077).",
        "Badania zosta\u0142y sfinansowane przez NCN; podporou grantu 12345 z GA\u010cR.",
        "\u0420\u0430\u0431\u043e\u0442\u0430 \u0432\u044b\u043f\u043e\u043b\u043d\u0435"
        "\u043d\u0430 \u043f\u0440\u0438 \u043f\u043e\u0434\u0434\u0435\u0440\u0436\u043a"
        "\u0435 \u0420\u0424\u0424\u0418.",
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


@pytest.mark.parametrize(
    "statement",
    [
        "The funds provided by the Higher Education Commission are highly acknowledged.",
        "The company provided the product and funded the cost of trial insurance.",
        "Work in the laboratory was made possible by a fellowship of the Grosch Fund.",
    ],
)
def test_under_thanks_money_is_found_in_other_words_than_the_cues(statement: str) -> None:
    paper = f"{BODY}Acknowledgements\n\n{statement}\n\nReferences\n\n[1] Lee A. Lakes. 2019."
    assert statement in handed_on(paper)


@pytest.mark.parametrize("nothing", ["None.", "Nil.", "Not applicable."])
def test_that_nobody_paid_is_handed_on_with_its_heading(nothing: str) -> None:
    assert f"Funding\n{nothing}" in handed_on(f"{BODY}Funding\n\n{nothing}\n\n{BODY}")


def test_a_passage_keeps_a_sentence_on_each_side() -> None:
    paragraph = (
        "We thank John Doe for his help. This work was supported by the NSF (DMS-1613002). "
        "He also read the proofs. The weather was fine. Nothing else happened."
    )
    handed = handed_on(f"{BODY}{paragraph}\n\n{BODY}")
    assert "John Doe" in handed and "read the proofs" in handed
    assert "Nothing else" not in handed


@pytest.mark.parametrize(
    "sentence",
    [
        "These results were supported by the analysis of variance.",
        "The hypothesis is supported by earlier observations of the same lakes.",
        "We were granted access to the site by the owner of the land.",
    ],
)
def test_support_by_evidence_is_no_money(sentence: str) -> None:
    assert statements(document(f"{BODY}{sentence}\n\n{BODY}")) == []


def test_who_looked_for_funding_is_no_funding_heading() -> None:
    credit = "Conceptualization: Ann Lee.\n\nFunding acquisition: Ann Lee.\n\nSoftware: Bo Ek."
    assert statements(document(f"{BODY}{credit}\n\n{BODY}")) == []


def test_every_sentence_has_a_probability() -> None:
    paper = document("One sentence is here. This work was funded by the DFG. A third one.")
    chances = probability(paper)
    texts = [paper.text[start:end] for start, end, _ in chances]
    assert texts[0] == "One sentence is here."
    assert all(0.0 <= chance <= 1.0 for _, _, chance in chances)
    assert max(chances, key=lambda c: c[2])[:2] == chances[1][:2]


def test_likely_sentences_in_a_row_are_one_statement() -> None:
    told = "This work was funded by the DFG (grant 12). Further support came from the NSF (DMS-1)."
    paper = document(f"{BODY}Funding\n\n{told}\n\n{BODY}")
    [found] = statements(paper)
    assert told in paper.text[found.start : found.end]


def test_words_are_hashed_alike_everywhere() -> None:
    assert grams("Funded") == grams("funded") == {129_844}
    assert grams("F\u00f6rderung") == grams("forderung")


def test_numbers_are_told_by_their_length_alone() -> None:
    assert grams("12345") == grams("98765") != grams("123")


def test_weights_for_other_features_are_refused(tmp_path: Path) -> None:
    data = json.loads(WEIGHTS.read_text("utf-8"))
    data["grams"] = "eJwDAAAAAAE="
    other = tmp_path / "other.json"
    other.write_text(json.dumps(data), "utf-8")
    with pytest.raises(ValueError, match=r"other\.json"):
        Judge.load(other)


def test_a_judge_that_was_written_is_read_the_same(tmp_path: Path) -> None:
    judge().save(tmp_path / "copy.json", {})
    assert Judge.load(tmp_path / "copy.json") == judge()


def test_the_weights_are_small_and_tell_their_licences() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000
    assert json.loads(WEIGHTS.read_text("utf-8"))["about"]["licences"]


def test_flags_of_a_paper_are_known_to_the_judge() -> None:
    paper = f"{BODY}Acknowledgements\n\nWe thank the NSF for support.\n\nReferences\n\n[1] A."
    flags = {flag for unit in units(paper) for flag in unit.flags}
    assert flags <= set(judge().flags)


def test_a_page_is_judged_in_less_time_than_it_is_read() -> None:
    page = document(BODY)
    probability(page)
    started = time.process_time()
    probability(page)
    assert time.process_time() - started < 0.25
