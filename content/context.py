"""What a template can see: frozen data, and nothing that can do anything.

Every text is made one line of visible characters, whoever wrote it: no name can add a line to a
header or a plain text, nor turn its neighbours' reading direction round.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from campaign.definition.colors import Colors

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
    """Who the message is from.

    ``language`` is what the shop writes in where there is nothing in the customer's; ``tone`` is ``formal``,
    ``informal``, or nothing: what each language's templates have.
    """

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
    language: str = "en"
    tone: str | None = None


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
    """One order line; of a product that the catalogue does not know, ``name`` is its sku.

    ``review_url`` is where this customer reviews this very product; none where there is nothing to request:
    it was reviewed, it came back, or the shop requests reviews itself. ``star_urls`` open the same page with
    one to five stars filled in; none where reviews are written in the shop.
    """

    quantity: int
    unit_price: Decimal
    review_url: str | None = None
    star_urls: list[str] = []


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
    """A product to show, and why: ``kind`` is a `campaign.catalogue.shelf.Kind`.

    ``goes_with``: of ``together``, the name of the customer's own product that it is often bought with.
    """

    url: str
    price: Decimal
    currency: str
    category: str | None = None
    kind: str = ""
    goes_with: str | None = None


class Offer(Seen):
    """An incentive.

    ``text`` fits into a sentence: ``20% off everything``. ``valid_until`` is shown in its own zone.
    ``apply_url`` fills the cart with the discount in one click; ``percent`` is what it takes off.
    """

    text: str
    code: str | None = None
    apply_url: str | None = None
    percent: Decimal | None = None
    valid_until: datetime | None = None
    terms: str | None = None


class Loyalty(Seen):
    """The customer's standing: the tier's title, and what the next one takes.

    ``next_tier`` comes with ``orders_missing`` or ``value_missing`` (in ``currency``): either is enough. Of a
    programme that is kept elsewhere neither is known. ``perks`` and ``next_perks`` fit into a sentence.
    """

    tier: str | None = None
    perks: str | None = None
    points: int | None = None
    next_tier: str | None = None
    next_perks: str | None = None
    orders_missing: int | None = None
    value_missing: Decimal | None = None
    currency: str = "USD"


class Quote(Seen):
    """What a customer has written of a product: published, recent, in the message's language.

    ``author`` is the name that the customer chose; none: no name. ``verified``: the shop knows the purchase.
    """

    text: str
    item: str
    rating: int
    author: str | None = None
    verified: bool = False


class ShopRating(Seen):
    """What all ratings of the shop's products come to, out of 5."""

    average: float
    count: int


class MessageContext(Seen):
    """Everything. Lists may be empty; ``unsubscribe_url`` and ``preferences_url`` may be missing.

    ``language`` is the customer's, with the country where formats differ there (``de-AT``).
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
    replenish: list[Product] = []
    recommended: list[Product] = []
    quotes: list[Quote] = []
    shop_rating: ShopRating | None = None
    loyalty: Loyalty | None = None
    language: str = "en"
    order_count: int = 1
    lifetime_value: Decimal = Decimal(0)
    currency: str = "USD"
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
