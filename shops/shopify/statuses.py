"""What each status of a Shopify order does: tables. docs/shopify.md has the same rows.

Whether an order is bought is what ``financial_status`` and ``cancelled_at`` say. A captured payment alone
counts: an authorised one may still be let go.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from campaign.wire import OrderStatus
from shops.news import Ignored


@dataclass(frozen=True)
class Meaning:
    """``ignored``: why no campaign starts, None if one does. ``news``: what that is for a known order."""

    ignored: Ignored | None
    news: OrderStatus | None = None


_STARTS = Meaning(None)
_UNPAID = Meaning(Ignored.NOT_PAID)
_CANCELLED = Meaning(Ignored.STATUS, OrderStatus.CANCELLED)

FINANCIAL = MappingProxyType(
    {
        # (financial_status, cancelled): meaning
        (None, False): _UNPAID,
        (None, True): _UNPAID,
        ("pending", False): _UNPAID,
        ("pending", True): _UNPAID,
        ("authorized", False): _UNPAID,
        ("authorized", True): _UNPAID,
        ("expired", False): _UNPAID,
        ("expired", True): _UNPAID,
        ("voided", False): _UNPAID,
        ("voided", True): _UNPAID,
        # Also an order that was paid, and to which something was added since: it is known then.
        ("partially_paid", False): _UNPAID,
        ("partially_paid", True): Meaning(Ignored.NOT_PAID, OrderStatus.CANCELLED),
        ("paid", False): _STARTS,
        ("paid", True): _CANCELLED,
        ("partially_refunded", False): _STARTS,
        ("partially_refunded", True): _CANCELLED,
        ("refunded", False): Meaning(Ignored.STATUS, OrderStatus.REFUNDED),
        ("refunded", True): _CANCELLED,
    }
)

FULFILLMENT = MappingProxyType(
    {
        None: None,
        "unfulfilled": None,
        "partial": None,
        "fulfilled": OrderStatus.FULFILLED,
        "restocked": None,
    }
)
"""What ``fulfillment_status`` is for an order that is bought."""

PARCEL = MappingProxyType(
    {
        "success": OrderStatus.FULFILLED,
        "pending": None,
        "open": None,
        "cancelled": None,
        "error": None,
        "failure": None,
    }
)
"""What the ``status`` of one fulfillment is: the first parcel that leaves counts until the last one has."""

ARRIVED = frozenset({"delivered", "picked_up"})
"""Values of a fulfillment's ``shipment_status`` with which its parcel is in the customer's hands."""


def meaning_of(financial: str | None, *, cancelled: bool) -> Meaning:
    """Return what an order's state is; one that is not in the table is not paid."""
    return FINANCIAL.get((financial, cancelled), _UNPAID)
