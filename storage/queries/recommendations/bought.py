"""What a customer has bought, as far as a message looks back: its orders' lines, and the newest others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Boolean, String, bindparam, text
from sqlmodel import Session

from campaign.catalogue.owned import Bought
from campaign.facts import OrderLine
from campaign.wire import OrderStatus
from storage.columns import Amount, UtcDateTime

#: So many lines are looked at besides those of the orders that the message is about, the newest.
NEWEST_LINES = 500
# Of reviews the customer's are read, however many a product has: "|| ''" keeps SQLite off the index by SKU.
_LINE = tuple(part.name for part in fields(OrderLine))
_BOUGHT = (
    text(f"""
WITH mine AS (
  SELECT id, placed_at, renewal, 0 AS other FROM orders WHERE id IN :orders
  UNION ALL SELECT * FROM (
    SELECT id, placed_at, renewal, 1 AS other FROM orders
    WHERE customer_id = :customer AND id NOT IN :orders ORDER BY placed_at DESC LIMIT {NEWEST_LINES}) rest),
lines AS (
  SELECT l.order_id, l.position, l.sku, l.quantity, l.unit_price, l.returned, m.placed_at, m.renewal, m.other
  FROM mine m JOIN order_lines l ON l.order_id = m.id),
newest AS (
  SELECT * FROM lines WHERE other = 0
  UNION ALL SELECT * FROM (
    SELECT * FROM lines WHERE other = 1
    ORDER BY placed_at DESC, order_id, position LIMIT {NEWEST_LINES}) rest)
SELECT n.order_id, n.sku, n.quantity, n.unit_price, n.returned, n.placed_at, n.renewal,
       n.other = 0 AND EXISTS (
         SELECT 1 FROM reviews v WHERE v.customer_id = :customer AND v.sku || '' = n.sku) AS reviewed,
       (SELECT min(e.status) FROM order_events e
        WHERE e.order_id = n.order_id AND e.status IN ('cancelled', 'refunded')) AS lost,
       coalesce(p.family, n.sku) AS family, p.category,
       coalesce(p.lasts_days, (SELECT g.days FROM repeat_gaps g WHERE g.sku = n.sku)) AS lasts_days,
       coalesce(p.consumable, false) AS consumable
FROM newest n LEFT JOIN products p ON p.sku = n.sku
ORDER BY n.other, n.order_id, n.position""")  # noqa: S608 - ours
    .bindparams(bindparam("orders", expanding=True, type_=String))
    .columns(unit_price=Amount, placed_at=UtcDateTime, reviewed=Boolean, renewal=Boolean, consumable=Boolean)
)


def bought_by(session: Session, customer_id: str, order_ids: Sequence[str]) -> list[Bought]:
    """Return the lines of ``order_ids``, an order's in their order, and then the newest of all others.

    What is both cancelled and refunded was cancelled: the customer never had it.
    """
    values = {"customer": customer_id, "orders": list(order_ids)}
    return [_bought(row) for row in session.connection().execute(_BOUGHT, values).mappings()]


def lines_of_orders(bought: Sequence[Bought], order_ids: Sequence[str]) -> list[OrderLine]:
    """Return the lines of some orders."""
    wanted = set(order_ids)
    return [entry.line for entry in bought if entry.line.order_id in wanted]


def _bought(row: Mapping[Any, Any]) -> Bought:
    values = dict(row)
    line = OrderLine(**{name: values.pop(name) for name in _LINE})
    lost = values.pop("lost")
    return Bought(line=line, lost=OrderStatus(lost) if lost else None, **values)
