"""Orders that turn out to be another customer's, by what their shop says later."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col

from campaign.facts import MessageState
from campaign.offers.coupons import CouponState
from storage.queries.inbox.states import State
from storage.tables import CouponRow, InboxRow, MessageRow, OrderRow, RunRow

_ORDER: Any = bindparam("of_order")
_TO: dict[str, Any] = {"customer_id": bindparam("to_customer")}
_MOVES: tuple[Any, ...] = (
    update(OrderRow).where(col(OrderRow.id) == _ORDER).values(_TO),
    update(RunRow).where(col(RunRow.order_id) == _ORDER).values(_TO),
    update(MessageRow)
    .where(col(MessageRow.order_id) == _ORDER, col(MessageRow.state) == MessageState.CLAIMED.value)
    .values(_TO),
    update(CouponRow)
    .where(col(CouponRow.order_id) == _ORDER, col(CouponRow.state) == CouponState.RESERVED.value)
    .values(_TO),
    update(InboxRow)
    .where(col(InboxRow.order_id) == _ORDER, col(InboxRow.state) == State.WAITING.value)
    .values(_TO),
)


def move_order(session: Session, order_id: str, customer_id: str) -> None:
    """Give an order to another customer, with its campaign and what has not been sent yet.

    What was sent stays with whom it was sent to. The locks of both customers are held.
    """
    for move in _MOVES:
        session.connection().execute(move, {"of_order": order_id, "to_customer": customer_id})
