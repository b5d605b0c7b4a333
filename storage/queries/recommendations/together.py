"""Counting what is bought together, with the score of `campaign.catalogue.association`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from heapq import nsmallest
from typing import Any

from sqlalchemy import Connection

from campaign.catalogue.association import LEAST_ORDERS, Together, association, is_significant
from storage.queries.recommendations.baskets import (
    KEPT_LINES,
    PAIRED_LINES,
    Row,
    by_product,
    counted,
    rows_of,
)

#: Kept of what is bought together with one product, and of these at most so many variants of one.
KEPT_TOGETHER, KEPT_VARIANTS = 20, 2

# A product's own count and that of its pairs come from the same baskets: else the table has negative cells.
_PAIRS = counted(f"""
WITH baskets AS MATERIALIZED (
  SELECT DISTINCT l.order_id, l.sku {KEPT_LINES} AND l.position < {PAIRED_LINES}),
sold AS MATERIALIZED (
  SELECT b.sku, count(*) AS orders, min(coalesce(p.family, b.sku)) AS family, count(p.sku) > 0 AS known
  FROM baskets b LEFT JOIN products p ON p.sku = b.sku
  GROUP BY b.sku HAVING count(*) >= {LEAST_ORDERS}),
pairs AS MATERIALIZED (
  SELECT a.sku AS one, b.sku AS two, count(*) AS orders
  FROM baskets a JOIN baskets b ON b.order_id = a.order_id AND b.sku > a.sku
  GROUP BY a.sku, b.sku HAVING count(*) >= {LEAST_ORDERS}),
directed AS (
  SELECT one AS sku, two AS other_sku, orders FROM pairs
  UNION ALL SELECT two, one, orders FROM pairs)
SELECT d.sku, d.other_sku, d.orders, s.orders AS first, t.orders AS second, t.family,
       (SELECT count(DISTINCT order_id) FROM baskets) AS baskets
FROM directed d JOIN sold s ON s.sku = d.sku JOIN sold t ON t.sku = d.other_sku
WHERE t.known AND s.family <> t.family
ORDER BY d.sku""")  # noqa: S608 - ours


def bought_together(connection: Connection, now: datetime) -> Iterator[Row]:
    """Give, product by product, what is bought together with it more than by chance, best first."""
    for sku, pairs in by_product(rows_of(connection, _PAIRS, now)):
        best = _first_of_each(nsmallest(KEPT_VARIANTS * KEPT_TOGETHER, _scored(pairs), key=_order))
        yield from ({"sku": sku, "rank": rank, **row} for rank, row in enumerate(best, 1))


def _scored(pairs: Iterable[Mapping[Any, Any]]) -> Iterator[Row]:
    for pair in pairs:
        table = Together(pair["orders"], pair["first"], pair["second"], pair["baskets"])
        if is_significant(table):
            kept = {name: pair[name] for name in ("other_sku", "orders", "family")}
            yield {**kept, "score": round(association(table), 3)}


def _order(row: Row) -> tuple[float, str]:
    return -row["score"], row["other_sku"]


def _first_of_each(rows: Iterable[Row]) -> list[Row]:
    """Take few variants of one product, so that others have room."""
    taken: dict[str, int] = {}
    found = []
    for row in rows:
        family = row.pop("family")
        taken[family] = taken.get(family, 0) + 1
        if taken[family] <= KEPT_VARIANTS:
            found.append(row)
    return found[:KEPT_TOGETHER]
