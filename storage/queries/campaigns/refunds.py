"""What was given back of an order, and what came back of its products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlmodel import Session, col

from campaign.wire import Refund
from storage.inserts import insert_row
from storage.tables import OrderLineRow, OrderRow, RefundRow

_OF_ORDER: Any = bindparam("of_order")
_ORDER: Select[*tuple[Any, ...]] = select(
    col(OrderRow.id).label("order_id"),
    col(OrderRow.customer_id),
    col(OrderRow.placed_at),
    col(OrderRow.currency),
    col(OrderRow.total),
    col(OrderRow.refunded),
).where(col(OrderRow.id) == _OF_ORDER)
_REFUND = select(col(RefundRow.amount)).where(
    col(RefundRow.order_id) == _OF_ORDER, col(RefundRow.refund_id) == bindparam("refund")
)
_SUM = update(OrderRow).where(col(OrderRow.id) == _OF_ORDER).values(refunded=bindparam("sum"))
_LINES = (
    select(
        col(OrderLineRow.position), col(OrderLineRow.sku), col(OrderLineRow.quantity),
        col(OrderLineRow.returned),
    )
    .where(col(OrderLineRow.order_id) == _OF_ORDER)
    .order_by(col(OrderLineRow.position))
)  # fmt: skip
_RETURNED = (
    update(OrderLineRow)
    .where(col(OrderLineRow.order_id) == _OF_ORDER, col(OrderLineRow.position) == bindparam("at_position"))
    .values(returned=bindparam("count"))
)


@dataclass(frozen=True)
class RefundedOrder:
    """An order as a refund is held against it; ``refunded`` is what was given back before."""

    order_id: str
    customer_id: str
    placed_at: datetime
    currency: str
    total: Decimal
    refunded: Decimal


@dataclass(frozen=True)
class ReturnableLine:
    """A line of an order; ``returned`` came back before."""

    position: int
    sku: str
    quantity: int
    returned: int

    @property
    def kept(self) -> int:
        """How much of it can still come back."""
        return self.quantity - self.returned


def refunded_order(session: Session, order_id: str) -> RefundedOrder | None:
    """Return an order, read anew; None if it is not here."""
    row = session.connection().execute(_ORDER, {"of_order": order_id}).mappings().first()
    return RefundedOrder(**row) if row else None


def known_refund(session: Session, order_id: str, refund_id: str) -> Decimal | None:
    """Return the amount of a refund that is here already."""
    found = session.connection().execute(_REFUND, {"of_order": order_id, "refund": refund_id}).first()
    return found.amount if found else None


def add_refund(session: Session, order_id: str, refund: Refund, refunded: Decimal) -> None:
    """Add a refund; ``refunded`` is what has been given back with it. The customer's locks are held."""
    insert_row(
        session,
        RefundRow,
        order_id=order_id,
        refund_id=refund.refund_id,
        at=refund.at,
        amount=refund.amount,
    )
    session.connection().execute(_SUM, {"of_order": order_id, "sum": refunded})


def returnable_lines(session: Session, order_id: str) -> list[ReturnableLine]:
    """Return an order's lines in their order."""
    rows = session.connection().execute(_LINES, {"of_order": order_id})
    return [ReturnableLine(**row) for row in rows.mappings()]


def count_returned(session: Session, order_id: str, counts: Mapping[int, int]) -> None:
    """Keep how much of some lines came back, by their positions."""
    rows = [{"of_order": order_id, "at_position": at, "count": count} for at, count in counts.items()]
    if rows:
        session.connection().execute(_RETURNED, rows)
