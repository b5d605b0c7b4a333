"""Orders and their news, from whichever way in: saved, and put into the inbox in the same transaction.

From there they are forwarded to Temporal (`starter.forwarding`). Nothing here knows Temporal: what was
accepted is in the database before anybody is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign.errors import BadInput, BadPurchase, OrderConflict, Problem
from campaign.problems import time_problems
from campaign.times import order_time_problems
from campaign.wire import LOST, OrderUpdate, Purchase
from intake.coupons.redeeming import redeem_with_orders
from intake.early_events import OrderOfEvent, apply_early_events
from intake.order_news import check_order_id
from intake.refunds import apply_early_refunds
from storage.inserts import insert_once
from storage.queries.campaigns.purchases import StoredOrder, add_purchases, stored_orders
from storage.queries.inbox.receiving import add_rows, busy_lanes, early_news, event_row, order_row
from storage.queries.inbox.states import event_key, order_key
from storage.queries.messages.rewriting import write_anew
from storage.queries.people.customers import ensure_customers
from storage.queries.people.locks import lock_customers, lock_order
from storage.tables import OrderEventRow, OrderRow
from storage.tables.people import ERASED

_COMPARED = ("customer_id", "placed_at", "currency", "total", "lines", "renewal")
_FIX = "an order_id is used once: send the same data again, or use a new order_id"


@dataclass(frozen=True)
class Lease:
    """Who receives tries at once what waits behind nothing; until then nobody else does."""

    until: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of one order that was received.

    ``error``: it was refused, and nothing of it was saved. ``added``: it was not there before. ``erased``:
    its customer was erased since, and nothing of the person may be saved again. ``leased``: its row of the
    inbox, where it is the receiver's to try at once.
    """

    order_id: str
    error: BadPurchase | None = None
    added: bool = False
    erased: bool = False
    leased: int | None = None


@dataclass(frozen=True)
class EventOutcome:
    """What became of an order's news. ``known``: its order is here; else the news waits for it."""

    order_id: str
    known: bool
    leased: int | None = None


def receive_orders(
    session: Session,
    purchases: Sequence[Purchase],
    now: datetime,
    *,
    due_at: datetime | None = None,
    lease: Lease | None = None,
) -> list[Outcome]:
    """Save orders and queue the start of their campaigns: a handful of statements, however many there are.

    An order that is here already changes nothing. One that lies in the future, or whose id another order has
    (`OrderConflict`), is refused by its own outcome; the others are not affected. ``due_at``: when to start
    the campaigns, now if left out. Nothing but this is done with the customers: the transaction's first
    statement locks them.
    """
    refused = {n: BadPurchase(p) for n, item in enumerate(purchases) if (p := _time_problems(item, now))}
    batch = _Batch(session, [item for n, item in enumerate(purchases) if n not in refused], now)
    queued = batch.queue(due_at, lease)
    outcomes = [
        Outcome(item.order_id, error=refused[n]) if n in refused else batch.outcome(item, queued)
        for n, item in enumerate(purchases)
    ]
    pairs = zip(purchases, outcomes, strict=True)
    redeem_with_orders(session, [item for item, outcome in pairs if not outcome.error and not outcome.erased])
    return outcomes


def _time_problems(purchase: Purchase, now: datetime) -> list[Problem]:
    return time_problems("placed_at", purchase.placed_at, now)


