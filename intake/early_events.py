"""News that came before its order: applied when the order is there, in front of what comes later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign.times import predates_order
from storage.inserts import insert_all_once
from storage.queries.inbox.receiving import EarlyEvent, add_rows, delete_rows, event_row
from storage.queries.inbox.states import State, Why
from storage.tables import OrderEventRow


@dataclass(frozen=True)
class OrderOfEvent:
    """What news is held against, and whose it is."""

    customer_id: str
    placed_at: datetime


def apply_early_events(
    session: Session, events: Sequence[EarlyEvent], orders: Mapping[str, OrderOfEvent], now: datetime
) -> None:
    """Record news whose orders are known now, and queue it behind them. The customers' locks are held.

    A row gets a new id: rows of a customer are forwarded in the order of their ids, and the order's own row
    may have come after its news. What is dated before its order is refused, and listed.
    """
    if not events:
        return
    accepted = [event for event in events if not _too_early(event, orders)]
    insert_all_once(session, OrderEventRow, [_recorded(event) for event in accepted], "id")
    delete_rows(session, [event.id for event in events])
    add_rows(session, [_queued(event, orders, now) for event in events])


def _too_early(event: EarlyEvent, orders: Mapping[str, OrderOfEvent]) -> bool:
    return predates_order(event.update.at, orders[event.order_id].placed_at)


def _recorded(event: EarlyEvent) -> dict[str, Any]:
    return {"order_id": event.order_id, "status": event.update.status.value, "at": event.update.at}


def _queued(event: EarlyEvent, orders: Mapping[str, OrderOfEvent], now: datetime) -> dict[str, Any]:
    row = event_row(event.order_id, orders[event.order_id].customer_id, event.update, now)
    row |= {"received_at": event.received_at, "why": None, "settled_at": None}
    if _too_early(event, orders):
        row |= {"state": State.REFUSED.value, "why": Why.BEFORE_ORDER.value, "settled_at": now}
    return row
