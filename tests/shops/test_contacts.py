"""Contact data as people type it: put in normal form, or kept as it was given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.reasons import Channel
from shops.contacts import contact_of, country_of, email_of, language_of, phone_of


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("(202) 555-0123", "US", "+12025550123"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("+49 (0)151 23456789", None, "+4915123456789"),
        ("0151/23456789", "DE", "+4915123456789"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("phone: +1 (202) 555-0123", None, "+12025550123"),
        (2025550123, "US", "+12025550123"),
        ("5551234", "US", None),  # no area code
        ("0049 151 2345678", "US", None),  # not how the US dials abroad
        ("(202) 555-0123 ext. 7", "US", None),
        ("0151 23456789; 030 123456", "DE", None),
        ("call me after 5", "US", None),
        ("202 555 0123", None, None),
        ("", "US", None),
        (None, "US", None),
        (True, "US", None),
        ({"number": 1}, "US", None),
    ],
)
def test_a_phone_number_is_read_by_its_countrys_plan(
    written: object, country: str | None, expected: str | None
) -> None:
    """What is no number that can be texted, or could be a stranger's, is none."""
    assert phone_of(written, country) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (" Ada@Example.com ", "Ada@example.com"),
        ("ada@exämple.de", "ada@exämple.de"),
        ("ada@example", None),
        ("ada@example.com, bob@example.com", None),
        ("deleted@site.invalid", None),
        ("ädä@example.com", None),
        ("a" * 400 + "@example.com", None),
        (7, None),
    ],
)
def test_an_email_address_is_one_or_is_none(written: object, expected: str | None) -> None:
    """Addresses are accepted by the same rule as everywhere else."""
    assert email_of(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("us", "US"),
        ("United States", "US"),
        ("Germany", "DE"),
        ("ZZ", None),
        ("Atlantis", None),
        (None, None),
    ],
)
def test_countries_by_code_or_name(written: object, expected: str | None) -> None:
    """Both stand in the files that shops export."""
    assert country_of(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("pt_BR", "pt-BR"),
        ("EN", "en"),
        ("de-de", "de-DE"),
        ("zh_Hans_CN", "zh-Hans-CN"),
        ("german", None),
        ("", None),
    ],
)
def test_languages_as_shops_write_them(written: object, expected: str | None) -> None:
    """A tag, however it is spelled."""
    assert language_of(written) == expected


def test_only_what_is_given_becomes_a_field() -> None:
    """An empty text is nothing, and keeps what is known."""
    contact = contact_of(
        emails=[None, ""], phones=["  "], first_name="", last_name=" Love\tlace ", region=None
    )
    assert contact.fields == {"last_name": "Love lace"}
    assert contact.unreachable == {}
    assert contact.address is None


def test_the_first_address_that_can_be_used_is_taken() -> None:
    """A bad one does not hide a good one after it."""
    contact = contact_of(emails=["nobody", "ada@example.com"], phones=["x", "202 555 0123"], country="US")
    assert (contact.fields["email"], contact.fields["phone"]) == ("ada@example.com", "+12025550123")
    assert contact.unreachable == {}


def test_a_bad_address_is_kept_as_it_was_given() -> None:
    """Its channel is unreachable, and the rest holds."""
    contact = contact_of(emails=["ada@"], phones=["call me"], country="US", default_country="DE")
    customer = contact.of_customer("7", tags=["vip"])
    assert customer.unreachable == {Channel.EMAIL: "ada@", Channel.SMS: "call me"}
    assert customer.customer.model_fields_set == {"customer_id", "country", "tags"}


@pytest.mark.parametrize(
    ("emails", "phones", "expected"),
    [
        (["Ada@EXÄMPLE.de"], ["202 555 0123"], "email:ada@xn--exmple-cua.de"),
        (["nobody"], ["202 555 0123"], "sms:+12025550123"),
        ([], [], None),
    ],
)
def test_a_guest_is_known_by_an_address_in_normal_form(
    emails: list[str], phones: list[str], expected: str | None
) -> None:
    """However it is spelled, it is one person's."""
    assert contact_of(emails=emails, phones=phones, default_country="US").address == expected


@given(
    value=st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.floats(),
    country=st.sampled_from(["US", "DE", None]),
)
def test_nothing_that_is_typed_breaks_it(value: object, country: str | None) -> None:
    """Whatever a field holds, there is contact data or none, and a customer can be made of it."""
    contact = contact_of(
        emails=[value],
        phones=[value],
        country=value,
        default_country=country,
        language=value,
        first_name=value,
    )
    assert contact.of_customer("7").customer.customer_id == "7"
