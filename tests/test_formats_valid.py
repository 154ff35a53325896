"""Exports stand before the validators of the field, whatever was decided."""

from __future__ import annotations

import importlib.util
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.schemas import Answer
from tests.formats import AWKWARD, NSF, answers, decision
from workbench.exchange.formats import Unfit
from workbench.exchange.patching import into_jats
from workbench.exports import open_format
from workbench.exports.crossref import program
from workbench.exports.enrichment import Enrichment

SOME = st.lists(answers(), min_size=1, max_size=5)
pytestmark = pytest.mark.slow


def package(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        pytest.fail(f"{name} is not installed: `make test` does it")
    return Path(spec.submodule_search_locations[0])


def xsds() -> Path:
    return package("commonmeta") / "resources" / "crossref"


@cache
def crossref_schema() -> Any:
    import xmlschema

    here = xsds()

    def mapped(uri: str) -> str:
        name = uri.rsplit("/", 1)[-1]
        known = next((path for path in here.rglob(name)), None)
        return known.as_uri() if known and uri.startswith("http") else uri

    return xmlschema.XMLSchema11(
        str(here / "crossref5.5.0.xsd"), uri_mapper=mapped, allow="local", validation="lax"
    )


@cache
def jats_schema() -> Any:
    from lxml import etree

    return etree.XMLSchema(file=str(xsds() / "JATS-journalpublishing1-3d2-mathml3.xsd"))


DEPOSIT = """<doi_batch version="5.5.0" xmlns="http://www.crossref.org/schema/5.5.0">
<head><doi_batch_id>batch</doi_batch_id><timestamp>20260101000000</timestamp><depositor>
<depositor_name>n</depositor_name><email_address>a@example.org</email_address></depositor>
<registrant>r</registrant></head><body><journal><journal_metadata><full_title>J</full_title>
<doi_data><doi>10.1234/j</doi><resource>https://example.org</resource></doi_data>
</journal_metadata>{}</journal></body></doi_batch>"""
ARTICLE = """<journal_article><titles><title>T</title></titles><publication_date><year>2026</year>
</publication_date>{}<doi_data><doi>10.1234/a.{}</doi><resource>https://example.org</resource>
</doi_data></journal_article>"""
JATS = """<article xmlns="http://www.ncbi.nlm.nih.gov/JATS1" article-type="research-article">
<front><journal-meta><journal-id journal-id-type="x">j</journal-id><issn>1234-5678</issn>
</journal-meta><article-meta><article-id pub-id-type="doi">10.1234/a</article-id><title-group>
<article-title>T</article-title></title-group><pub-date><year>2026</year></pub-date>
<custom-meta-group><custom-meta><meta-name>n</meta-name><meta-value>v</meta-value></custom-meta>
</custom-meta-group></article-meta></front></article>"""


def deposit(given: list[Answer]) -> str:
    articles = []
    for number, answer in enumerate(given, 1):
        try:
            articles.append(ARTICLE.format(program(decision(number, answer)), number))
        except Unfit:
            continue
    return DEPOSIT.format("".join(articles))


def crossref_errors(text: str) -> list[str]:
    return [str(error.reason) for error in crossref_schema().iter_errors(io.StringIO(text))]


def test_the_funding_of_a_deposit_is_valid_crossref() -> None:
    assert crossref_errors(deposit([NSF])) == []
    wrong = deposit([NSF]).replace('name="ror"', 'name="rorr"')
    assert crossref_errors(wrong) != []
    assert crossref_errors(deposit([NSF]).replace("fundref.xsd", "fundingdata5.5.0.xsd")) != []


@settings(max_examples=30)
@given(answered=SOME)
def test_any_funding_is_valid_crossref(answered: list[Answer]) -> None:
    assert crossref_errors(deposit(answered)) == []


@settings(max_examples=50)
@given(answer=answers())
def test_any_funding_put_into_an_article_is_valid_jats(answer: Answer) -> None:
    from lxml import etree

    whole = into_jats(JATS.encode(), decision(1, answer))
    schema = jats_schema()
    assert schema.validate(etree.fromstring(whole)), schema.error_log


def test_five_hundred_funders_are_valid_everywhere() -> None:
    import jsonschema
    from lxml import etree

    funder = NSF.funders[0]
    many = tuple(
        funder.model_copy(update={"funder_name": f"{AWKWARD[n % len(AWKWARD)].strip()} {n}"})
        for n in range(500)
    )
    answer = Answer(statements=NSF.statements, funders=many, links=(NSF.links[0],) * 500)
    assert crossref_errors(deposit([answer])) == []
    whole = into_jats(JATS.encode(), decision(1, answer))
    assert jats_schema().validate(etree.fromstring(whole))
    row = json.loads(open_format("datacite").write(decision(1, answer)))
    assert len(row["fundingReferences"]) == 1_500
    jsonschema.Draft7Validator(datacite_part()).validate(row["fundingReferences"])
    for line in Enrichment().write(decision(1, answer)).splitlines():
        jsonschema.Draft7Validator(ENRICHMENT).validate(json.loads(line))


def datacite_part() -> dict[str, Any]:
    schema = json.loads((package("datacite") / "schemas" / "datacite-v4.5.json").read_text())
    return {**schema["properties"]["fundingReferences"], "definitions": schema["definitions"]}


def test_the_jats_schema_refuses_what_is_wrong() -> None:
    from lxml import etree

    bad = into_jats(JATS.encode(), decision(1, NSF)).replace(b"award-id>", b"award-number>")
    assert not jats_schema().validate(etree.fromstring(bad))


@given(answer=answers())
def test_any_references_are_valid_datacite(answer: Answer) -> None:
    import jsonschema

    part = datacite_part()
    of = open_format("datacite")
    try:
        row = json.loads(of.write(decision(1, answer)))
    except Unfit:
        return
    jsonschema.Draft7Validator(part).validate(row["fundingReferences"])
    assert row["fundingReferences"]


@given(answer=answers())
def test_any_enrichment_is_valid(answer: Answer) -> None:
    import jsonschema

    check = jsonschema.Draft7Validator(ENRICHMENT)
    of = Enrichment()
    try:
        lines = of.write(decision(1, answer)).splitlines()
    except Unfit:
        return
    for line in lines:
        row = json.loads(line)
        check.validate(row)
        with pytest.raises(jsonschema.ValidationError):
            check.validate({**row, "confidence": 0.9})


def _closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


WORD = {"type": "string"}
ENRICHMENT = _closed(
    ["doi", "contributors", "resources", "action", "field", "enrichedValue"],
    doi=WORD,
    contributors={
        "type": "array",
        "minItems": 1,
        "items": _closed(
            ["name", "contributorType"],
            name=WORD,
            nameType={"enum": ["Organizational", "Personal"]},
            contributorType={"enum": ["DataCurator", "Producer", "Other"]},
        ),
    },
    resources={
        "type": "array",
        "minItems": 1,
        "items": _closed(
            ["relatedIdentifier", "relationType", "relatedIdentifierType"],
            relatedIdentifier=WORD,
            relationType={"enum": ["IsDerivedFrom", "IsCompiledBy"]},
            relatedIdentifierType={"enum": ["URN", "URL", "DOI"]},
        ),
    },
    action={"const": "insert"},
    field={"const": "fundingReferences"},
    enrichedValue={"type": "object", "required": ["funderName"]},
)
"""What cometadata's input schema asks of an insertion, as far as an export uses it: narrower than
that schema, so that what passes here passes there."""


@pytest.mark.parametrize("name", ["crossref", "jats", "datacite_xml"])
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answered=SOME)
def test_xml_holds_values_and_never_markup_of_theirs(name: str, answered: list[Answer]) -> None:
    from lxml import etree

    of = open_format(name)
    bodies = []
    for number, answer in enumerate(answered, 1):
        try:
            bodies.append(of.write(decision(number, answer)))
        except Unfit:
            continue
    root = etree.fromstring(of.head() + b"".join(bodies) + of.tail())
    assert not root.xpath("//*[local-name()='script']")
    assert not list(root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity))


@given(answer=answers())
def test_label_studio_spans_say_what_stands_there(answer: Answer) -> None:
    row = json.loads(open_format("label_studio").write(decision(1, answer)))
    text = row["data"]["text"]
    ids = set()
    for result in row["annotations"][0]["result"]:
        if result["type"] == "labels":
            value = result["value"]
            assert text[value["start"] : value["end"]] == value["text"]
            assert result["id"] not in ids
            ids.add(result["id"])
        elif result["type"] == "relation":
            assert {result["from_id"], result["to_id"]} <= ids
