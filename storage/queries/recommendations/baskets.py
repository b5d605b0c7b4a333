"""What counts as bought: lines of orders that were kept, for statistics over the whole shop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text

from campaign.catalogue.shelf import COUNTED_DAYS
from storage.columns import UtcDateTime

#: Pairs are made of an order's first lines only: they grow with their square.
PAIRED_LINES = 20
ROWS_AT_ONCE = 1_000

Row = dict[str, Any]

#: Lines of the orders placed in (since, now] that were neither cancelled, refunded nor returned. CROSS JOIN
#: keeps SQLite to this order: for a GROUP BY sku it would read lines by sku, and their orders at random.
KEPT_LINES = """
  FROM orders o CROSS JOIN order_lines l
  WHERE l.order_id = o.id AND o.placed_at > :since AND o.placed_at <= :now AND l.returned < l.quantity
    AND NOT EXISTS (SELECT 1 FROM order_events e
                    WHERE e.order_id = o.id AND e.status IN ('cancelled', 'refunded'))"""


def counted(statement: str) -> TextClause:
    """Return a statement that has `KEPT_LINES`; its times are parameters."""
    times = (bindparam(name, type_=UtcDateTime) for name in ("since", "now"))
    return text(statement).bindparams(*times)


def rows_of(
    connection: Connection, statement: TextClause, now: datetime, days: int = COUNTED_DAYS
) -> Iterator[Mapping[Any, Any]]:
    """Read what was counted over so many days before ``now``, in parts: memory does not grow with it."""
    values = {"since": now - timedelta(days=days), "now": now}
    yield from connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement, values).mappings()


def by_product(rows: Iterable[Mapping[Any, Any]]) -> Iterator[tuple[str, list[Mapping[Any, Any]]]]:
    """Give the rows of one product after another; they are sorted by ``sku``."""
    for sku, found in groupby(rows, itemgetter("sku")):
        yield sku, list(found)
