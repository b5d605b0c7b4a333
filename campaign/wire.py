"""What crosses the boundary as JSON: purchases, order news, contact data, products.

Every model is strict: an unknown field, a float for money or a naive time is refused, with the
field's name. Identifiers must not be contact data, because they end up in Temporal's histories. Times are
ISO 8601 with an offset, from 1970 to 2099; those that must have passed are held against the clock by
`campaign.problems` where it is known.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from babel.core import get_global
from babel.numbers import get_currency_precision
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from campaign.identifiers import looks_like_contact_data
from campaign.problems import Form
from campaign.reasons import Channel

MAX_LINES = 500
MAX_QUANTITY = 1_000_000
# Read at import, with all of CLDR's global data: a workflow's sandbox may not open files.
_CURRENCIES = frozenset(get_global("all_currencies"))
# CLDR gives every country a zone but for the two where nobody lives, and adds some that are none.
_COUNTRIES = frozenset(get_global("zone_territories").values()) - {"ZZ", "001"} | {"BV", "HM", "XK"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?")
EARLIEST, TOO_LATE = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
AS_FORMERLY = {"as_formerly": True}
"""A validation context: accept identifiers and times that earlier versions accepted. For campaigns that
were started so, and only for those."""


class Wire(BaseModel):
    """Base of all that is read from outside: unknown fields are refused, values never echoed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _no_nul(cls, data: Any) -> Any:
        """Refuse NUL characters: PostgreSQL cannot keep them."""
        values = data.values() if isinstance(data, dict) else ()
        texts = [text for value in values for text in (value if isinstance(value, list) else [value])]
        if any(isinstance(text, str) and "\x00" in text for text in texts):
            msg = "a text has a NUL character: take it out"
            raise ValueError(msg)
        return data


class OrderStatus(StrEnum):
    """What becomes of an order after it was placed."""

    PROCESSED = "processed"
    FULFILLED = "fulfilled"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


def _formerly(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get("as_formerly"))


def _no_contact_data(value: str, info: ValidationInfo) -> str:
    """Refuse an e-mail address or phone number where an identifier is wanted.

    Raises:
        ValueError: the identifier looks like contact data.
    """
    if looks_like_contact_data(value) and not _formerly(info):
        msg = "looks like an e-mail address or phone number: use your shop's own id"
        raise ValueError(msg)
    return value


def _money(value: Any) -> Any:
    """Accept a decimal string only: a JSON float has lost cents before it gets here.

    Raises:
        ValueError: not a decimal string, negative, or absurdly large.
    """
    if isinstance(value, Decimal):
        amount = value
    elif isinstance(value, str) and re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", value):
        amount = Decimal(value)
    else:
        msg = 'write the amount as a decimal string, such as "19.90"'
        raise ValueError(msg)
    if not amount.is_finite() or amount < 0:
        msg = "must not be negative: write 0 or more"
        raise ValueError(msg)
    return amount


def _currency(value: str) -> str:
    """Refuse what is not a current or former ISO 4217 code (the list is CLDR's, by Babel).

    Raises:
        ValueError: no such currency.
    """
    if value not in _CURRENCIES:
        msg = 'not an ISO 4217 currency code: write three capitals, such as "USD"'
        raise ValueError(msg)
    return value


def _time_zone(value: str) -> str:
    """Refuse what is not an IANA zone.

    Raises:
        ValueError: no such zone.
    """
    if value not in _zones():
        msg = 'not an IANA time zone: write one such as "America/New_York"'
        raise ValueError(msg)
    ZoneInfo(value)
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _country(value: str) -> str:
    """Refuse what is no country in ISO 3166-1 (CLDR's list, by Babel).

    Raises:
        ValueError: no such country.
    """
    if value not in _COUNTRIES:
        msg = 'not a country of ISO 3166: write two capitals, such as "US"'
        raise ValueError(msg)
    return value


def _written_time(value: Any, info: ValidationInfo) -> Any:
    """Accept ISO 8601 only: a bare number may be seconds or milliseconds, of whatever epoch.

    Raises:
        ValueError: not written so.
    """
    if isinstance(value, datetime) or _formerly(info):
        return value
    if not (isinstance(value, str) and _TIME.fullmatch(value)):
        msg = 'is not a time: write one such as "2026-03-01T12:00:00Z"'
        raise ValueError(msg)
    return value


def _to_utc(value: datetime, info: ValidationInfo) -> datetime:
    """Return the time in UTC.

    Raises:
        ValueError: no business time: a placeholder such as year 1 or 9999.
    """
    try:
        at = value.astimezone(UTC)
    except OverflowError:
        at = None
    if at is None or not (EARLIEST <= at < TOO_LATE or _formerly(info)):
        msg = "is out of range: write the time at which it happened, from 1970 on"
        raise ValueError(msg)
    return at


