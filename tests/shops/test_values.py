"""Single values as shop systems write them."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import BadInput
from shops.values import amount_of, currency_of, identifier_of, in_currency, read_object, text_of


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("19.90", Decimal("19.90")),
        (" -10.00 ", Decimal("-10.00")),
        (19, Decimal(19)),
        (0.1, Decimal("0.1")),
        (Decimal("1e2"), Decimal(100)),
        ("1,234.00", None),
        ("", None),
        ("NaN", None),
        ("1e99", None),
        (True, None),
        (["1"], None),
    ],
)
def test_amounts(written: object, expected: Decimal | None) -> None:
    """A text or a number, exactly; what is neither is none."""
    assert amount_of(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (9007199254740993, "9007199254740993"),
        ("gid://shopify/Order/1", "gid://shopify/Order/1"),
        (0, None),
        ("0", None),
        (" ", None),
        (1.5, None),
        ("x" * 101, None),
        (None, None),
    ],
)
def test_ids(written: object, expected: str | None) -> None:
    """Beyond 2^53 too; 0 is how WooCommerce writes that there is none."""
    assert identifier_of(written) == expected


def test_texts_are_on_one_line_and_cut() -> None:
    """Control characters and lone surrogates cannot be kept by PostgreSQL."""
    assert text_of(" a\x00b\ud800\n\tc ") == "ab c"
    assert text_of("x" * 300) == "x" * 200


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [("1.005", "USD", "1.01"), ("1.5", "JPY", "2"), ("1.0005", "KWD", "1.001")],
)
def test_amounts_have_their_currencys_decimals(amount: str, currency: str, expected: str) -> None:
    """Halves go up."""
    assert str(in_currency(Decimal(amount), currency)) == expected


def test_currencies() -> None:
    """In any case; what is none is the shop's own."""
    assert (currency_of("eur"), currency_of("", "USD"), currency_of("XYZ")) == ("EUR", "USD", None)


def test_amounts_in_a_body_stay_exact() -> None:
    """A float would have lost cents."""
    assert read_object(b'\xef\xbb\xbf{"total": 0.1}') == {"total": Decimal("0.1")}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b'"a"',
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a": ' + b"1" * 5_000 + b"}",
        b'{"a": 1e9999999999999999999}',
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    """With one error, that repeats nothing of it."""
    with pytest.raises(BadInput, match=r"^body: is not"):
        read_object(body)


@given(st.binary())
def test_no_body_breaks_it(body: bytes) -> None:
    """Whatever comes is an object or bad input."""
    with contextlib.suppress(BadInput):
        assert isinstance(read_object(body), dict)
