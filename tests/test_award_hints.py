"""Hints at award ids: whose form it is, whose it is not, and wrong check digits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.linking.awards import (
    LONGEST,
    Form,
    canonical,
    fits,
    form_of,
    forms,
    hint,
    hints,
    looks_like,
    plain,
)
from models.linking.ids import ror_id
from models.schemas import Award, Funder, Link

FORMS = pytest.mark.parametrize("form", forms(), ids=lambda form: form.name)
DFG = Link(ror="https://ror.org/018mejw64", name="Deutsche Forschungsgemeinschaft")


class TestTheForms:
    @FORMS
    def test_each_has_an_example_that_is_its_own(self, form: Form) -> None:
        assert fits(form, form.example)
        assert looks_like(form.example) == form

    @FORMS
    def test_each_is_found_by_name_and_by_link(self, form: Form) -> None:
        assert form_of(form.name) == form
        for ror in form.rors:
            assert ror_id(ror) == ror
            assert form_of("whatever", Link(ror=ror)) == form

    def test_no_two_claim_one_organisation_or_name(self) -> None:
        for of in (lambda form: form.rors, lambda form: form.keys):
            claimed = [each for form in forms() for each in of(form)]
            assert len(claimed) == len(set(claimed))

    @FORMS
    def test_no_pattern_repeats_what_repeats(self, form: Form) -> None:
        for pattern in (*form.own, *form.fits):
            assert not re.search(r"[*+]|\{\d*,\}", pattern.pattern)

    @pytest.mark.parametrize("char", "A1-/ _.0PÀ\u200b")
    def test_a_long_text_is_no_id_and_is_done_with_at_once(self, char: str) -> None:
        text = char * 200_000
        assert looks_like(text) is None
        assert hint("NIH", None, text) is None
        assert len(plain(text)) <= 4 * LONGEST


class TestHints:
    @pytest.mark.parametrize(
        ("funder", "award_id", "kind", "looks"),
        [
            ("NIH", "R01 GM123456", "fits", "NIH"),
            ("National Institutes of Health (NIH)", "1R01GM123456-01A1", "fits", "NIH"),
            ("NIH", "No. R01-GM-123456", "fits", "NIH"),
            ("DFG", "BO 1234/5\u20131", "fits", "DFG"),
            ("DFG", "ANR-20-CE40-0001", "other", "ANR"),
            ("Agence Nationale de la Recherche", "R01GM123456", "other", "NIH"),
            (None, "EP/V013068/1", "other", "UK research councils"),
            ("CNPq", "303456/2019-1", "fits", "CNPq"),
            ("CNPq", "303456/2019-2", "check", "CNPq"),
            ("NRF (Korea)", "NRF-2016M3A9A5919255", "fits", "NRF (Korea)"),
        ],
    )  # fmt: skip
    def test_a_form_tells(self, funder: str | None, award_id: str, kind: str, looks: str) -> None:
        found = hint(funder, None, award_id)
        assert found is not None
        assert (found.kind, found.looks_like) == (kind, looks)

    @pytest.mark.parametrize(
        ("funder", "award_id"),
        [
            ("DFG", "some words"),
            ("Moss Foundation", "ANR-20-CE40-0001"),
            (None, "123456"),
            ("NIH", ""),
        ],
    )
    def test_where_nothing_is_known_nothing_is_said(
        self, funder: str | None, award_id: str
    ) -> None:
        assert hint(funder, None, award_id) is None

    def test_the_link_tells_more_than_the_name(self) -> None:
        found = hint("the agency", DFG, "ANR-20-CE40-0001")
        assert found and (found.kind, found.funder) == ("other", "DFG")

    def test_a_wrong_digit_is_told_with_the_right_one(self) -> None:
        found = hint("CNPq", None, "303456/2019-7")
        assert found and found.expected == "1"

    @pytest.mark.parametrize("published", ["141996/2012-9", "143379/2009-7", "300436/2010-6"])
    def test_published_numbers_have_the_right_digit(self, published: str) -> None:
        found = hint("CNPq", None, published)
        assert found and found.kind == "fits"

    def test_pointers_lead_to_the_ids(self) -> None:
        funders = (
            Funder(funder_name="X", awards=(Award(award_ids=("a",)),)),
            Funder(funder_name="DFG", awards=(Award(), Award(award_ids=("b", "ANR-20-CE40-0001")))),
        )
        assert [path for path, _ in hints(funders)] == ["/1/awards/1/award_ids/1"]


class TestOneAwardTwice:
    def said(self, *ids: str) -> list[tuple[str, str]]:
        awards = tuple(Award(award_ids=(each,)) for each in ids)
        found = hints((Funder(funder_name="NIH", awards=awards),))
        return [(hint.kind, hint.expected) for _, hint in found]

    def test_another_spelling_of_an_award_is_told_with_the_first(self) -> None:
        assert self.said("R01 GM123456", "R01-GM-123456", "R01GM123456") == [
            ("fits", ""),
            ("same", "R01 GM123456"),
            ("same", "R01 GM123456"),
        ]

    def test_siblings_that_differ_in_a_digit_are_no_such_pair(self) -> None:
        assert [kind for kind, _ in self.said("R01GM123456", "R01GM123457")] == ["fits", "fits"]

    def test_two_funders_may_each_name_it(self) -> None:
        award = Award(award_ids=("R01GM123456",))
        funders = [Funder(funder_name=name, awards=(award,)) for name in ("NIH", "NIGMS")]
        assert [hint.kind for _, hint in hints(funders)] == ["fits", "fits"]


class TestTheCanonicalForm:
    def test_optional_separators_are_no_difference(self) -> None:
        (nih,) = [form for form in forms() if form.name == "NIH"]
        assert canonical(nih, "R01 GM-123456") == canonical(nih, "r01gm123456")

    @FORMS
    @given(st.data())
    def test_siblings_that_differ_in_a_digit_are_two_awards(
        self, form: Form, data: st.DataObject
    ) -> None:
        places = [i for i, char in enumerate(form.example) if char.isdigit()]
        at = data.draw(st.sampled_from(places))
        digit = data.draw(st.sampled_from([d for d in "0123456789" if d != form.example[at]]))
        sibling = form.example[:at] + digit + form.example[at + 1 :]
        assert canonical(form, sibling) != canonical(form, form.example)

    @given(st.text(max_size=200))
    def test_any_text_has_a_hint_or_none(self, text: str) -> None:
        for funder in ("NIH", None, text):
            found = hint(funder, None, text)
            assert found is None or found.kind in ("fits", "other", "check")
