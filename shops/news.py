"""What a shop system reports, in our words, whichever system it is: the mirror image of `channels.protocol`.

A folder's functions turn one webhook body or one row of an export file into `ShopNews`; `intake` applies it
in one transaction. Contact data comes normalised: an address that cannot be written to is in
`ShopCustomer.unreachable` as it was given, and the channel has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from campaign.reasons import Channel
from campaign.reviews.imported import ImportedReview
from campaign.wire import Customer, OrderUpdate, Product, Purchase, Refund


class Ignored(StrEnum):
    """Why something that a shop reports changes nothing. Each is a row of the docs' tables."""

    NOT_PAID = "not_paid"
    TEST = "test"
    DRAFT = "draft"
    WHOLESALE = "wholesale"
    ZERO_VALUE = "zero_value"
    NO_CUSTOMER = "no_customer"  # neither an account nor an address
    NO_LINES = "no_lines"
    TOPIC = "topic"  # a topic that nothing is done for
    PING = "ping"
    STATUS = "status"  # a status that means nothing here


@dataclass(frozen=True)
class Policy:
    """Which orders start a campaign, by the shop's settings. Tags are compared in lower case."""

    test_orders: bool = False
    draft_orders: bool = False
    zero_value_orders: bool = False
    wholesale_tags: frozenset[str] = frozenset({"wholesale", "b2b"})


@dataclass(frozen=True)
class ShopCustomer:
    """Contact data, with what of it could not be used: by channel, as it was given.

    ``changed_at``: the shop's time of this version; None for that of the order it came with.
    """

    customer: Customer
    unreachable: Mapping[Channel, str] = field(default_factory=lambda: MappingProxyType({}))
    changed_at: datetime | None = None


@dataclass(frozen=True)
class ShopOrder:
    """One order. ``starts``: it is paid, and its campaign begins; else ``ignored`` says why it does not.

    ``changed_at``: the shop's time of this version; one older than what is known is not applied.
    """

    purchase: Purchase
    starts: bool
    changed_at: datetime
    ignored: Ignored | None = None


@dataclass(frozen=True)
class StockLevel:
    """How much of an inventory item is available at one location; several items and places make a product."""

    item: str
    location: str
    available: int
    at: datetime


@dataclass(frozen=True)
class ShopProduct:
    """A catalogue entry. ``item``: its inventory item; ``available``: None where the shop does not say."""

    product: Product
    item: str | None = None
    available: bool | None = None


class PrivacyRequest(StrEnum):
    """What the law lets a person, or a shop, request."""

    EXPORT = "export"
    ERASE = "erase"
    ERASE_SHOP = "erase_shop"


@dataclass(frozen=True)
class PersonRequest:
    """A request about one person, by whatever the shop knows of them; about a whole shop: all are None."""

    kind: PrivacyRequest
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    order_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShopNews:
    """All that one event says, in the order of its application; ``ignored`` where that is nothing to us.

    ``states``: what had become of an order by the time of a report, where the shop does not say since when.
    The first report of a status is its news; later ones change nothing, and a state alone does not wait for
    an order that is not here.
    """

    customers: tuple[ShopCustomer, ...] = ()
    orders: tuple[ShopOrder, ...] = ()
    updates: tuple[tuple[str, OrderUpdate], ...] = ()  # by order id
    states: tuple[tuple[str, OrderUpdate], ...] = ()  # by order id
    refunds: tuple[tuple[str, Refund], ...] = ()  # by order id
    products: tuple[ShopProduct, ...] = ()
    removed_skus: tuple[str, ...] = ()
    removed_items: tuple[str, ...] = ()  # inventory items, of which the shop does not say the sku
    stock: tuple[StockLevel, ...] = ()
    privacy: tuple[PersonRequest, ...] = ()
    reviews: tuple[ImportedReview, ...] = ()
    ignored: Ignored | None = None
