"""Orders of a shop's system: they are edited there, and their versions may overtake each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlmodel import Session, col

from campaign.wire import Line, OrderStatus, Purchase
from storage.columns import UtcDateTime
from storage.inserts import insert_rows
from storage.tables import OrderEventRow, OrderLineRow, OrderRow

_ORDER: Any = bindparam("of_order")
_VERSION: Any = bindparam("version", type_=UtcDateTime)
_KNOWN = select(
    col(OrderRow.id), col(OrderRow.customer_id), col(OrderRow.changed_at), col(OrderRow.placed_at)
).where(col(OrderRow.id).in_(bindparam("orders", expanding=True)))
_STATUSES = (
    select(col(OrderEventRow.order_id), col(OrderEventRow.status))
    .where(col(OrderEventRow.order_id).in_(bindparam("orders", expanding=True)))
    .distinct()
)
_OLDER = or_(col(OrderRow.changed_at).is_(None), col(OrderRow.changed_at) < _VERSION)
_EDIT = update(OrderRow).where(col(OrderRow.id) == _ORDER, _OLDER)
_LINES = (
    select(
        col(OrderLineRow.sku),
        col(OrderLineRow.quantity),
        col(OrderLineRow.unit_price),
        col(OrderLineRow.returned),
    )
    .where(col(OrderLineRow.order_id) == _ORDER)
    .order_by(col(OrderLineRow.position))
)
_CLEAR = delete(OrderLineRow).where(col(OrderLineRow.order_id) == _ORDER)


@dataclass(frozen=True)
class KnownOrder:
    """Whose order it is, and the shop's time of the version that is here, where a shop reported it."""

    customer_id: str
    changed_at: datetime | None
    placed_at: datetime


def known_orders(session: Session, order_ids: Collection[str]) -> dict[str, KnownOrder]:
    """Return those of the orders that are here, by id."""
    rows = session.connection().execute(_KNOWN, {"orders": sorted(order_ids)}) if order_ids else ()
    return {row.id: KnownOrder(row.customer_id, row.changed_at, row.placed_at) for row in rows}


def recorded_statuses(session: Session, order_ids: Collection[str]) -> set[tuple[str, OrderStatus]]:
    """Return what is recorded to have become of the orders: (order id, status)."""
    rows = session.connection().execute(_STATUSES, {"orders": sorted(order_ids)}) if order_ids else ()
    return {(order_id, OrderStatus(status)) for order_id, status in rows}


def mark_version(session: Session, versions: Mapping[str, datetime]) -> None:
    """Keep the shop's time of the version of each order."""
    rows = [{"of_order": order_id, "version": at} for order_id, at in sorted(versions.items())]
    if rows:
        session.connection().execute(_EDIT.values(changed_at=_VERSION), rows)


def edit_order(session: Session, purchase: Purchase, changed_at: datetime) -> bool:
    """Bring a known order to a newer version; False if that one or a newer one is here already.

    Its customer, time and currency stay. What came back of a product stays counted. The locks are held.
    """
    values = {"of_order": purchase.order_id, "version": changed_at}
    edit = _EDIT.values(changed_at=_VERSION, total=purchase.total)
    if not session.connection().execute(edit, values).rowcount:
        return False
    before = session.connection().execute(_LINES, {"of_order": purchase.order_id}).all()
    if [tuple(row[:3]) for row in before] != [(x.sku, x.quantity, x.unit_price) for x in purchase.lines]:
        session.connection().execute(_CLEAR, {"of_order": purchase.order_id})
        insert_rows(session, OrderLineRow, _rows(purchase, _returned(before)))
    return True


def _returned(rows: Sequence[Any]) -> dict[str, int]:
    """Return how much came back, by sku."""
    counts: dict[str, int] = {}
    for sku, _, _, returned in rows:
        counts[sku] = counts.get(sku, 0) + returned
    return counts


def _rows(purchase: Purchase, returned: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "order_id": purchase.order_id,
            "position": position,
            **line.model_dump(),
            "returned": _take(returned, line),
        }
        for position, line in enumerate(purchase.lines)
    ]


def _take(returned: dict[str, int], line: Line) -> int:
    """Count what came back of a product against its lines, first ones first."""
    taken = min(returned.get(line.sku, 0), line.quantity)
    returned[line.sku] = returned.get(line.sku, 0) - taken
    return taken