class _Batch:
    """Orders that are saved together: what was here, and what has been added."""

    def __init__(self, session: Session, purchases: Sequence[Purchase], now: datetime) -> None:
        """Lock the customers and add the orders that are not here."""
        self.session, self.now = session, now
        self.customers = {purchase.customer_id for purchase in purchases}
        lock_customers(session, self.customers)
        first: dict[str, Purchase] = {}
        for purchase in purchases:
            first.setdefault(purchase.order_id, purchase)
        self.known = stored_orders(session, first)
        self.added = self._add([item for order_id, item in first.items() if order_id not in self.known])
        if lost := first.keys() - self.known.keys() - self.added.keys():
            self.known |= stored_orders(session, lost)  # another customer's order was quicker

    def _add(self, purchases: Sequence[Purchase]) -> dict[str, Purchase]:
        if not purchases:
            return {}
        ensure_customers(self.session, sorted({purchase.customer_id for purchase in purchases}))
        added = add_purchases(self.session, purchases)
        return {purchase.order_id: purchase for purchase in purchases if purchase.order_id in added}

    def queue(self, due_at: datetime | None, lease: Lease | None) -> dict[str, int]:
        """Queue what has no campaign; return the rows that the receiver may try at once, by order id."""
        rows = [self._row(item, due_at) for item in self.added.values()]
        tried = self._lease(rows, lease if due_at is None else None)
        rows += [self._row(stored.purchase, due_at) for stored in self.known.values() if self._starts(stored)]
        ids = add_rows(self.session, rows)
        self._apply_early_events()
        return {order_id: ids[key] for order_id in tried if (key := order_key(order_id)) in ids}

    def _row(self, purchase: Purchase, due_at: datetime | None) -> dict[str, Any]:
        return order_row(purchase.order_id, purchase.customer_id, self.now, due_at)

    def _starts(self, stored: StoredOrder) -> bool:
        """Return whether an order that was here before has no campaign yet: imported, or still waiting."""
        return not stored.has_run and stored.purchase.customer_id in self.customers

    def _lease(self, rows: Sequence[dict[str, Any]], lease: Lease | None) -> list[str]:
        """Lease the first row of each customer for whom nothing waits."""
        if lease is None or not rows:
            return []
        busy = busy_lanes(self.session, {row["customer_id"] for row in rows}, self.now)
        tried = []
        for row in rows:
            if row["customer_id"] not in busy:
                busy.add(row["customer_id"])
                row["leased_until"] = lease.until
                tried.append(row["order_id"])
        return tried

    def _apply_early_events(self) -> None:
        orders = {
            order_id: OrderOfEvent(item.customer_id, item.placed_at) for order_id, item in self.added.items()
        }
        if orders:
            found = early_news(self.session, orders)
            apply_early_events(self.session, found.events, orders, self.now)
            apply_early_refunds(self.session, found.refunds, self.now)

    def outcome(self, purchase: Purchase, queued: Mapping[str, int]) -> Outcome:
        """Return what became of one of the orders, which may be in the batch several times."""
        order_id = purchase.order_id
        added = self.added.get(order_id)
        kept = added or self.known[order_id].purchase
        if kept.customer_id.startswith(ERASED):
            return Outcome(order_id, erased=True)
        if error := conflict(kept, purchase):
            return Outcome(order_id, error=error)
        if added is not purchase:
            return Outcome(order_id)
        return Outcome(order_id, added=True, leased=queued.get(order_id))


def conflict(known: Purchase, sent: Purchase) -> OrderConflict | None:
    """Return the error for another order under a known id, with both versions of what differs."""
    differing = [name for name in _COMPARED if getattr(known, name) != getattr(sent, name)]
    if not differing:
        return None
    problems = [Problem(name, "differs from the order that has this order_id", _FIX) for name in differing]
    return OrderConflict(problems, _version(known, differing), _version(sent, differing))


def _version(purchase: Purchase, names: Iterable[str]) -> dict[str, Any]:
    return purchase.model_dump(mode="json", include=set(names))


def receive_event(
    session: Session, order_id: str, update: OrderUpdate, now: datetime, *, lease: Lease | None = None
) -> EventOutcome:
    """Record what became of an order, and queue it for its campaign; for an unknown order it waits.

    It begins the transaction: the order's customer is locked first.

    Raises:
        BadInput: it lies in the future, or before its order. Nothing was written.
        NotFound: no order can have such an id.
    """
    if problems := time_problems("at", update.at, now):
        raise BadInput(problems)
    lock_order(session, order_id)
    order = session.get(OrderRow, order_id)
    if order is None:
        check_order_id(order_id)
        add_rows(session, [event_row(order_id, None, update, now)])
        return EventOutcome(order_id, known=False)
    if problems := order_time_problems("at", update.at, order.placed_at):
        raise BadInput(problems)
    insert_once(session, OrderEventRow, order_id=order_id, status=update.status.value, at=update.at)
    if update.status in LOST:
        write_anew(session, order.customer_id)
    return EventOutcome(order_id, known=True, leased=queue_event(session, order, update, now, lease))


def queue_event(
    session: Session, order: OrderRow, update: OrderUpdate, now: datetime, lease: Lease | None = None
) -> int | None:
    """Queue recorded news of a known order for its campaign; return its row if the receiver may try it."""
    row = event_row(order.id, order.customer_id, update, now)
    if lease and not busy_lanes(session, [order.customer_id], now):
        row["leased_until"] = lease.until
    added = add_rows(session, [row])
    return added.get(event_key(order.id, update)) if row["leased_until"] else None
