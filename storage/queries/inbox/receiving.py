"""Rows of the inbox as they come in: once each, by their keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, literal_column, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from campaign.wire import OrderUpdate, Refund
from storage.queries.inbox.states import Kind, State, event_key, order_key
from storage.tables import InboxRow

# A literal: the indexes are of waiting rows alone, and a prepared plan must know that it may use them.
WAITING = col(InboxRow.state) == literal_column(f"'{State.WAITING.value}'")
_INSERTS = {
    name: dialect.insert(InboxRow).on_conflict_do_nothing().returning(col(InboxRow.key), col(InboxRow.id))
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_LANES = (
    select(col(InboxRow.customer_id))
    .distinct()
    .where(
        WAITING,
        col(InboxRow.customer_id).in_(bindparam("customers", expanding=True)),
        or_(col(InboxRow.due_at) <= bindparam("now"), col(InboxRow.attempts) > 0),
    )
)
_EARLY = (
    select(
        col(InboxRow.id), col(InboxRow.key), col(InboxRow.order_id), col(InboxRow.body),
        col(InboxRow.received_at), col(InboxRow.kind),
    )
    .where(
        WAITING,
        col(InboxRow.kind).in_([Kind.EVENT.value, Kind.REFUND.value]),
        col(InboxRow.customer_id).is_(None),
        col(InboxRow.order_id).in_(bindparam("orders", expanding=True)),
    )
    .order_by(col(InboxRow.id))
)  # fmt: skip
_DELETE = delete(InboxRow).where(col(InboxRow.id).in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class EarlyEvent:
    """News that came before its order, or of an order that nobody sent."""

    id: int
    key: str
    order_id: str
    update: OrderUpdate
    received_at: datetime


@dataclass(frozen=True)
class EarlyRefund:
    """A refund that came before its order."""

    id: int
    order_id: str
    refund: Refund


@dataclass(frozen=True)
class EarlyNews:
    """All that came before some orders, in the order it came."""

    events: Sequence[EarlyEvent]
    refunds: Sequence[EarlyRefund]


def order_row(order_id: str, customer_id: str, now: datetime, due_at: datetime | None) -> dict[str, Any]:
    """Return the row by which an order waits for its campaign to start; tried from ``due_at`` on."""
    return _row(Kind.ORDER, order_key(order_id), order_id, customer_id, now) | {"due_at": due_at or now}


def event_row(order_id: str, customer_id: str | None, update: OrderUpdate, now: datetime) -> dict[str, Any]:
    """Return the row by which an order's news waits for its campaign; without a customer: for its order."""
    row = _row(Kind.EVENT, event_key(order_id, update), order_id, customer_id, now)
    return row | {"body": update.model_dump_json()}


def _row(kind: Kind, key: str, order_id: str, customer_id: str | None, now: datetime) -> dict[str, Any]:
    return {
        "key": key, "kind": kind.value, "order_id": order_id, "customer_id": customer_id, "body": None,
        "state": State.WAITING.value, "attempts": 0, "received_at": now, "due_at": now, "leased_until": None,
    }  # fmt: skip


def add_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Add rows that are not there, one statement for all; return the ids of those added, by key."""
    if not rows:
        return {}
    statement = _INSERTS[session.get_bind().dialect.name]
    added = session.connection().execute(statement, [dict(row) for row in rows])
    return {row.key: row.id for row in added}


def busy_lanes(session: Session, customer_ids: Collection[str], now: datetime) -> set[str]:
    """Return those of the customers for whom something waits already: what is new comes after it."""
    wanted = {"customers": sorted(customer_ids), "now": now}
    return {str(customer) for customer in session.connection().execute(_LANES, wanted).scalars()}


def early_news(session: Session, order_ids: Collection[str]) -> EarlyNews:
    """Return the news and refunds that wait for these orders to be known, in one statement."""
    rows = session.connection().execute(_EARLY, {"orders": sorted(order_ids)}).all()
    events = [
        EarlyEvent(row.id, row.key, row.order_id, OrderUpdate.model_validate_json(row.body), row.received_at)
        for row in rows
        if row.kind == Kind.EVENT.value
    ]
    refunds = [
        EarlyRefund(row.id, row.order_id, Refund.model_validate_json(row.body))
        for row in rows
        if row.kind == Kind.REFUND.value
    ]
    return EarlyNews(events, refunds)


def delete_rows(session: Session, ids: Sequence[int]) -> None:
    """Delete rows."""
    session.connection().execute(_DELETE, {"ids": list(ids)})
