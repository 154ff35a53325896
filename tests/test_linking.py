"""An index made of a dump, ids with check digits, and names linked to organisations."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.linking import linker
from models.linking.context import Context
from models.linking.dump import Refused, UnusableDump, organisations
from models.linking.funders import Funders, open_funders
from models.linking.ids import check_digits, funder_id, ror_id
from models.linking.index import NoIndex, build, status
from models.linking.linker import automatic, candidates
from models.linking.names import bare_key, countries_in, name_key, parts
from tests import ror as w

STATIC = Path(__file__).parent.parent / "workbench" / "static"
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
STEMS = st.text(BASE32, min_size=6, max_size=6).map("0{}".format)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return w.world_index(tmp_path_factory.mktemp("world"))


@pytest.fixture
def funders(index: Path) -> Iterator[Funders]:
    with open_funders(index) as opened:
        yield opened


class TestIds:
    @pytest.mark.parametrize(
        "known", ["https://ror.org/021nxhr62", "https://ror.org/00k4n6c32", "ror.org/018mejw64"]
    )
    def test_ids_of_the_registry_pass(self, known: str) -> None:
        assert ror_id(known) == "https://ror.org/" + known[-9:]

    @given(STEMS)
    def test_check_digits_make_an_id(self, stem: str) -> None:
        assert ror_id(stem + check_digits(stem)) == f"https://ror.org/{stem}{check_digits(stem)}"

    @given(STEMS, st.integers(1, 8), st.data())
    def test_one_wrong_character_never_passes(
        self, stem: str, at: int, data: st.DataObject
    ) -> None:
        whole = stem + check_digits(stem)
        letters = "0123456789" if at > 6 else BASE32
        wrong = data.draw(st.sampled_from([c for c in letters if c != whole[at]]))
        assert ror_id(whole[:at] + wrong + whole[at + 1 :]) is None

    @given(STEMS, st.integers(1, 5))
    def test_two_swapped_characters_never_pass(self, stem: str, at: int) -> None:
        swapped = stem[:at] + stem[at + 1] + stem[at] + stem[at + 2 :]
        if swapped != stem:
            assert ror_id(swapped + check_digits(stem)) is None

    @given(st.text(max_size=60))
    def test_any_text_is_an_id_or_none(self, text: str) -> None:
        found = ror_id(text)
        assert found is None or found[16:] in text.lower()

    @pytest.mark.parametrize(
        "written", ["10.13039/100000001", "https://doi.org/10.13039/100000001", "100000001"]
    )
    def test_funder_ids_become_dois(self, written: str) -> None:
        assert funder_id(written) == "10.13039/100000001"

    @pytest.mark.parametrize("wrong", ["", "10", "10.1000/100000001", "0", "abc", "1" * 40])
    def test_other_dois_are_no_funder_ids(self, wrong: str) -> None:
        assert funder_id(wrong) is None


class TestNames:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("The Wellcome Trust", "wellcome trust"),
            ("Centre for R&D", "Center for R and D"),
            ("U.S. Department of Energy", "United States Department of Energy"),
            ("Crohn\u2019s and Colitis Canada", "Crohn's and Colitis Canada"),
            ("Coordenação de Aperfeiçoamento", "Coordenacao de Aperfeicoamento"),
            ("N.I.H.", "NIH"),
            ("Celgene Corporation", "Celgene"),
        ],
    )
    def test_spellings_of_one_name_are_one(self, one: str, other: str) -> None:
        assert name_key(one) == name_key(other)

    def test_a_country_is_taken_out_of_a_name(self) -> None:
        assert bare_key(name_key("Ministry of Education of China")) == ("ministry education", "CN")
        assert bare_key("china") == ("china", None)

    def test_a_pronoun_is_no_country(self) -> None:
        assert [code for _, code in countries_in("They helped us in the US.")] == ["US"]

    def test_a_name_is_taken_apart(self) -> None:
        taken = parts("National Research Foundation (NRF), Korea")
        assert taken.acronyms == ("NRF",)
        assert taken.segments == ("National Research Foundation", "Korea")

    @given(st.text(max_size=300))
    def test_any_name_has_a_key(self, text: str) -> None:
        key = name_key(text)
        assert key == " ".join(key.split())
        parts(text)


class TestTheIndex:
    def test_it_tells_what_it_was_made_of(self, index: Path) -> None:
        told = status(index)
        assert told.version == "v1.99-2026-01-01"
        assert told.organisations == len(w.world())
        assert told.refused == 0
        assert told.not_active == 2

    def test_an_id_with_a_wrong_digit_is_told_and_not_taken(self, tmp_path: Path) -> None:
        wrong = w.NSF[:-1] + str((int(w.NSF[-1]) + 1) % 10)
        rows = [w.org(wrong, "A", "US"), w.org(w.DFG, "B", "DE")]
        (tmp_path / "d.json").write_text(json.dumps(rows))
        told = build(tmp_path / "d.json", tmp_path / "i")
        assert (told.organisations, told.refused) == (1, 1)
        assert wrong in told.refused_examples[0]

    @pytest.mark.parametrize("form", ["json", "jsonl", "gz", "zip", "folder", "one", "marked"])
    def test_every_form_of_a_dump_gives_the_same(self, tmp_path: Path, form: str) -> None:
        rows = w.world()
        text = json.dumps(rows, indent=2)
        lines = "\n".join(map(json.dumps, rows))
        path = tmp_path / f"dump.{form}"
        if form == "json":
            path.write_text(text)
        elif form == "marked":
            path = tmp_path / "dump.json"
            path.write_text(text, "utf-8-sig")
        elif form == "jsonl":
            path.write_text(lines)
        elif form == "gz":
            path = tmp_path / "dump.jsonl.gz"
            path.write_bytes(gzip.compress(lines.encode()))
        elif form == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("v1.1-ror-data.json", "[]")
                archive.writestr("v1.1-ror-data_schema_v2.json", text)
        else:
            path.mkdir()
            for row in rows:
                indent = 2 if form == "folder" else None
                (path / f"{row['id'][-9:]}.json").write_text(json.dumps(row, indent=indent))
        assert {each.ror for each in organisations(path, Refused())} == {r["id"] for r in rows}

    def test_of_two_records_of_one_organisation_the_newer_counts(self, tmp_path: Path) -> None:
        rows = [
            w.org(w.DFG, "New name", "DE", changed="2025-01-01"),
            w.org(w.DFG, "Old name", "DE", changed="2020-01-01"),
        ]
        (tmp_path / "d.json").write_text(json.dumps(rows))
        build(tmp_path / "d.json", tmp_path / "i")
        with open_funders(tmp_path / "i") as funders:
            org = funders.by_ror(w.DFG)
            assert org and org.name == "New name"
            assert not funders.by_key("old name")

    @pytest.mark.parametrize("damage", ["cut", "empty", "none", "v1", "text"])
    def test_a_dump_that_cannot_be_used_leaves_the_old_index(
        self, tmp_path: Path, damage: str
    ) -> None:
        index = w.world_index(tmp_path)
        before = index.read_bytes()
        dump = tmp_path / "bad.json"
        text = {
            "cut": json.dumps(w.world())[:-40],
            "empty": "",
            "none": "[]",
            "v1": json.dumps([{"id": w.NSF, "name": "NSF"}]),
            "text": "no dump at all",
        }[damage]
        dump.write_text(text)
        with pytest.raises(UnusableDump) as caught:
            build(dump, index)
        assert caught.value.hint
        assert index.read_bytes() == before
        assert not list(tmp_path.glob("*.part"))

    def test_a_cut_archive_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "d.jsonl.gz"
        path.write_bytes(gzip.compress(json.dumps(w.world()[0]).encode() * 500)[:-20])
        with pytest.raises(UnusableDump, match="cannot be read"):
            build(path, tmp_path / "i")

    @pytest.mark.parametrize("content", [None, b"text", b""])
    def test_what_is_no_index_is_told_with_the_command_that_makes_one(
        self, tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "funders.sqlite3"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(NoIndex, match="workbench funders update"), open_funders(path):
            pass

    def test_an_index_of_another_version_is_not_read(self, tmp_path: Path) -> None:
        path = w.world_index(tmp_path)
        with sqlite3.connect(path) as old:
            old.execute("UPDATE meta SET value = '0' WHERE key = 'schema'")
        with pytest.raises(NoIndex, match="another version"), open_funders(path):
            pass

    def test_a_reader_goes_on_while_a_new_index_takes_its_place(self, tmp_path: Path) -> None:
        path = w.world_index(tmp_path)
        with open_funders(path) as old:
            (tmp_path / "d.json").write_text(json.dumps([w.org(w.ANR, "Only one", "FR")]))
            build(tmp_path / "d.json", path)
            assert old.by_ror(w.DFG)
        with open_funders(path) as new:
            assert new.by_ror(w.DFG) is None

    def test_a_mapping_adds_funder_ids_and_works(self, funders: Funders) -> None:
        (found,) = funders.by_funder_id("https://doi.org/10.13039/100000002")
        assert (found.ror, found.works) == (w.NIH, 380_000)


class TestSearch:
    @pytest.mark.parametrize(
        ("typed", "first"),
        [
            ("nat sci fou", w.NSF),
            ("deut", w.DFG),
            ("oslo univ", w.OSLO),
            ("NIAID", w.NIAID),
            (w.ANR, w.ANR),
            ("10.13039/501100001659", w.DFG),
            ("Deutsche Forschungsgemeinschafft", w.DFG),
        ],
    )
    def test_what_is_typed_finds_it(self, funders: Funders, typed: str, first: str) -> None:
        assert funders.search(typed)[0].org.ror == first

    def test_a_country_narrows_it(self, funders: Funders) -> None:
        found = funders.search("Ministry of Education", country="LV")
        assert [hit.org.ror for hit in found] == [w.MOE["LV"]]

    @pytest.mark.parametrize("typed", ["", " ", "x", '"', 'a" OR b', "NOT *", "(", "日", "\x00"])
    def test_anything_may_be_typed(self, funders: Funders, typed: str) -> None:
        assert isinstance(funders.search(typed), list)


def top(funders: Funders, name: str, statement: str = "") -> tuple[str | None, str]:
    """What is linked without a person, and all reasons of the first candidate."""
    found = candidates(funders, name, Context(statement))
    sure = automatic(found)
    return sure.ror if sure else None, " | ".join(found[0].reasons) if found else ""


class TestTheLinker:
    @pytest.mark.parametrize(
        ("name", "ror", "reason"),
        [
            ("Deutsche Forschungsgemeinschaft", w.DFG, "exact"),
            ("German Research Foundation", w.DFG, "alias"),
            ("DFG", w.DFG, "acronym"),
            ("German Research Foundation (DFG)", w.DFG, "acronym agrees"),
            ("Deutsche Forschungs gemeinschaft", w.DFG, "exact"),
            ("NSF", w.NSF, "prior works"),
            ("Swiss NSF", w.SNSF, "country in the name"),
            ("Childrens Reserch Fund of Oslo", w.KIDS, "fuzzy"),
            ("Swamp Research Council", w.NEW, "follows Swamp Research Council"),
            ("Peat Board of Ireland", w.GONE, "exact"),
            ("Department of Biology, University of Oslo", w.OSLO, "a unit of it"),
            ("NIAID, National Institutes of Health", w.NIAID, "parent named"),
            ("Ministry of Education of Latvia", w.MOE["LV"], "country in the name"),
        ],
    )
    def test_a_name_is_linked_and_says_why(
        self, funders: Funders, name: str, ror: str, reason: str
    ) -> None:
        linked, reasons = top(funders, name)
        assert linked == ror
        assert reason in reasons

    @pytest.mark.parametrize(
        "name",
        [
            "Ministry of Education",
            "Green Trust",
            "Japan Society of Rivers",
            "Moss Foundation",
            "my own money",
            "",
        ],
    )
    def test_what_nobody_can_know_is_left_to_a_person(self, funders: Funders, name: str) -> None:
        assert top(funders, name)[0] is None

    @pytest.mark.parametrize(
        ("statement", "country"),
        [
            ("Funded by the Ministry of Education, Latvia (12).", "LV"),
            ("Funded by the Korean Ministry of Education.", "KR"),
            ("We thank the Ministry of Education. Work was done in Saudi Arabia.", "SA"),
        ],
    )
    def test_the_statement_tells_a_generic_name_apart(
        self, funders: Funders, statement: str, country: str
    ) -> None:
        linked, reasons = top(funders, "Ministry of Education", statement)
        assert linked == w.MOE[country]
        assert "country" in reasons

    @pytest.mark.parametrize(
        ("name", "statement", "linked"),
        [
            ("NIH", "Supported by NIH and DBT, Government of India.", w.NIH),
            ("NIH/NICHD", "Supported by NIH/NICHD and DBT, Government of India.", w.NIH),
            ("NIH", "Work was done in Roorkee, India. Supported by the NIH.", w.NIH),
            ("Indian NIH", "", w.WATER),
            ("NIH (Roorkee, India)", "", w.WATER),
            ("NIH", "Supported by NIH, India.", None),
        ],
    )
    def test_an_acronym_of_a_small_body_needs_its_country_in_the_name(
        self, funders: Funders, name: str, statement: str, linked: str | None
    ) -> None:
        assert top(funders, name, statement)[0] == linked

    def test_a_country_in_the_text_tells_acronyms_of_like_weight_apart(
        self, funders: Funders
    ) -> None:
        linked, reasons = top(funders, "NSF", "Work was done in Switzerland. Funded by the NSF.")
        assert (linked, "country in the text" in reasons) == (w.SNSF, True)

    def test_a_parent_among_the_other_funders_tells_one_name_apart(self, funders: Funders) -> None:
        beside = ("Moss Board of Canada",)
        found = candidates(funders, "Green Trust", Context("", beside))
        assert automatic(found) is None
        found = candidates(funders, "Marsh Office", Context("", beside))
        assert (found[0].ror, found[0].reasons) == (w.MARSH_CA, ("exact", "parent in the text"))
        assert automatic(found)
        assert automatic(candidates(funders, "Marsh Office")) is None
        both = (*beside, "Reed Board of Australia")
        assert automatic(candidates(funders, "Marsh Office", Context("", both))) is None

    def test_two_countries_tell_nothing(self, funders: Funders) -> None:
        statement = "In Latvia and South Korea. We thank the Ministry of Education."
        assert top(funders, "Ministry of Education", statement)[0] is None

    def test_a_programme_is_linked_by_a_rule_that_is_named(self, funders: Funders) -> None:
        linked, reasons = top(
            funders, "European Union's Horizon 2020 research and innovation programme"
        )
        assert linked == w.EC
        assert reasons == "rule: programme of the European Union"

    def test_each_reason_has_a_text(self) -> None:
        source = (Path(linker.__file__)).read_text("utf-8")
        places = r'(?:reasons\.append\(|reasons, |\d, |= \[)f?"([a-z][^"{(]*?) ?["{(]'
        said = set(re.findall(places, source))
        page = (STATIC / "cockpit" / "link-reasons.js").read_text("utf-8")
        assert {"prior works", "several of this name", "parent in the text"} < said
        assert len(said) >= 12
        assert [each for each in sorted(said) if each not in page] == []

    def test_all_of_one_name_are_offered(self, funders: Funders) -> None:
        found = candidates(funders, "Ministry of Education")
        assert {each.country for each in found} == {"KR", "SA", "LV"}

    @given(st.text(max_size=120), st.text(max_size=200))
    def test_any_text_gives_scores_in_order(self, index: Path, name: str, around: str) -> None:
        with open_funders(index) as funders:
            scores = [each.score for each in candidates(funders, name, Context(around))]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
