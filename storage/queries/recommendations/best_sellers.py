"""Counting what sells best, overall and in each category."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from storage.queries.recommendations.baskets import KEPT_LINES, Row, counted, rows_of

#: Kept of the whole shop: enough for a customer who has bought many of them; and of each category.
KEPT_BEST_SELLERS, KEPT_OF_CATEGORY = 100, 20
#: Of these at most so many variants of one product.
KEPT_VARIANTS = 3
_RANK = "row_number() OVER ({of} ORDER BY quantity DESC, sku)"
_BEST = counted(f"""
WITH sold AS MATERIALIZED (
  SELECT l.sku, sum(l.quantity - l.returned) AS quantity {KEPT_LINES} GROUP BY l.sku),
known AS MATERIALIZED (
  SELECT s.sku, s.quantity, p.category, row_number() OVER (
      PARTITION BY coalesce(p.family, p.sku) ORDER BY s.quantity DESC, s.sku) AS variant
  FROM sold s JOIN products p ON p.sku = s.sku WHERE p.recommend),
overall AS (
  SELECT '' AS category, sku, quantity, {_RANK.format(of="")} AS rank FROM known
  WHERE variant <= {KEPT_VARIANTS}),
of_categories AS (
  SELECT category, sku, quantity, {_RANK.format(of="PARTITION BY category")} AS rank FROM known
  WHERE variant <= {KEPT_VARIANTS} AND category <> '')
SELECT * FROM overall WHERE rank <= {KEPT_BEST_SELLERS}
UNION ALL SELECT * FROM of_categories WHERE rank <= {KEPT_OF_CATEGORY}
ORDER BY category, rank""")  # noqa: S608 - ours


def best_sellers(connection: Connection, now: datetime) -> Iterator[Row]:
    """Give what sold most in 90 days: overall (category empty), then category by category."""
    for row in rows_of(connection, _BEST, now):
        yield {**row, "quantity": int(row["quantity"])}
