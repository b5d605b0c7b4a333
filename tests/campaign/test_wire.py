"""What comes from outside: accepted exactly, or refused with the field's name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import BadInput
from campaign.wire import Customer, OrderUpdate, Purchase
from starter.inputs import parse_all

LINE = {"sku": "mug-1", "quantity": 2, "unit_price": "9.95"}
PURCHASE = {
    "order_id": "1001",
    "customer_id": "c-7",
    "placed_at": "2026-03-01T12:00:00-05:00",
    "currency": "USD",
    "total": "19.90",
    "lines": [LINE],
}
CONSENT = {"channel": "sms", "state": "granted", "source": "checkout", "at": "2026-03-01T12:00:00Z"}
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def refused(model: Any, data: Any) -> str:
    """The refusal of some data, as its sender reads it."""
    with pytest.raises(BadInput) as caught:
        parse_all(model, data, NOW)
    return str(caught.value)


def test_a_purchase_is_read_exactly() -> None:
    """Money stays decimal and times become UTC."""
    (purchase,) = parse_all(Purchase, PURCHASE)
    assert purchase.total == Decimal("19.90")
    assert purchase.placed_at.isoformat() == "2026-03-01T17:00:00+00:00"
    assert purchase.model_dump(mode="json")["total"] == "19.90"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"email": "ada@example.com"}, "email: unknown field"),
        ({"total": "-1.00"}, "total: must not be negative"),
        ({"total": 19.9}, "total: write the amount as a decimal string"),
        ({"total": "19.999"}, "total: has more than the 2 decimals of USD"),
        ({"total": "1e5"}, "total: write the amount as a decimal string"),
        ({"total": "NaN"}, "total: write the amount as a decimal string"),
        ({"currency": "USX"}, "currency: not an ISO 4217 currency code"),
        ({"currency": "usd"}, "currency: not an ISO 4217 currency code"),
        ({"placed_at": "2026-03-01T12:00:00"}, "placed_at: has no time zone"),
        ({"placed_at": "yesterday"}, "placed_at: is not a time"),
        ({"placed_at": 1772366400}, "placed_at: is not a time"),
        ({"placed_at": "1772366400"}, "placed_at: is not a time"),
        ({"placed_at": "2026-03-01"}, "placed_at: is not a time"),
        ({"placed_at": "0001-01-01T00:00:00Z"}, "placed_at: is out of range"),
        ({"placed_at": "0001-01-01T00:00:00+14:00"}, "placed_at: is out of range"),
        ({"placed_at": "9999-12-31T23:59:59-05:00"}, "placed_at: is out of range"),
        ({"placed_at": "2038-01-01T00:00:00Z"}, "placed_at: is more than two days in the future"),
        ({"order_id": ""}, "order_id: is too short"),
        ({"order_id": "x" * 101}, "order_id: is too long"),
        ({"order_id": "a\nb"}, "order_id: "),
        ({"customer_id": "ada@example.com"}, "customer_id: looks like an e-mail address"),
        ({"customer_id": "+12025550123"}, "customer_id: looks like an e-mail address or phone number"),
        ({"order_id": "(202) 555-0123"}, "order_id: looks like an e-mail address or phone number"),
        ({"lines": []}, "lines: has too few entries"),
        ({"lines": [LINE] * 1000}, "lines: has too many entries - it may have 500 at most"),
        ({"lines": [LINE, {**LINE, "quantity": 0}]}, "lines[1].quantity: is too small"),
        ({"lines": [{**LINE, "quantity": 1.5}]}, "lines[0].quantity: "),
        ({"lines": [{**LINE, "unit_price": "-2"}]}, "lines[0].unit_price: must not be negative"),
        ({"lines": [{**LINE, "name": "Mug"}]}, "lines[0].name: unknown field"),
    ],
)
def test_a_bad_purchase_is_refused_by_field(change: dict[str, Any], expected: str) -> None:
    """Each kind of bad input names its field and what to write instead."""
    assert expected in refused(Purchase, {**PURCHASE, **change})


def test_a_missing_field_is_named() -> None:
    """A field that was forgotten is named."""
    assert "lines: is missing" in refused(Purchase, {k: v for k, v in PURCHASE.items() if k != "lines"})


def test_all_mistakes_of_a_list_are_named() -> None:
    """One bad entry refuses the whole list, and every mistake says which entry it is in."""
    text = refused(Purchase, [PURCHASE, {**PURCHASE, "total": "-1"}, {**PURCHASE, "currency": "?"}])
    assert "[1]: total: must not be negative" in text
    assert "[2]: currency: not an ISO 4217" in text


def test_one_order_with_two_faces_is_refused() -> None:
    """The same order id with different data in one list is a mistake; an exact repeat is not."""
    assert "1001 stands twice" in refused(Purchase, [PURCHASE, {**PURCHASE, "total": "5.00"}])
    assert len(parse_all(Purchase, [PURCHASE, PURCHASE])) == 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"email": "not an address"}, "email: is not one e-mail address"),
        ({"email": "a@example.com, b@example.com"}, "email: is not one e-mail address"),
        ({"email": "zoë@example.com"}, 'email: has a part before the "@" that is not ASCII'),
        ({"email": "用户@müller.example"}, 'email: has a part before the "@" that is not ASCII'),
        ({"phone": "202-555-0123"}, "phone: is no phone number in E.164"),
        ({"phone": "+1202555012345678"}, "phone: is no phone number in E.164"),
        ({"time_zone": "Mars/Olympus"}, "time_zone: not an IANA time zone"),
        ({"country": "USA"}, "country: "),
        ({"preferred_channel": "fax"}, "preferred_channel: is not one of the possible values"),
        (
            {"consents": [{"channel": "sms", "state": "granted", "source": "checkout"}]},
            "consents[0].at: is missing",
        ),
        (
            {"consents": [{**CONSENT, "at": "9999-01-01T00:00:00Z"}]},
            "consents[0].at: is out of range",
        ),
        (
            {"consents": [CONSENT, {**CONSENT, "at": "2038-01-01T00:00:00Z"}]},
            "consents[1].at: is more than two days in the future",
        ),
        ({"birthday": "1990-01-01"}, "birthday: unknown field"),
    ],
)
def test_bad_contact_data_is_refused_by_field(change: dict[str, Any], expected: str) -> None:
    """Each kind of bad contact data names its field."""
    assert expected in refused(Customer, {"customer_id": "c-7", **change})


def test_a_refusal_never_repeats_the_value() -> None:
    """What was sent may be somebody's address: it is not echoed."""
    text = refused(Customer, {"customer_id": "c-7", "email": "ada lovelace@example", "phone": "12345"})
    assert "lovelace" not in text
    assert "12345" not in text


