"""Purchase history: order count, lifetime value, buying cycle, and which campaigns an order ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

from campaign.definition.model import Definition
from campaign.facts import Facts, PastMessage, PastOrder
from campaign.reasons import Channel


def kept_orders(orders: Sequence[PastOrder]) -> list[PastOrder]:
    """Return the orders that were neither cancelled nor refunded, oldest first."""
    return sorted((o for o in orders if o.kept), key=lambda o: (o.placed_at, o.order_id))


def lifetime_value(orders: Sequence[PastOrder], currency: str) -> Decimal:
    """Return what the customer has spent so far, in ``currency`` (historic lifetime value), without refunds.

    Orders in another currency are left out: there is no rate that would be right for all of them.
    """
    return sum((o.value for o in orders if o.kept and o.currency == currency), Decimal(0))


def buying_cycle(orders: Sequence[PastOrder], at_least: int) -> timedelta | None:
    """Return the median time between orders, or None below ``at_least`` orders.

    The median, since one long pause should not turn a monthly buyer into a yearly one. Orders on
    one day count as one purchase.
    """
    days = sorted({o.placed_at.date() for o in kept_orders(orders)})
    if len(days) < max(at_least, 2):
        return None
    return timedelta(days=median((later - earlier).days for earlier, later in pairwise(days)))


def engaged_channels(
    messages: Sequence[PastMessage], definition: Definition, now: datetime, *, opens: bool
) -> frozenset[Channel]:
    """Return the channels on which the customer has lately clicked something, or ``opens``: opened it."""
    since = now - definition.consent.engaged_within
    return frozenset(m.channel for m in messages if (m.clicked or (opens and m.opened)) and m.at >= since)


def superseded(facts: Facts, open_orders: Iterable[str]) -> list[str]:
    """Return which of the customer's open campaigns this order ends: those of older orders, if it is kept.

    An order that was cancelled before its campaign began ends no other. Equal times are ordered by id, so
    that one order always wins.
    """
    known = {order.order_id: order for order in facts.orders}
    own = known.get(facts.order_id)
    if own is not None and not own.kept:
        return []
    mine = (facts.placed_at, facts.order_id)
    return sorted(name for name in open_orders if name in known and (known[name].placed_at, name) < mine)
