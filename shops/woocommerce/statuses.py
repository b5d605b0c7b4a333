"""What each of WooCommerce's order statuses does: a table. docs/woocommerce.md has the same rows.

Whether an order is paid is what its payment date says (``date_paid``). WooCommerce sets it when an order
becomes processing or completed, or when the payment provider reports the money. For cash on delivery it
does not before the order is completed; for a bank transfer or a cheque, not before the shop says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from campaign.wire import OrderStatus
from shops.news import Ignored
from shops.woocommerce.fields import code_of

_P, _F, _D = OrderStatus.PROCESSED, OrderStatus.FULFILLED, OrderStatus.DELIVERED


class Paid(StrEnum):
    """Whether an order of a status counts as bought."""

    BY_DATE = "by its payment date"
    YES = "yes"
    OVER = "no longer"  # it was, if it has a payment date
    NO = "no"


@dataclass(frozen=True)
class Meaning:
    """What a status does: whether its order is bought, and what became of the order."""

    paid: Paid = Paid.BY_DATE
    news: OrderStatus | None = None
    ignored: Ignored = Ignored.NOT_PAID


_OVER = Meaning(Paid.OVER, OrderStatus.CANCELLED, Ignored.STATUS)
_DRAFT = Meaning(Paid.NO, None, Ignored.DRAFT)

UNKNOWN = Meaning()
"""A status of a plugin that is not in the table: the payment date decides, and nothing else is known."""

STATUSES = MappingProxyType(
    {
        # WooCommerce's own
        "pending": Meaning(),
        "processing": Meaning(news=_P),
        "on-hold": Meaning(),
        "completed": Meaning(Paid.YES, _F),
        "cancelled": _OVER,
        "refunded": Meaning(Paid.OVER, OrderStatus.REFUNDED, Ignored.STATUS),
        "failed": _OVER,
        "trash": _OVER,
        "checkout-draft": _DRAFT,
        "auto-draft": _DRAFT,
        "draft": _DRAFT,
        "new": _DRAFT,
        # of plugins
        "shipped": Meaning(news=_F),
        "partial-shipped": Meaning(news=_P),
        "updated-tracking": Meaning(news=_F),
        "dispatched": Meaning(news=_F),
        "in-transit": Meaning(news=_F),
        "out-for-delivery": Meaning(news=_F),
        "delivered": Meaning(news=_D),
        "ready-pickup": Meaning(news=_P),
        "ready-for-pickup": Meaning(news=_P),
        "pickup": Meaning(news=_D),
        "picked-up": Meaning(news=_D),
        "awaiting-shipment": Meaning(news=_P),
        "ready-to-ship": Meaning(news=_P),
        "packing": Meaning(news=_P),
        "backordered": Meaning(news=_P),
        "partially-refunded": Meaning(),
        "partial-refunded": Meaning(),
        "partial-payment": Meaning(Paid.NO),
        "partially-paid": Meaning(Paid.NO),
        "pre-ordered": Meaning(),
        "quote": Meaning(Paid.NO),
    }
)


def status_of(value: Any) -> str:
    """Return the status' name without the prefix that WooCommerce keeps it under."""
    return code_of(value).removeprefix("wc-")


def meaning_of(status: str) -> Meaning:
    """Return what a status does."""
    return STATUSES.get(status, UNKNOWN)
