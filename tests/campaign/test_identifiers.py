"""Which ids are taken for contact data, and which are a shop's own."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.fields.identifiers import looks_like_contact_data

SHOPS_OWN = [
    "1001",
    "#1001",
    "#1001-A",
    "5550123-45",
    "450789469",
    "2025550123",
    "12025550123",
    "5123456789012",
    "gid://shopify/Order/5123456789012",
    "wc_order_58d2d042d1d",
    "112-1234567-1234567",
    "12-12345-12345",
    "550e8400-e29b-41d4-a716-446655440000",
    "2026-000123",
    "2026.11.0042",
    "2026-11-25-0001",
    "20261125-1234-5678",
    "SO/2026/00123",
    "001/2026-55",
    "000123-01",
    "R-202-555-0123",
    "INV (2026) 17",
    "order 1001",
    "EU 2026/1001",
    "a+b-12345678",
    "6ba7b810+9dad11d1",
]
CONTACT_DATA = [
    "ada@example.com",
    "Ada Lovelace <ada@example.com>",
    "ada%40example.com",
    "ada\uff20example.com",
    "+12025550123",
    "+1 202 555 0123",
    "+1 (202) 555-0123",
    "(202) 555-0123",
    "(202)555-0123",
    "1 (202) 555-0123",
    "202-555-0123",
    "202.555.0123",
    "202 555 0123",
    "1-202-555-0123",
    "202\u2011555\u20110123",
    "tel: +49 30 1234567",
    "tel:+493012345678",
    "0171 1234567",
    "0151-23456789",
    "030/12345678",
    "06 12 34 56 78",
    "06.12.34.56.78",
    "090-1234-5678",
    "call (202) 555-0123",
]


@pytest.mark.parametrize("text", SHOPS_OWN)
def test_a_shops_own_ids_are_accepted(text: str) -> None:
    """Numbers, prefixed numbers, marketplaces' ids, UUIDs and global ids are nobody's phone number."""
    assert not looks_like_contact_data(text)


@pytest.mark.parametrize("text", CONTACT_DATA)
def test_contact_data_is_refused(text: str) -> None:
    """E-mail addresses and phone numbers are seen in the ways people write them."""
    assert looks_like_contact_data(text)


@given(
    st.integers(min_value=0, max_value=10**20), st.sampled_from(["", "#", "A", "order-", "gid://shop/Order/"])
)
def test_no_number_is_taken_for_a_phone(number: int, prefix: str) -> None:
    """Digits alone, with or without a shop's prefix, are always an id."""
    assert not looks_like_contact_data(f"{prefix}{number}")


@given(st.uuids())
def test_no_uuid_is_taken_for_a_phone(value: object) -> None:
    """Nor is a UUID, whatever its digits."""
    assert not looks_like_contact_data(str(value))


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_countrys_numbers_are_seen_in_international_form(region: str) -> None:
    """Whatever the country: E.164 and the international form are refused."""
    number = phonenumbers.example_number(region)
    assert number is not None
    forms = (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert all(looks_like_contact_data(phonenumbers.format_number(number, form)) for form in forms)
