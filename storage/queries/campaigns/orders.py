"""Orders, their lines and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from campaign.errors import BadPurchase, NotFound, Problem
from campaign.facts import OrderLine
from campaign.wire import OrderUpdate, Purchase
from storage.inserts import insert_once, insert_row, insert_rows
from storage.tables import OrderEventRow, OrderLineRow, OrderRow

_FIXED = ("customer_id", "placed_at", "currency", "total")
_OF_LINE = tuple(part.name for part in fields(OrderLine) if part.name != "reviewed")
_LINES = (
    select(*(col(getattr(OrderLineRow, name)) for name in _OF_LINE))
    .where(col(OrderLineRow.order_id).in_(bindparam("orders", expanding=True)))
    .order_by(col(OrderLineRow.order_id), col(OrderLineRow.position))
)
_ORDER = select(*(col(getattr(OrderRow, name)) for name in _FIXED)).where(
    col(OrderRow.id) == bindparam("order")
)


def save_order(session: Session, purchase: Purchase) -> bool:
    """Save an order with its lines; its customer is there. False if the same order is already there.

    Raises:
        BadPurchase: another order has this id: its customer, time, currency or total differ.
    """
    if is_known(session, purchase):
        return False
    add_order(session, purchase)
    return True


def add_order(session: Session, purchase: Purchase) -> None:
    """Add an order that is not there, with its lines."""
    insert_row(
        session,
        OrderRow,
        id=purchase.order_id,
        customer_id=purchase.customer_id,
        placed_at=purchase.placed_at,
        currency=purchase.currency,
        total=purchase.total,
        renewal=purchase.renewal,
    )
    lines = [
        {"order_id": purchase.order_id, "position": position, **line.model_dump()}
        for position, line in enumerate(purchase.lines)
    ]
    insert_rows(session, OrderLineRow, lines)


def is_known(session: Session, purchase: Purchase) -> bool:
    """Return whether the order is here already. Raises as `save_order`."""
    found = session.connection().execute(_ORDER, {"order": purchase.order_id}).mappings().first()
    if found is not None:
        refuse_other_order(found, purchase)
    return found is not None


def refuse_other_order(found: Mapping[Any, Any], purchase: Purchase) -> None:
    """Refuse a purchase whose order id another order has. Raises as `save_order`.

    An order that its shop edits may have another total, or buyer, by the time its campaign starts.
    """
    edited = ("total", "customer_id") if found.get("changed_at") else ()
    fixed = [name for name in _FIXED if name not in edited]
    differing = [name for name in fixed if found[name] != getattr(purchase, name)]
    if differing:
        fix = "an order_id is used once: send the same data again, or use a new order_id"
        raise BadPurchase(
            [Problem(name, "differs from the order that has this order_id", fix) for name in differing]
        )


def record_order_event(session: Session, order_id: str, update: OrderUpdate) -> bool:
    """Save news of an order; False if this very news is there already.

    Raises:
        NotFound: no such order.
    """
    if not has_order(session, order_id):
        msg = f"no order {order_id}"
        raise NotFound(msg)
    return insert_once(session, OrderEventRow, order_id=order_id, status=update.status.value, at=update.at)


def has_order(session: Session, order_id: str) -> bool:
    """Return whether an order is here."""
    return session.connection().execute(_ORDER, {"order": order_id}).first() is not None


def order_lines(session: Session, order_ids: Sequence[str]) -> list[OrderLine]:
    """Return the lines of orders, an order's in their order, as they stand; not whether they are reviewed."""
    rows = session.connection().execute(_LINES, {"orders": list(order_ids)})
    return [OrderLine(**row) for row in rows.mappings()]
