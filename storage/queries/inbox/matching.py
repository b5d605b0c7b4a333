"""News that waits for its order: found when the order is there, however it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from storage.queries.inbox.receiving import WAITING
from storage.tables import InboxRow, OrderRow

_EARLY = (
    select(
        col(InboxRow.id), col(InboxRow.order_id), col(InboxRow.received_at), col(OrderRow.customer_id),
        col(OrderRow.placed_at),
    )
    .outerjoin(OrderRow, col(OrderRow.id) == col(InboxRow.order_id))
    .where(WAITING, col(InboxRow.customer_id).is_(None), col(InboxRow.id) > bindparam("after"))
    .order_by(col(InboxRow.id))
    .limit(bindparam("most"))
)  # fmt: skip


@dataclass(frozen=True)
class Early:
    """A row of news without an order so far; with ``customer_id`` and ``placed_at`` where it is there now."""

    id: int
    order_id: str
    received_at: datetime
    customer_id: str | None
    placed_at: datetime | None


def early_rows(session: Session, after: int, most: int) -> list[Early]:
    """Return the next rows of news that wait for their orders, by id: one statement by index."""
    rows = session.connection().execute(_EARLY, {"after": after, "most": most})
    return [Early(**row) for row in rows.mappings()]
