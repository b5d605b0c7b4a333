"""What a customer's purchases mean for what is shown: what is owned, came back, or runs out.

A product is owned for ever, unless it is used up: what lasts so many days is owned until it should have run
out. All variants of a product count as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from campaign.facts import OrderLine
from campaign.wire import MAX_LASTS_DAYS, OrderStatus

#: Offered anew this part of its time before it runs out, but no longer than this before: parcels take days.
LEAD_SHARE, LEAD_AT_MOST = 0.2, timedelta(days=14)
#: Offered for as long again as it has lasted, but at least this long: who has not come back does without it.
LATE_AT_LEAST = timedelta(days=30)
#: What is used up in a time that nobody knows is owned for so long.
UNKNOWN_LASTS_DAYS = 90
#: What goes with so many of the customer's products is looked at, the newest.
LEADING = 25
#: The best-sellers of so many of the order's categories are looked at.
CATEGORIES = 5


@dataclass(frozen=True)
class Bought:
    """A line of one of the customer's orders, with what the catalogue knows of it.

    ``lost``: the order was cancelled or refunded; ``lasts_days``: declared, or estimated from those who
    bought it again; ``renewal``: it comes by itself.
    """

    line: OrderLine
    placed_at: datetime
    lost: OrderStatus | None = None
    renewal: bool = False
    family: str = ""
    category: str | None = None
    lasts_days: int | None = None
    consumable: bool = False

    @property
    def came_back(self) -> bool:
        """Whether the customer returned some of it, or was given the money back."""
        return self.lost is OrderStatus.REFUNDED or self.line.returned > 0

    @property
    def span(self) -> timedelta | None:
        """How long it lasts; None for what is not used up."""
        lasts = self.lasts_days or (UNKNOWN_LASTS_DAYS if self.consumable else None)
        return timedelta(days=min(lasts * self.line.kept, MAX_LASTS_DAYS)) if lasts else None


class Standing(StrEnum):
    """How a product stands with a customer who bought it. Only the last two may be shown."""

    RETURNED = "returned"
    OWNED = "owned"
    RUNS_OUT = "runs_out"
    USED_UP = "used_up"


@dataclass(frozen=True)
class History:
    """What a message may take from the customer's purchases; all are SKUs.

    ``own``: of the orders that the message is about; ``leads``: what is recommended goes with these, the
    message's own first; ``excluded``: with all their variants never shown; ``due``: what runs out, the oldest
    purchase first. ``categories``: of the message's own products.
    """

    own: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


def history_of(bought: Sequence[Bought], about: Iterable[str], now: datetime) -> History:
    """Return what the purchases say at ``now`` to a message that is about the orders ``about``."""
    orders = set(about)
    newest = sorted(bought, key=_order, reverse=True)
    own = [entry for entry in bought if entry.line.order_id in orders]
    kept = [entry for entry in newest if entry.lost is None and entry.line.kept > 0]
    standings = standings_of(bought, now)
    due = (entry for entry, standing in standings.values() if standing is Standing.RUNS_OUT)
    free = {family for family, (_, standing) in standings.items() if standing in _FREE}
    mine = [entry for entry in kept if entry.line.order_id in orders]
    return History(
        own=_skus(own),
        leads=_skus([*mine, *kept])[:LEADING],
        excluded=_skus(entry for entry in newest if entry.family not in free and _is_his(entry, orders)),
        due=_skus(sorted(due, key=_order)),
        categories=tuple(dict.fromkeys(entry.category for entry in own if entry.category))[:CATEGORIES],
    )


def standings_of(bought: Iterable[Bought], now: datetime) -> Mapping[str, tuple[Bought, Standing]]:
    """Return by family the last purchase that was not cancelled, and how it stands at ``now``."""
    real = sorted((entry for entry in bought if entry.lost is not OrderStatus.CANCELLED), key=_order)
    by_family = groupby(sorted(real, key=lambda entry: entry.family), key=lambda entry: entry.family)
    return {family: _standing(list(entries), now) for family, entries in by_family}


def _standing(entries: Sequence[Bought], now: datetime) -> tuple[Bought, Standing]:
    """Say how the purchases of one product stand, oldest first: what was left is used up before the next."""
    last = entries[-1]
    if last.came_back:
        return last, Standing.RETURNED
    if last.span is None:
        return last, Standing.OWNED
    until = entries[0].placed_at
    for entry in entries:
        if not entry.came_back and entry.span:
            until = max(until, entry.placed_at) + entry.span
    lead = min(last.span * LEAD_SHARE, LEAD_AT_MOST)
    if now < until - lead:
        return last, Standing.OWNED
    offered = last.lasts_days and not last.renewal and now <= until + max(last.span, LATE_AT_LEAST)
    return last, Standing.RUNS_OUT if offered else Standing.USED_UP


_FREE = (Standing.RUNS_OUT, Standing.USED_UP)


def _is_his(entry: Bought, orders: set[str]) -> bool:
    """Leave out what the customer never had, but for what the message itself is about."""
    return entry.lost is not OrderStatus.CANCELLED or entry.line.order_id in orders


def _order(entry: Bought) -> tuple[datetime, str, str]:
    return entry.placed_at, entry.line.order_id, entry.line.sku


def _skus(entries: Iterable[Bought]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.line.sku for entry in entries))
