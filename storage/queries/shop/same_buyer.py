"""Campaigns of somebody who ordered as a guest, and has an account since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.columns import UtcDateTime
from storage.tables import CustomerRow, OrderRow, RunRow

_ACCOUNT = aliased(CustomerRow)
_EARLIER = (
    select(col(OrderRow.id))
    .join(CustomerRow, col(CustomerRow.id) == col(OrderRow.customer_id))
    .join(_ACCOUNT, col(_ACCOUNT.id) == bindparam("buyer"))
    .where(
        or_(
            col(CustomerRow.email_key) == _ACCOUNT.email_key,
            # A household's phone: who has an e-mail address is known by that alone.
            and_(col(CustomerRow.phone) == _ACCOUNT.phone, col(CustomerRow.email_key).is_(None)),
        ),
        col(CustomerRow.id).startswith("guest-"),
        col(OrderRow.placed_at) < bindparam("placed", type_=UtcDateTime),
    )
)
_BOUGHT_AGAIN: Any = (
    update(RunRow)
    .where(
        col(RunRow.order_id).in_(_EARLIER),
        col(RunRow.closed_at).is_(None),
        col(RunRow.repurchased_by).is_(None),
    )
    .values(repurchased_by=bindparam("newer"))
)


def end_guest_campaigns(session: Session, order_id: str, buyer: str, placed_at: datetime) -> None:
    """Let the campaigns of earlier orders end that an account's owner placed as a guest.

    They end at their next decision, before anything more is sent. The locks of the addresses are held.
    """
    values = {"newer": order_id, "buyer": buyer, "placed": placed_at}
    session.connection().execute(_BOUGHT_AGAIN, values)