@pytest.mark.parametrize(
    "update", [{"status": "lost", "at": "2026-03-01T12:00:00Z"}, {"status": "processed"}, {}, 7]
)
def test_bad_news_is_refused(update: Any) -> None:
    """An unknown status or a missing time is refused."""
    assert refused(OrderUpdate, update)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.123456789Z",
        "2026-03-01 12:00+0000",
        "2026-03-01t12:00:00z",
    ],
)
def test_times_are_read_as_every_language_writes_them(text: str) -> None:
    """ISO 8601 with an offset, as Go, Java, JavaScript and Python print it."""
    (purchase,) = parse_all(Purchase, {**PURCHASE, "placed_at": text}, NOW)
    assert purchase.placed_at.replace(microsecond=0) == datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.datetimes(timezones=st.timezones()))
def test_no_time_breaks_the_reader(at: datetime) -> None:
    """Whatever the year and the offset: a time in UTC that is not of the future, or a refusal."""
    try:
        (purchase,) = parse_all(Purchase, {**PURCHASE, "placed_at": at.isoformat()}, NOW)
    except BadInput:
        return
    assert datetime(1970, 1, 1, tzinfo=UTC) <= purchase.placed_at <= NOW + timedelta(days=2)


LEAVES = st.none() | st.booleans() | st.floats() | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(JSON)
def test_no_json_breaks_the_reader(data: Any) -> None:
    """Whatever JSON comes, the answer is a purchase or a refusal, never another error."""
    for model in (Purchase, Customer):
        try:
            parse_all(model, data)
        except BadInput as error:
            assert error.problems  # noqa: PT017 - either outcome is right, but a refusal must say why
