"""Orders as they were sent: saved by the batch, and rebuilt exactly as the workflow's input."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from campaign.wire import Line, Purchase
from storage.inserts import insert_all_once
from storage.tables import OrderLineRow, OrderRow, RunRow

_FIELDS = ("customer_id", "placed_at", "currency", "total", "renewal")
_ORDERS = (
    select(
        col(OrderRow.id).label("order_id"),
        *(col(getattr(OrderRow, name)) for name in _FIELDS),
        col(RunRow.order_id).is_not(None).label("has_run"),
    )
    .outerjoin(RunRow, col(RunRow.order_id) == col(OrderRow.id))
    .where(col(OrderRow.id).in_(bindparam("orders", expanding=True)))
)
_LINES = (
    select(
        col(OrderLineRow.order_id),
        col(OrderLineRow.sku),
        col(OrderLineRow.quantity),
        col(OrderLineRow.unit_price),
    )
    .where(col(OrderLineRow.order_id).in_(bindparam("orders", expanding=True)))
    .order_by(col(OrderLineRow.order_id), col(OrderLineRow.position))
)


@dataclass(frozen=True)
class StoredOrder:
    """An order as it is kept. ``has_run``: its campaign has begun, and may have ended."""

    purchase: Purchase
    has_run: bool


def stored_orders(session: Session, order_ids: Collection[str]) -> dict[str, StoredOrder]:
    """Return those of the orders that are here, by id, in one statement or two."""
    if not order_ids:
        return {}
    wanted = {"orders": sorted(order_ids)}
    found = session.connection().execute(_ORDERS, wanted).mappings().all()
    if not found:
        return {}
    lines = defaultdict(list)
    for row in session.connection().execute(_LINES, {"orders": [row["order_id"] for row in found]}):
        lines[row.order_id].append(
            Line.model_construct(sku=row.sku, quantity=row.quantity, unit_price=row.unit_price)
        )
    return {
        row["order_id"]: StoredOrder(_purchase(row, lines[row["order_id"]]), row["has_run"]) for row in found
    }


def _purchase(row: Mapping[Any, Any], lines: list[Line]) -> Purchase:
    values = {name: row[name] for name in _FIELDS}
    return Purchase.model_construct(order_id=row["order_id"], lines=lines, **values)


def add_purchases(session: Session, purchases: Sequence[Purchase]) -> set[str]:
    """Add orders with their lines, two statements for all; return the ids of those that were not there.

    Their customers are there. Rows are inserted in the order of their ids, whoever inserts them, so that no
    two batches can wait for each other in a circle.
    """
    ordered = sorted(purchases, key=lambda purchase: purchase.order_id)
    rows = [
        {"id": purchase.order_id, **{name: getattr(purchase, name) for name in _FIELDS}}
        for purchase in ordered
    ]
    added = set(insert_all_once(session, OrderRow, rows, "id"))
    lines = [
        {"order_id": purchase.order_id, "position": position, **line.model_dump(), "returned": 0}
        for purchase in ordered
        if purchase.order_id in added
        for position, line in enumerate(purchase.lines)
    ]
    insert_all_once(session, OrderLineRow, lines, "order_id")
    return added
