"""Exports that are stopped, killed and resumed; the DOI of a paper; funding in existing XML."""

# ruff: noqa: E501
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.dois import find_doi, normalised
from models.schemas import Answer, Funder
from tests.formats import NSF, decide, decision, fingerprint, written
from workbench.exchange import writing
from workbench.exchange.formats import Unreadable
from workbench.exchange.patching import into_jats, patch_file
from workbench.exchange.writing import Spec, Stopped, Unfinished, export
from workbench.exports import open_format


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CHUNK", 3)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("name", ["gold", "csv", "datacite", "jats", "label_studio", "sft"])
@pytest.mark.parametrize("split", [0, 4])
def test_a_stopped_export_goes_on_without_loss_or_doubles(
    engine: Engine, tmp_path: Path, name: str, split: int
) -> None:
    decide(engine, *[NSF, Answer()] * 5)
    whole, torn = tmp_path / "whole" / "x", tmp_path / "torn" / "x"
    for path in (whole, torn):
        path.parent.mkdir()
    written(engine, name, whole, split=split)
    stops = 0
    while True:
        try:
            export(
                engine, open_format(name), Spec(name, split=split), torn,
                resume=stops > 0, should_stop=lambda: True, proof=False,
            )  # fmt: skip
            break
        except Stopped:
            stops += 1
            # What a kill leaves behind the last chunk, and a torn line of the journal.
            work = tmp_path / "torn" / "x.export"
            max(work.glob("part-*")).open("ab").write(b"torn bytes")
            (work / "journal.jsonl").open("ab").write(b'{"file": 1, "by')
            if stops == 1:
                decide(engine, NSF)
    assert stops == 3
    ours = sorted(p for p in whole.parent.rglob("*") if p.is_file())
    theirs = sorted(p for p in torn.parent.rglob("*") if p.is_file())
    assert [(p.name, fingerprint(p)) for p in ours] == [(p.name, fingerprint(p)) for p in theirs]


def test_a_killed_export_is_resumed_by_the_command(engine: Engine, tmp_path: Path) -> None:
    decide(engine, *[NSF] * 20)
    code = (
        "import sys; from pathlib import Path; from workbench.exchange import writing\n"
        "from workbench.exports import open_format; from db.engine import connect\n"
        "import os, signal\n"
        "writing.CHUNK = 4\n"
        "def kill(step, done, total):\n"
        "    if step == 'writing' and done >= 8: os.kill(os.getpid(), signal.SIGKILL)\n"
        "writing.export(connect(sys.argv[1]), open_format('gold'), writing.Spec('gold'),"
        " Path(sys.argv[2]), progress=kill)\n"
    )
    out = tmp_path / "out.jsonl"
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store.sqlite3"), str(out)], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    export(engine, open_format("gold"), Spec("gold"), out, resume=True)
    ids = [json.loads(line)["id"] for line in out.read_text("utf-8").splitlines()]
    assert ids == list(range(1, 21))
    assert not list(tmp_path.glob("*.export"))


def test_resuming_something_else_is_refused(engine: Engine, tmp_path: Path) -> None:
    decide(engine, *[NSF] * 2)
    out = tmp_path / "out"
    work = tmp_path / "out.export"
    work.mkdir()
    (work / "spec.json").write_text("{}")
    with pytest.raises(Unfinished, match="something else"):
        export(engine, open_format("gold"), Spec("gold"), out, resume=True)
    assert written(engine, "gold", out).written == 2


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc").exists(), reason="needs /proc")
def test_a_place_that_cannot_be_written_is_told(engine: Engine, tmp_path: Path) -> None:
    from models.errors import WorkbenchError

    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkbenchError, match="file"):
        written(engine, "gold", tmp_path / "file" / "out")


