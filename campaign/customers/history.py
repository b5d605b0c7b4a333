"""Purchase history: order count, lifetime value, buying cycle, and the segment they make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

from campaign.definition.model import Definition, Segment
from campaign.facts import PastMessage, PastOrder
from campaign.reasons import Channel


def kept_orders(orders: Sequence[PastOrder]) -> list[PastOrder]:
    """Return the orders that were neither cancelled nor refunded, oldest first."""
    return sorted((o for o in orders if o.kept), key=lambda o: (o.placed_at, o.order_id))


def lifetime_value(orders: Sequence[PastOrder], currency: str) -> Decimal:
    """Return what the customer has spent so far, in ``currency`` (historic lifetime value).

    Orders in another currency are left out: there is no rate that would be right for all of them.
    """
    return sum((o.total for o in kept_orders(orders) if o.currency == currency), Decimal(0))


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
    messages: Sequence[PastMessage], definition: Definition, now: datetime
) -> frozenset[Channel]:
    """Return the channels on which the customer has lately opened or clicked something."""
    since = now - definition.consent.engaged_within
    return frozenset(m.channel for m in messages if m.engaged and m.at >= since)


def segment_of(definition: Definition, orders: Sequence[PastOrder], currency: str) -> str:
    """Return the first segment of the definition that the customer belongs to."""
    count, value = len(kept_orders(orders)), lifetime_value(orders, currency)
    return next(
        (s.name for s in definition.segments if _belongs(s, count, value)),
        definition.segments[-1].name,
    )


def _belongs(segment: Segment, count: int, value: Decimal) -> bool:
    tests = []
    if segment.min_orders is not None:
        tests.append(count >= segment.min_orders)
    if segment.min_lifetime_value is not None:
        tests.append(value >= segment.min_lifetime_value)
    return any(tests) if tests else True
