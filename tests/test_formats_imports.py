"""What comes back in: new, known, changed, in conflict; other models' words; hostile files."""

# ruff: noqa: E501
from __future__ import annotations

import json
from pathlib import Path

import pytest

from db import store
from db.engine import reading, writing
from db.gold import decided
from models.schemas import Answer, Award, Funder
from tests.formats import NSF, RORS, decide, written
from tests.stores import said, save
from workbench import imports
from workbench.context import Context, Settings
from workbench.exchange.identifiers import link_of
from workbench.exports import formats
from workbench.imports.applying import Report, Wish

PAPERS = [name for name, of in formats().items() if not of.is_rows]
WITH_TEXT = ["gold", "parquet", "csv", "jats", "label_studio", "argilla"]


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(Settings(home=tmp_path / "home"))


def load(ctx: Context, path: Path, **wish: object) -> Report:
    return imports.load(ctx, path, Wish(**wish))  # type: ignore[arg-type]


def golds(ctx: Context) -> list[Answer]:
    with reading(ctx.engine) as session:
        return [record.answer for record in decided(session)]


@pytest.mark.parametrize("name", PAPERS)
def test_an_export_is_told_by_its_beginning_and_known_where_it_came_from(
    ctx: Context, tmp_path: Path, name: str
) -> None:
    decide(ctx.engine, NSF)
    out = tmp_path / f"out.{formats()[name].suffix}"
    written(ctx.engine, name, out)
    assert imports.detect(out) == name
    report = load(ctx, out)
    assert (report.errors, report.unmatched, report.documents, report.gold) == ([], [], 0, 0)
    lossy = name in (
        "crossref",
        "crossref_rest",
        "datacite",
        "datacite_xml",
        "openalex",
        "enrichment",
    )
    assert (report.known, len(report.conflicts)) == ((0, 1) if lossy else (1, 0))


@pytest.mark.parametrize("name", [name for name in PAPERS if name != "parquet"])
def test_a_ror_id_with_wrong_check_digits_is_told(ctx: Context, tmp_path: Path, name: str) -> None:
    decide(ctx.engine, NSF)
    out = tmp_path / f"out.{formats()[name].suffix}"
    written(ctx.engine, name, out)
    wrong = RORS[0][:-2] + "99"
    told = out.read_bytes().replace(RORS[0].encode(), wrong.encode())
    assert wrong.encode() in told
    out.write_bytes(told)
    report = load(ctx, out, overwrite=True)
    of_papers = name in ("gold", "label_studio", "argilla")
    told, other = (
        (report.errors, report.left_out) if of_papers else (report.left_out, report.errors)
    )
    assert (len(told), other) == (1, []) and wrong in told[0]
    assert not [
        link for answer in golds(ctx) for link in answer.links if link and link.ror == wrong
    ]


@pytest.mark.parametrize("name", WITH_TEXT)
def test_an_export_makes_the_papers_of_another_store(
    ctx: Context, tmp_path: Path, name: str
) -> None:
    decide(ctx.engine, NSF, Answer())
    out = tmp_path / "out"
    written(ctx.engine, name, out)
    other = Context(Settings(home=tmp_path / "other"))
    report = load(other, out)
    assert (report.documents, report.new, report.errors) == (1, 1, [])
    assert len(report.unmatched) == 1
    (answer,) = golds(other)
    assert answer.funders[1] == NSF.funders[1]
    assert answer.links[0] and answer.links[0].method == "import"
    again = load(other, out)
    assert (again.documents, again.gold, again.known) == (0, 0, 1)


