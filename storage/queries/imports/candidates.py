"""Orders that a backfill may start: the newest kept one of each customer, if it has no campaign."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from campaign.wire import OrderStatus
from storage.columns import UtcDateTime
from storage.tables import InboxRow, OrderEventRow, OrderRow, RunRow
from storage.tables.people import ERASED

PAGE = 500
_LOST = (OrderStatus.CANCELLED.value, OrderStatus.REFUNDED.value)
_NEWER, _NEWER_NEWS = aliased(OrderRow), aliased(OrderEventRow)
_ID, _CUSTOMER, _PLACED = col(OrderRow.id), col(OrderRow.customer_id), col(OrderRow.placed_at)
_IS_NEWER = or_(col(_NEWER.placed_at) > _PLACED, and_(col(_NEWER.placed_at) == _PLACED, col(_NEWER.id) > _ID))
_NEWER_IS_LOST = exists().where(
    col(_NEWER_NEWS.order_id) == col(_NEWER.id), col(_NEWER_NEWS.status).in_(_LOST)
)
_HAS_NEWER = exists().where(col(_NEWER.customer_id) == _CUSTOMER, _IS_NEWER, ~_NEWER_IS_LOST)
_HAS_RUN = exists().where(col(RunRow.order_id) == _ID)
_IS_LOST = exists().where(col(OrderEventRow.order_id) == _ID, col(OrderEventRow.status).in_(_LOST))
_IS_QUEUED = exists().where(col(InboxRow.key) == "order:" + _ID)
_WANTED = (
    bindparam("since", type_=UtcDateTime) <= _PLACED,
    _CUSTOMER.not_like(f"{ERASED}%"),
    ~_HAS_RUN,
    ~_IS_QUEUED,
    ~_IS_LOST,
    ~_HAS_NEWER,
)
_COUNT = select(func.count()).select_from(OrderRow).where(*_WANTED)
_NEWEST_FIRST = select(_ID).where(*_WANTED).order_by(_PLACED.desc(), _ID.desc())
_SUPERSEDED = select(_ID).where(_ID.in_(bindparam("orders", expanding=True)), _HAS_NEWER)


def count_candidates(session: Session, since: datetime) -> int:
    """Return how many there are of the orders placed since then."""
    return int(session.connection().execute(_COUNT, {"since": since}).scalar_one())


def candidates(session: Session, since: datetime) -> Iterator[list[str]]:
    """Give their ids, newest first, `PAGE` at a time: one statement, read as a stream."""
    connection = session.connection()
    found = connection.execution_options(yield_per=PAGE).execute(_NEWEST_FIRST, {"since": since})
    for page in found.partitions():
        yield [row.id for row in page]


def superseded_orders(session: Session, order_ids: Collection[str]) -> frozenset[str]:
    """Return those of the orders after which their customers have bought again, and kept it."""
    if not order_ids:
        return frozenset()
    rows = session.connection().execute(_SUPERSEDED, {"orders": sorted(order_ids)})
    return frozenset(rows.scalars())