def test_a_wrong_file_is_seen_by_the_proof(engine: Engine, tmp_path: Path) -> None:
    from db.engine import reading
    from workbench.exchange.proof import prove

    decide(engine, NSF, NSF)
    written(engine, "gold", tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out").read_text("utf-8").splitlines()]
    rows[0]["funders"][0]["awards"][0]["award_ids"][0] = "CNS-0615444"
    (tmp_path / "out").write_text("".join(json.dumps(row) + "\n" for row in rows))
    of = open_format("gold")
    with reading(engine) as session:
        proof = prove(of, [tmp_path / "out"], of.records(session, None, 0), tmp_path / "none")
    assert (proof.fields["award_id"].lost, proof.fields["award_id"].added) == (1, 1)
    assert "'CNS-0615443'" in " ".join(proof.examples)


@pytest.mark.parametrize(
    ("name", "text", "doi"),
    [
        ("10.1371_journal.pone.0123456.pdf", "", "10.1371/journal.pone.0123456"),
        ("10.1016%2FS0140-6736(05)67889-0.pdf", "", "10.1016/s0140-6736(05)67889-0"),
        ("a.pdf", "https://doi.org/10.1371/journal.pone.0123456.", "10.1371/journal.pone.0123456"),
        ("a.pdf", "(doi: 10.1016/S0140-6736(05)67889-0).", "10.1016/s0140-6736(05)67889-0"),
        ("a.pdf", "see 10.5555/other, doi:10.1186/s12864-016-2345-6;", "10.1186/s12864-016-2345-6"),
        ("a.pdf", "bioRxiv preprint doi: https://doi.org/10.1101/2020.03.24.006262doi", "10.1101/2020.03.24.006262"),
        ("a.pdf", "DOI 10.1002/adfm.201902643 www.afm.de", "10.1002/adfm.201902643"),
        ("a.pdf", "https://doi.org/10.1371/ journal.pcbi.1004668", "10.1371/journal.pcbi.1004668"),
        ("a.pdf", "Funder: https://doi.org/10.13039/100000001", None),
        ("a.pdf", "Version 10.1 of 2020/21", None),
        ("paper 10.pdf", "No identifier at all.", None),
    ],
)  # fmt: skip
def test_the_doi_of_a_paper_is_found(name: str, text: str, doi: str | None) -> None:
    assert find_doi(name, text) == doi


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://doi.org/10.1234/ABC", "10.1234/abc"),
        ("doi:10.1234/abc ", "10.1234/abc"),
        ("10.1002/(SICI)1097-0258(19980815/30)17:15/16", "10.1002/(sici)1097-0258(19980815/30)17:15/16"),
        ("10.1234/<b>", None),
        ("journal.pone.0123456", None),
    ],
)  # fmt: skip
def test_a_doi_is_kept_in_one_way(given: str, kept: str | None) -> None:
    assert normalised(given) == kept


ARTICLE = (
    '<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE article PUBLIC "-//NLM//DTD JATS" "x.dtd"'
    ' [<!ENTITY house "Verlag">]>\n<?pi keep me?><!-- <funding-group> in a comment -->\n<article>'
    '<front><article-meta>\n  <article-id pub-id-type="doi">10.1234/paper.1</article-id>'
    "<title-group><article-title>Grün &house; &nbsp;&#x41; <![CDATA[<x>]]></article-title>"
    "</title-group>\r\n{old}<counts/></article-meta></front></article>\n<!-- end -->\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize("old", ["", "<funding-group><award-group/></funding-group>"])
def test_only_the_funding_of_an_article_changes(encoding: str, old: str) -> None:
    whole = ARTICLE.format(encoding=encoding, old=old).encode(encoding)
    answer = Answer(funders=(Funder(funder_name="国家 & Grün"),))
    patched = into_jats(whole, decision(1, answer)).decode(encoding)
    before, rest = patched.split("<funding-group><award-group><funding-source>")
    inside, after = rest.split("</funding-group>")
    assert before + after == ARTICLE.format(encoding=encoding, old="")
    assert "&amp; Grün" in inside
    assert into_jats(patched.encode(encoding), decision(1, answer)).decode(encoding) == patched


def test_a_deposit_gets_the_funding_of_each_doi(engine: Engine, tmp_path: Path) -> None:
    from db.engine import reading
    from db.gold import decided

    decide(engine, NSF)
    with reading(engine) as session:
        (record,) = decided(session)
    article = (
        "<journal_article><titles><title>T</title></titles><publication_date><year>2026</year>"
        "</publication_date>{}<doi_data><doi>{}</doi></doi_data></journal_article>"
    )
    text = f'<d xmlns="x">{article.format("", record.doi)}{article.format("", "10.1234/none")}</d>'
    (tmp_path / "in.xml").write_text(text)
    done = patch_file(engine, "crossref", tmp_path / "in.xml", tmp_path / "out.xml")
    assert (done.patched, done.untouched) == ([record.doi], ["10.1234/none"])
    made = (tmp_path / "out.xml").read_text()
    assert "</publication_date><fr:program" in made
    assert made.count("fr:program") == 2


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><article/>',
        "<article>" + "<p>" * 1_000,
        "<article><p></article>",
    ],
)
def test_hostile_xml_is_not_patched(text: str) -> None:
    with pytest.raises(Unreadable):
        into_jats(text.encode(), decision(1, NSF))
