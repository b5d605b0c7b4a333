"""Orders, their lines and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from campaign.errors import BadPurchase, NotFound, Problem
from campaign.facts import PastOrder
from campaign.wire import OrderStatus, OrderUpdate, Purchase
from storage.inserts import insert_once
from storage.tables import OrderEventRow, OrderLineRow, OrderRow

_LOST = (OrderStatus.CANCELLED, OrderStatus.REFUNDED)


def save_order(session: Session, purchase: Purchase) -> bool:
    """Save an order with its lines. False if the same order is already there.

    Raises:
        BadPurchase: another order has this id: its customer, time, currency or total differ.
    """
    found = session.get(OrderRow, purchase.order_id)
    if found is not None:
        _refuse_other_order(found, purchase)
        return False
    session.add(
        OrderRow(
            id=purchase.order_id,
            customer_id=purchase.customer_id,
            placed_at=purchase.placed_at,
            currency=purchase.currency,
            total=purchase.total,
        )
    )
    session.flush()
    session.add_all(
        OrderLineRow(order_id=purchase.order_id, position=position, **line.model_dump())
        for position, line in enumerate(purchase.lines)
    )
    session.flush()
    return True


def is_known(session: Session, purchase: Purchase) -> bool:
    """Say whether the order is here already. Raises as `save_order`."""
    found = session.get(OrderRow, purchase.order_id)
    if found is not None:
        _refuse_other_order(found, purchase)
    return found is not None


def _refuse_other_order(found: OrderRow, purchase: Purchase) -> None:
    differing = [
        name
        for name in ("customer_id", "placed_at", "currency", "total")
        if getattr(found, name) != getattr(purchase, name)
    ]
    if differing:
        fix = "an order keeps its id for ever: send the same data again, or use a new order_id"
        raise BadPurchase(
            [Problem(name, "differs from the order that has this order_id", fix) for name in differing]
        )


def record_order_event(session: Session, order_id: str, update: OrderUpdate) -> bool:
    """Save news of an order; False if this very news is there already.

    Raises:
        NotFound: no such order.
    """
    if session.get(OrderRow, order_id) is None:
        msg = f"no order {order_id}"
        raise NotFound(msg)
    return insert_once(session, OrderEventRow, order_id=order_id, status=update.status.value, at=update.at)


def order_events(session: Session, order_id: str) -> dict[OrderStatus, datetime]:
    """Return when each status was reached; of several times for one, the last recorded."""
    rows = session.exec(
        select(OrderEventRow).where(OrderEventRow.order_id == order_id).order_by(col(OrderEventRow.id))
    )
    return {OrderStatus(row.status): row.at for row in rows}


def orders_of(session: Session, customer_id: str) -> tuple[PastOrder, ...]:
    """Return every order of a customer, oldest first."""
    rows = session.exec(
        select(OrderRow).where(OrderRow.customer_id == customer_id).order_by(col(OrderRow.placed_at))
    ).all()
    lost = _lost_orders(session, [row.id for row in rows])
    return tuple(
        PastOrder(row.id, row.placed_at, row.total, row.currency, kept=row.id not in lost) for row in rows
    )


def _lost_orders(session: Session, order_ids: Sequence[str]) -> set[str]:
    statement = select(OrderEventRow.order_id).where(
        col(OrderEventRow.order_id).in_(order_ids), col(OrderEventRow.status).in_(_LOST)
    )
    return set(session.exec(statement))


def order_lines(session: Session, order_id: str) -> Sequence[OrderLineRow]:
    """Return an order's lines in their order."""
    return session.exec(
        select(OrderLineRow).where(OrderLineRow.order_id == order_id).order_by(col(OrderLineRow.position))
    ).all()
