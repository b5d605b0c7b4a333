"""Rows of the inbox for refunds whose order is not known yet."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from campaign.wire import Refund
from storage.queries.inbox.receiving import WAITING, add_rows, delete_rows
from storage.queries.inbox.states import Kind, State
from storage.tables import InboxRow

_OF_ORDERS = (
    select(col(InboxRow.id), col(InboxRow.order_id), col(InboxRow.body))
    .where(
        WAITING,
        col(InboxRow.kind) == Kind.REFUND.value,
        col(InboxRow.order_id).in_(bindparam("orders", expanding=True)),
    )
    .order_by(col(InboxRow.id))
)


def keep_refund(session: Session, order_id: str, refund: Refund, now: datetime) -> None:
    """Let a refund wait for its order; the same one again changes nothing."""
    row = {
        "key": f"{Kind.REFUND.value}:{order_id}:{refund.refund_id}",
        "kind": Kind.REFUND.value,
        "order_id": order_id,
        "customer_id": None,
        "body": refund.model_dump_json(),
        "state": State.WAITING.value,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
    }
    add_rows(session, [row])


def take_refunds(session: Session, order_ids: Collection[str]) -> list[tuple[str, Refund]]:
    """Return what waits for these orders, oldest first, and delete it: it is to be recorded now."""
    rows = session.connection().execute(_OF_ORDERS, {"orders": sorted(order_ids)}).all() if order_ids else []
    if rows:
        delete_rows(session, [row.id for row in rows])
    return [(row.order_id, Refund.model_validate_json(row.body)) for row in rows]
