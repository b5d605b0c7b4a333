"""How long one of a product lasts, estimated from those who have bought it again.

A customer's figure is the mean of the days between two orders of it, divided by how many were in the earlier
one; a product's is the median of its customers' figures, so that one customer who orders daily counts once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from storage.queries.recommendations.baskets import KEPT_LINES, Row, counted, rows_of

#: Gaps are looked for in the orders of so many days.
GAP_DAYS = 730
#: Enough is known of a product that so many customers have bought again, and so great a part of its buyers.
LEAST_CUSTOMERS, LEAST_SHARE = 10, 0.2
_DAYS = {
    "sqlite": "(julianday(placed_at) - julianday({before}))",
    "postgresql": "(extract(epoch FROM placed_at - {before}) / 86400.0)",
}
_BEFORE = "lag({column}) OVER (PARTITION BY sku, customer_id ORDER BY placed_at, order_id)"
_GAPS = """
WITH bought AS (
  SELECT l.sku, o.customer_id, o.placed_at, o.id AS order_id, sum(l.quantity - l.returned) AS quantity
  {kept} GROUP BY l.sku, o.customer_id, o.placed_at, o.id),
gaps AS (
  SELECT sku, customer_id, {days} AS days, {quantity} AS quantity FROM bought),
customers AS (
  SELECT sku, customer_id, avg(CASE WHEN days >= 1 THEN days / quantity END) AS days
  FROM gaps GROUP BY sku, customer_id),
ranked AS (
  SELECT sku, days,
         count(*) OVER (PARTITION BY sku) AS buyers, count(days) OVER (PARTITION BY sku) AS repeated,
         row_number() OVER (PARTITION BY sku ORDER BY days IS NULL, days) AS place
  FROM customers)
SELECT sku, days, repeated AS customers, buyers FROM ranked
WHERE place = (repeated + 1) / 2 AND repeated >= {customers} AND repeated >= {share} * buyers AND days >= 1
ORDER BY sku"""
_STATEMENTS = {
    dialect: counted(
        _GAPS.format(
            kept=KEPT_LINES,
            days=days.format(before=_BEFORE.format(column="placed_at")),
            quantity=_BEFORE.format(column="quantity"),
            customers=LEAST_CUSTOMERS,
            share=LEAST_SHARE,
        )
    )
    for dialect, days in _DAYS.items()
}


def repeat_gaps(connection: Connection, now: datetime) -> Iterator[Row]:
    """Give the days that one of each product lasts, of those that enough customers have bought again."""
    for row in rows_of(connection, _STATEMENTS[connection.dialect.name], now, GAP_DAYS):
        yield {**row, "days": round(row["days"])}
