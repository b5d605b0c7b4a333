"""What a template can see: frozen data, and nothing that can do anything."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class Seen(BaseModel):
    """Base of all that templates see."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(Seen):
    """Who the message is from."""

    name: str
    url: str
    logo_url: str | None = None
    postal_address: str
    support_email: str
    unsubscribe_email: str
    sms_opt_out: str
    review_url: str
    share_url: str
    loyalty_name: str
    loyalty_url: str


class Customer(Seen):
    """Who it is to. A name may be missing."""

    first_name: str | None = None
    language: str | None = None


class About(Seen):
    """What other customers say of a product."""

    rating: float | None = None
    review_count: int = 0
    review_quote: str | None = None


class Line(About):
    """One order line; of a product that the catalogue does not know, ``name`` is its sku."""

    sku: str
    name: str
    url: str | None = None
    image_url: str | None = None
    quantity: int
    unit_price: Decimal


class Order(Seen):
    """The order. Money is in ``currency``."""

    order_id: str
    placed_at: datetime
    currency: str
    total: Decimal
    lines: list[Line]


class Product(About):
    """A product to show."""

    sku: str
    name: str
    url: str
    image_url: str | None = None
    price: Decimal
    currency: str
    category: str | None = None


class Offer(Seen):
    """An incentive."""

    text: str
    code: str | None = None
    valid_until: datetime | None = None
    terms: str | None = None


class MessageContext(Seen):
    """Everything. Lists may be empty; ``unsubscribe_url`` and ``preferences_url`` may be missing."""

    message_id: str
    step: str
    segment: str
    brand: Brand
    customer: Customer
    order: Order
    offer: Offer | None = None
    best_sellers: list[Product] = []
    whats_new: list[Product] = []
    cross_sell: list[Product] = []
    order_count: int = 1
    lifetime_value: Decimal = Decimal(0)
    currency: str = "USD"
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