def test_an_import_never_overrides_a_curator(ctx: Context, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    line = {"id": "a", "statement": "Funded by the DFG."}
    source.write_text(json.dumps({**line, "funders": [{"funder_name": "DFG"}]}))
    assert load(ctx, source).new == 1
    source.write_text(json.dumps({**line, "funders": [{"funder_name": "the DFG"}]}))
    assert load(ctx, source).changed == 1
    with writing(ctx.engine) as session:
        save(session, 1, "corrected", answer=said("Deutsche Forschungsgemeinschaft"))
    report = load(ctx, source)
    assert (report.gold, len(report.conflicts)) == (0, 1)
    assert "decided otherwise by ada" in report.conflicts[0]
    assert golds(ctx)[0].funders[0].funder_name == "Deutsche Forschungsgemeinschaft"
    assert load(ctx, source, overwrite=True).changed == 1
    assert golds(ctx)[0].funders[0].funder_name == "the DFG"


@pytest.mark.parametrize("verdict", ["skipped", "flagged"])
def test_what_a_curator_set_aside_is_no_ones_to_fill(
    ctx: Context, tmp_path: Path, verdict: str
) -> None:
    source = tmp_path / "in.jsonl"
    line = {"id": "a", "statement": "Funded by the DFG."}
    source.write_text(json.dumps(line))
    load(ctx, source)
    with writing(ctx.engine) as session:
        save(session, 1, verdict)
    source.write_text(json.dumps({**line, "funders": [{"funder_name": "DFG"}]}))
    assert len(load(ctx, source).conflicts) == 1
    assert golds(ctx) == []


def test_a_deposit_fills_the_funders_of_a_known_doi(ctx: Context, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    text = {"doi": "10.1234/X", "statement": "Funded by the DFG (1)."}
    source.write_text(json.dumps(text))
    load(ctx, source)
    work = {"DOI": "10.1234/x", "funder": [{"name": "DFG", "award": ["1"], "DOI": "10.13039/1"}]}
    nameless = {
        "DOI": "10.1234/y",
        "funder": [{"id": [{"id-type": "ROR", "id": "https://ror.org/018mejw64"}]}],
    }
    source.write_text(json.dumps(work) + "\n" + json.dumps(nameless))
    report = load(ctx, source)
    assert (report.new, len(report.unmatched), report.errors) == (1, 1, [])
    (answer,) = golds(ctx)
    assert answer.funders == (Funder(funder_name="DFG", awards=(Award(award_ids=("1",)),)),)
    assert answer.links[0] and answer.links[0].funder_id == "10.13039/1"


WRONG = "https://ror.org/018mejw65"  # ends in 64


def test_a_ror_id_with_wrong_check_digits_comes_in_nowhere(ctx: Context, tmp_path: Path) -> None:
    source = tmp_path / "gold.jsonl"
    decide(ctx.engine, NSF)
    written(ctx.engine, "gold", source)
    row = json.loads(source.read_text())
    row["links"] = [{"ror": WRONG}] + [None] * (len(row["funders"]) - 1)
    source.write_text(json.dumps(row))
    (error,) = load(ctx, source).errors
    assert f"{WRONG} is no ROR id: its check digits are wrong" in str(error)
    assert link_of(ror=WRONG) is None
    found = link_of(ror=WRONG.replace("65", "64"))
    assert found and found.ror == "https://ror.org/018mejw64"


ARTICLE = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS" "JATS.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><journal-meta/><article-meta>
<article-id pub-id-type="doi">10.1234/J</article-id><title-group><article-title>On <italic>moss</italic>
</article-title></title-group><funding-group><award-group><funding-source>Moss Trust
<named-content content-type="funder-id">x</named-content></funding-source><award-id>M-1</award-id></award-group>
<award-group><funding-source><institution-wrap><institution>DFG</institution>
<institution-id institution-id-type="FundRef">http://dx.doi.org/10.13039/501100001659</institution-id>
</institution-wrap></funding-source></award-group></funding-group></article-meta></front>
<body><sec><title>Results</title><p>Moss
grows.</p></sec></body><back><ack><title>Acknowledgements</title><p>Thanks.</p></ack>
<sec sec-type="funding"><title>Funding</title><p>Paid by the DFG.</p></sec></back></article>"""


def test_an_article_in_jats_is_a_paper_with_gold(ctx: Context, tmp_path: Path) -> None:
    source = tmp_path / "a.xml"
    source.write_text(ARTICLE)
    report = load(ctx, source)
    assert (report.documents, report.new, report.errors) == (1, 1, [])
    with reading(ctx.engine) as session:
        (record,) = decided(session)
        text = store.document(session, record.sha256).text
    assert record.doi == "10.1234/j"
    assert "On moss" in text
    assert "Moss grows." in text
    assert record.answer.funders[1].funder_name == "DFG"
    assert record.answer.funders[0].awards == (Award(award_ids=("M-1",)),)
    assert record.answer.links[1] and record.answer.links[1].funder_id == "10.13039/501100001659"
    assert [s.text for s in record.answer.statements] == ["Paid by the DFG."]
    assert record.answer.statements[0].alignment == "exact"


TEI = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt>
<funder ref="#f1"><orgName type="full">National Science Foundation</orgName>
<orgName type="abbreviated">NSF</orgName></funder><funder><orgName type="full">Wellcome</orgName></funder>
</titleStmt><sourceDesc><biblStruct><idno type="DOI">10.1234/t</idno></biblStruct></sourceDesc>
</fileDesc></teiHeader><text><back><div type="funding"><p>Paid by the National Science Foundation
(CNS-1) and Wellcome.</p></div><listOrg type="funding"><org type="funding" xml:id="f1">
<idno type="grant-number">CNS-1</idno><orgName type="program">CAREER</orgName></org>
<org type="funding" xml:id="f2"><idno type="grant-number">Z-9</idno></org></listOrg></back></text></TEI>"""


def test_what_grobid_found_is_its_proposal(ctx: Context, tmp_path: Path) -> None:
    source = tmp_path / "paper.tei.xml"
    source.write_text(TEI)
    report = load(ctx, source, what="proposals")
    assert (report.documents, report.proposals, report.gold) == (1, 1, 0)
    with reading(ctx.engine) as session:
        found = store.newest_proposal(session, 1)
    assert found is not None
    assert found.proposal.card.model == "grobid"
    assert found.proposal.funders == (
        Funder(
            funder_name="National Science Foundation",
            awards=(Award(award_ids=("CNS-1",), funding_scheme=("CAREER",)),),
        ),
        Funder(funder_name="Wellcome"),
        Funder(awards=(Award(award_ids=("Z-9",)),)),
    )
    assert {field.alignment for field in found.proposal.fields} == {"exact", "absent"}
    assert load(ctx, source, what="proposals").known == 1


def test_proposals_carry_the_name_of_their_model(ctx: Context, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    line = {"id": "a", "statement": "Funded by the DFG.", "funders": [{"funder_name": "DFG"}]}
    source.write_text(json.dumps(line))
    for model in ("one", "two"):
        assert load(ctx, source, what="proposals", model=model).proposals == 1
    with reading(ctx.engine) as session:
        newest = store.newest_proposal(session, 1)
    assert newest and newest.proposal.card.model == "two"
    assert golds(ctx) == []


LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "laughs": f'<!DOCTYPE article [<!ENTITY l0 "lol">{LOL}]><article><front><article-meta>&l9;</article-meta></front></article>',
    "outside": '<!DOCTYPE article [<!ENTITY x SYSTEM "file:///etc/passwd">]><article><front><article-meta><title-group>&x;</title-group></article-meta></front></article>',
    "network": '<!DOCTYPE article [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd">%x;]><article><body><p>x</p></body></article>',
    "deep": "<article>" + "<sec>" * 5_000 + "</sec>" * 5_000 + "</article>",
    "torn": "<article><front>",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("root", ["article", "TEI", "doi_batch", "resource"])
def test_hostile_xml_is_refused_with_a_sentence(
    ctx: Context, tmp_path: Path, kind: str, root: str
) -> None:
    source = tmp_path / "a.xml"
    source.write_text(
        HOSTILE[kind].replace("article>", f"{root}>").replace("DOCTYPE article", f"DOCTYPE {root}")
    )
    report = load(ctx, source)
    assert len(report.errors) == 1
    assert "root:" not in str(report)
    assert golds(ctx) == []


def test_names_are_never_paths(ctx: Context, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": "../../../../tmp/evil", "statement": "Funded by the DFG."}))
    load(ctx, source)
    made = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not [path for path in made if "evil" in path.name]
    decide(ctx.engine, NSF)
    out = tmp_path / "folder"
    written(ctx.engine, "jats", out, split=1)
    assert [path.name for path in out.iterdir()] == ["folder-00001.xml"]


def test_bad_lines_lose_no_others(ctx: Context, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    good = json.dumps({"statement": "Funded by the DFG.", "funders": [{"funder_name": "DFG"}]})
    bad = ["{", "[1]", '{"statement": 5}', '{"statement": "x", "funders": [{"funder_name": 3}]}']
    source.write_text("\n".join([*bad, good]))
    report = load(ctx, source)
    assert (report.new, len(report.errors)) == (1, 4)


def test_a_file_of_no_known_kind_is_told(tmp_path: Path) -> None:
    from models.errors import WorkbenchError

    source = tmp_path / "a.bin"
    source.write_bytes(b"<html><body>login</body></html>")
    with pytest.raises(WorkbenchError, match="Say it"):
        imports.detect(source)
