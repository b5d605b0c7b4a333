"""What crosses the boundary as JSON: purchases, order news, contact data, products.

Every model is strict: an unknown field, a float for money or a naive time is refused, with the
field's name. Identifiers must not be contact data, because they end up in Temporal's histories. Times are
ISO 8601 with an offset, from 1970 to 2099; those that must have passed are held against the clock by
`campaign.problems` where it is known.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from babel.numbers import get_currency_precision
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from campaign.fields.contact import Email, Phone
from campaign.fields.identifiers import Id, no_contact_data
from campaign.fields.money import CurrencyCode, Money
from campaign.fields.places import Country, Language, TimeZone
from campaign.fields.texts import Text, WebAddress
from campaign.fields.times import UtcTime
from campaign.reasons import Channel

MAX_LINES = 500
MAX_POINTS = 2**31 - 1
MAX_QUANTITY = 1_000_000
MAX_LASTS_DAYS = 3_650
MAX_CODES = 20


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


LOST = (OrderStatus.CANCELLED, OrderStatus.REFUNDED)
"""An order of which this is reported is none any more."""


class Line(Wire):
    """One order line. ``unit_price`` is in the purchase's currency."""

    sku: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]
    unit_price: Money


class DiscountCode(Wire):
    """A code that an order was placed with. ``amount``: what it took off, in the order's currency."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    amount: Money | None = None


def _codes(values: Any) -> Any:
    """Accept a code alone where its amount is not known."""
    if not isinstance(values, list):
        return values
    return [{"code": value} if isinstance(value, str) else value for value in values]


class Purchase(Wire):
    """The workflow's input: one order as it was placed. No name, e-mail or phone.

    ``renewal``: a subscription's next period. It ends older campaigns as any purchase does, and is not
    thanked for. ``discount_codes``: what the order was placed with; a coupon among them is redeemed. They are
    read, and never written into a history.
    """

    order_id: Id
    customer_id: Id
    placed_at: UtcTime
    currency: CurrencyCode
    total: Money
    lines: Annotated[list[Line], Field(min_length=1, max_length=MAX_LINES)]
    renewal: bool = False
    discount_codes: Annotated[
        list[DiscountCode], BeforeValidator(_codes), Field(max_length=MAX_CODES, exclude=True)
    ] = []

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


class ReturnedLine(Wire):
    """How much of a product came back."""

    sku: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]


class Refund(Wire):
    """Money given back for an order, in its currency, and what came back for it.

    ``refund_id`` is the shop's own, so that a refund reported twice counts once. Refunds that add up to the
    order's total are the status `OrderStatus.REFUNDED`. ``currency``, where it is given, must be the order's.
    """

    refund_id: Id
    at: UtcTime
    amount: Money
    currency: CurrencyCode | None = None
    lines: Annotated[list[ReturnedLine], Field(max_length=MAX_LINES)] = []


class Repurchase(Wire):
    """Signal `repurchased`: the newer order."""

    order_id: Id


class Stop(Wire):
    """Signal `stop`: why; a code of your own, no contact data."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(no_contact_data)]


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


class Contact(Wire):
    """Contact data of somebody. Fields left out keep what is known; null clears a field."""

    email: Email | None = None
    phone: Phone | None = None
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


class LoyaltyReport(Wire):
    """A standing in a loyalty programme that is kept elsewhere; both null: the customer has left it.

    ``at``: since when it stands so; an older report than the one that is known changes nothing.
    """

    tier: Annotated[Text, StringConstraints(min_length=1, max_length=40)] | None = None
    points: Annotated[int, Field(ge=0, le=MAX_POINTS)] | None = None
    at: UtcTime | None = None


class LoyaltyStanding(LoyaltyReport):
    """One customer's standing."""

    customer_id: Id


class Product(Wire):
    """One catalogue entry, for links and recommendations.

    ``lasts_days``: how long one lasts, of what is used up; ``consumable`` marks what is, where nobody knows
    how long. ``parent``: what the variants of one product share. ``recommend`` false: what is on no list,
    such as a spare part; a gift card is on none anyway.
    """

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
    lasts_days: Annotated[int, Field(ge=1, le=MAX_LASTS_DAYS)] | None = None
    consumable: bool = False
    parent: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    recommend: bool = True
