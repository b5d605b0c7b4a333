"""What a template can see: frozen data, and nothing that can do anything.

Every text is made one line of visible characters, whoever wrote it: no name can add a line to a
header or a plain text, nor turn its neighbours' reading direction round.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain, zip_longest
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from campaign import wire
from campaign.catalogue import Shelf
from campaign.customers.history import kept_orders, lifetime_value
from campaign.definition.colors import Colors
from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.facts import Facts, OrderLine, PastOrder

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
# Invisible: soft hyphen, zero-width spaces, bidirectional controls; and what is no XML: surrogates,
# non-characters. The joiners U+200C and U+200D stay: Persian and emoji are spelled with them.
_DROPPED = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


def one_line(text: str) -> str:
    """Return the text on one line, without invisible characters."""
    return " ".join(_CONTROLS.sub(" ", _DROPPED.sub("", text)).split())


class Seen(BaseModel):
    """Base of all that templates see."""

    model_config = ConfigDict(extra="forbid", frozen=True, revalidate_instances="always")

    @field_validator("*", mode="before")
    @classmethod
    def _one_line(cls, value: Any) -> Any:
        return one_line(value) if isinstance(value, str) else value


class Brand(Seen):
    """Who the message is from."""

    name: str
    url: str
    logo_url: str | None = None
    postal_address: str
    support_email: str
    unsubscribe_email: str
    sms_opt_out: str
    sms_plain_characters: bool = False
    review_url: str
    share_url: str
    loyalty_name: str
    loyalty_url: str
    colors: Colors = Colors()


class Customer(Seen):
    """Who it is to. A name may be missing."""

    first_name: str | None = None
    language: str | None = None


class Item(Seen):
    """Something sold, and what other customers say of it. ``rating`` is out of 5."""

    sku: str
    name: str
    url: str | None = None
    image_url: str | None = None
    rating: float | None = None
    review_count: int = 0
    review_quote: str | None = None


class Line(Item):
    """One order line; of a product that the catalogue does not know, ``name`` is its sku."""

    quantity: int
    unit_price: Decimal


class Order(Seen):
    """An order as it stands: without what came back, and ``total`` without what was given back.

    Money is in ``currency``; ``placed_at`` is shown in the zone that it is given in.
    """

    order_id: str
    placed_at: datetime
    currency: str
    total: Decimal
    lines: list[Line]


class Product(Item):
    """A product to show."""

    url: str
    price: Decimal
    currency: str
    category: str | None = None


class Offer(Seen):
    """An incentive.

    ``text`` fits into a sentence: ``20% off everything``. ``valid_until`` is shown in its own zone.
    """

    text: str
    code: str | None = None
    valid_until: datetime | None = None
    terms: str | None = None


class MessageContext(Seen):
    """Everything. Lists may be empty; ``unsubscribe_url`` and ``preferences_url`` may be missing.

    ``orders``: all that the message is about, oldest first, several for a step that joins them; ``order`` is
    the newest of these, and ``lines`` has the products of all of them, each once.
    """

    message_id: str
    step: str
    segment: str
    brand: Brand
    customer: Customer
    order: Order
    orders: list[Order]
    lines: list[Line]
    offer: Offer | None = None
    best_sellers: list[Product] = []
    whats_new: list[Product] = []
    cross_sell: list[Product] = []
    order_count: int = 1
    lifetime_value: Decimal = Decimal(0)
    currency: str = "USD"
    unsubscribe_url: str | None = None
    preferences_url: str | None = None


@dataclass(frozen=True)
class Recipient:
    """Who is written to, as templates may know it, and the pages that the message links to.

    ``message_id`` names the message to our own pages; a preview has none of them.
    """

    message_id: str = ""
    first_name: str | None = None
    language: str | None = None
    unsubscribe_url: str | None = None
    preferences_url: str | None = None


def build_context(
    definition: Definition,
    step: Step,
    segment: str,
    facts: Facts,
    now: datetime,
    *,
    about: Sequence[PastOrder],
    lines: Sequence[OrderLine],
    shelf: Shelf,
    recipient: Recipient,
) -> MessageContext:
    """Gather everything that a template can see, for a message or its preview.

    ``about``: the orders that the message is about, oldest first, at least one; ``lines`` are theirs,
    ``shelf`` what the catalogue has to show beside them. An offer's end is counted from ``now``.
    """
    orders = [_order(order, lines, shelf) for order in about]
    return MessageContext(
        message_id=recipient.message_id,
        step=step.name,
        segment=segment,
        brand=brand_of(definition),
        customer=Customer(first_name=recipient.first_name, language=recipient.language),
        order=orders[-1],
        orders=orders,
        lines=lines_of(orders),
        offer=_offer(definition, step, segment, now),
        best_sellers=_products(shelf.best_sellers),
        whats_new=_products(shelf.whats_new),
        cross_sell=_products(shelf.cross_sell),
        order_count=len(kept_orders(facts.orders)),
        lifetime_value=lifetime_value(facts.orders, facts.currency),
        currency=facts.currency,
        unsubscribe_url=recipient.unsubscribe_url,
        preferences_url=recipient.preferences_url,
    )


def brand_of(definition: Definition) -> Brand:
    """Return the brand as templates see it."""
    return Brand.model_validate(definition.brand.model_dump(include=set(Brand.model_fields)))


def lines_of(orders: Sequence[Order]) -> list[Line]:
    """Return the lines of all orders, a product once; first of each order its first: all are named."""
    found: dict[str, Line] = {}
    for line in chain.from_iterable(zip_longest(*(order.lines for order in orders))):
        if line is not None:
            before = found[line.sku].quantity if line.sku in found else 0
            found[line.sku] = line.model_copy(update={"quantity": before + line.quantity})
    return list(found.values())


def _order(order: PastOrder, lines: Sequence[OrderLine], shelf: Shelf) -> Order:
    """Show an order without what came back; with all of it where nothing else would be left to show."""
    mine = [line for line in lines if line.order_id == order.order_id]
    left = [(line, line.kept) for line in mine if line.kept] or [(line, line.quantity) for line in mine]
    return Order(
        order_id=order.order_id,
        placed_at=order.placed_at,
        currency=order.currency,
        total=order.value,
        lines=[_line(line, quantity, shelf.known.get(line.sku)) for line, quantity in left],
    )


def _line(line: OrderLine, quantity: int, product: wire.Product | None) -> Line:
    about = {name: getattr(product, name) for name in Item.model_fields} if product else {"name": line.sku}
    return Line(**about | {"sku": line.sku, "quantity": quantity, "unit_price": line.unit_price})


def _offer(definition: Definition, step: Step, segment: str, now: datetime) -> Offer | None:
    audience = step.audience(segment)
    offer = definition.offers.get(audience.offer) if audience and audience.offer else None
    if offer is None:
        return None
    until = now + offer.valid_for if offer.valid_for else None
    return Offer(code=offer.code, text=offer.text, valid_until=until, terms=offer.terms)


def _products(products: Sequence[wire.Product]) -> list[Product]:
    return [
        Product(**{name: getattr(product, name) for name in Product.model_fields}) for product in products
    ]