def _write_money(value: Decimal) -> str:
    return f"{value:f}"


Id = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    Form(
        r"^[^\s\x00-\x1f\x7f](.*[^\s\x00-\x1f\x7f])?$",
        "write it on one line, without spaces at either end",
    ),
    AfterValidator(_no_contact_data),
]
Money = Annotated[
    Decimal,
    BeforeValidator(_money, json_schema_input_type=str),
    PlainSerializer(_write_money, return_type=str),
]
CurrencyCode = Annotated[str, AfterValidator(_currency)]
UtcTime = Annotated[
    AwareDatetime,
    BeforeValidator(_written_time, json_schema_input_type=AwareDatetime),
    AfterValidator(_to_utc),
]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Country = Annotated[str, AfterValidator(_country)]
Language = Annotated[
    str, Form(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", 'write a language tag such as "en" or "pt-BR"')
]
WebAddress = Annotated[
    str,
    StringConstraints(max_length=2_000),
    Form(r"^https?://\S+$", 'write an address such as "https://shop.com/mug"'),
]
Text = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]


class Line(Wire):
    """One order line. ``unit_price`` is in the purchase's currency."""

    sku: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]
    unit_price: Money


class Purchase(Wire):
    """The workflow's input: one order as it was placed. No name, e-mail or phone."""

    order_id: Id
    customer_id: Id
    placed_at: UtcTime
    currency: CurrencyCode
    total: Money
    lines: Annotated[list[Line], Field(min_length=1, max_length=MAX_LINES)]

    @model_validator(mode="after")
    def _total_fits_its_currency(self) -> Purchase:
        """Refuse more decimals than the currency has (CLDR's digits): a sign of a unit mix-up."""
        digits = get_currency_precision(self.currency)
        if self.total != round(self.total, digits):
            msg = f"total: has more than the {digits} decimals of {self.currency}"
            raise ValueError(msg)
        return self


class OrderUpdate(Wire):
    """Signal `order_updated`: what became of the order, and when (aware time)."""

    status: OrderStatus
    at: UtcTime


class Repurchase(Wire):
    """Signal `repurchased`: the newer order."""

    order_id: Id


class Stop(Wire):
    """Signal `stop`: why; a code of your own, no contact data."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_no_contact_data)]


class DeliveryFailure(Wire):
    """Signal `delivery_failed`: a message of that step was accepted, and then failed for good."""

    step: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class Consent(Wire):
    """One entry of the consent ledger. ``source`` says where it was given (``checkout``, ...).

    ``wording``: the words that were agreed to. ``confirmed``: the shop itself has had it confirmed from
    the address (double opt-in).
    """

    channel: Channel
    state: Literal["granted", "revoked"]
    source: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    at: UtcTime
    wording: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    confirmed: bool = False


def _phone(value: str) -> str:
    """Require E.164 with a length that its country's plan allows (libphonenumber's metadata).

    Raises:
        ValueError: not a possible number in E.164.
    """
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        number = None
    written = number and phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if number is None or written != value or not phonenumbers.is_possible_number(number):
        msg = 'write the number in E.164, such as "+12025550123"'
        raise ValueError(msg)
    return value


def _email(value: str) -> str:
    """Require one plain address (RFC 5322 by email-validator; no DNS look-up).

    Raises:
        ValueError: not an address.
    """
    try:
        found = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        msg = 'write one e-mail address, such as "ada@example.com"'
        raise ValueError(msg) from None
    if found.ascii_email is None:
        msg = 'write an address whose part before the "@" is ASCII: no mail can be sent to this one here'
        raise ValueError(msg)
    return found.normalized


class Contact(Wire):
    """Contact data of somebody. Fields left out keep what is known; null clears a field."""

    email: Annotated[str, AfterValidator(_email)] | None = None
    phone: Annotated[str, AfterValidator(_phone)] | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    language: Language | None = None
    country: Country | None = None
    region: Text | None = None
    postal_code: Text | None = None
    time_zone: TimeZone | None = None
    preferred_channel: Literal["email", "sms", "both"] | None = None
    tags: Annotated[list[Text], Field(max_length=100)] = []
    consents: Annotated[list[Consent], Field(max_length=1_000)] = []


class Customer(Contact):
    """Contact data of one customer."""

    customer_id: Id


class Product(Wire):
    """One catalogue entry, for links, best-sellers, what's new and cross-sell."""

    sku: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    name: Text
    url: WebAddress
    image_url: WebAddress | None = None
    price: Money
    currency: CurrencyCode
    category: Text | None = None
    added_at: UtcTime | None = None
    rating: Annotated[float, Field(ge=0, le=5)] | None = None
    review_count: Annotated[int, Field(ge=0)] = 0
    review_quote: Annotated[str, StringConstraints(max_length=500)] | None = None
