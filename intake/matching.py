"""Match news with orders that came by another way, such as a Temporal SDK; give up after a week."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from intake.early_events import OrderOfEvent, apply_early_events
from intake.refunds import apply_early_refunds
from storage.database import Database
from storage.queries.inbox.forwarding import settle
from storage.queries.inbox.matching import Early, early_rows
from storage.queries.inbox.receiving import early_news
from storage.queries.inbox.states import State, Why
from storage.queries.people.locks import lock_customers

WAITS = timedelta(days=7)
"""How long news waits for its order; then it is listed as unmatched."""
AT_ONCE = 500


def match_events(database: Database, now: datetime, after: int = 0) -> int:
    """Apply waiting news whose orders are here now, and give up on what has waited for a week.

    Looks at no more than `AT_ONCE` rows after the row ``after``, so that a turn costs the same however much
    waits: one statement where there is nothing to do. Returns the row to go on after, 0 at the end.
    """
    with database.reading() as session:
        rows = early_rows(session, after, AT_ONCE)
    matched = [row for row in rows if row.customer_id is not None]
    overdue = [row.id for row in rows if row.customer_id is None and row.received_at < now - WAITS]
    if matched:
        database.retrying(lambda session: _apply(session, matched, now))
    if overdue:
        with database.transaction() as session:
            settle(session, overdue, State.UNMATCHED, Why.NO_ORDER, now)
    return rows[-1].id if len(rows) == AT_ONCE else 0


def _apply(session: Session, rows: list[Early], now: datetime) -> None:
    """Apply news under its customers' locks; what another process has applied meanwhile is there no more."""
    orders = {
        row.order_id: OrderOfEvent(row.customer_id, row.placed_at)
        for row in rows
        if row.customer_id and row.placed_at
    }
    lock_customers(session, {order.customer_id for order in orders.values()})
    found = early_news(session, orders)
    apply_early_events(session, found.events, orders, now)
    apply_early_refunds(session, found.refunds, now)
