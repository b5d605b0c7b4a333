"""What needs the whole shop's history, counted by a schedule and kept as rows that are read by key.

Counting only reads, and keeps nobody from writing. Its result is written in short transactions, product by
product, so that a message on its way sees the old rows or the new ones and hardly ever waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import delete, func, insert
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, select

from campaign.catalogue import COUNTED_DAYS
from storage.database import Database
from storage.tables import BestSellerRow, BoughtTogetherRow, OrderLineRow, OrderRow, ProductRow, StatisticRow

BEST_SELLERS, BOUGHT_TOGETHER = "best_sellers", "bought_together"
#: Best-sellers kept: enough for an order that has many of them itself.
KEPT_BEST_SELLERS = 100
#: Kept of what was bought together with one product.
KEPT_TOGETHER = 20
#: Pairs are made of an order's first lines only: they grow with their square.
PAIRED_LINES = 20
_ROWS_AT_ONCE = 1_000

Row = dict[str, Any]


def refresh_statistics(database: Database, now: datetime) -> dict[str, int]:
    """Count everything anew over the days before ``now``; return the rows of each statistic."""
    return {
        BEST_SELLERS: _refresh_best_sellers(database, now),
        BOUGHT_TOGETHER: _refresh_bought_together(database, now),
    }


def statistics(session: Session) -> Sequence[StatisticRow]:
    """Return what has been computed and when, by name."""
    return session.exec(select(StatisticRow).order_by(col(StatisticRow.name))).all()


def computed_since(database: Database, then: datetime) -> bool:
    """Return whether every statistic has been computed since."""
    with database.reading() as session:
        fresh = {row.name for row in statistics(session) if row.computed_at >= then}
    return fresh >= {BEST_SELLERS, BOUGHT_TOGETHER}


def _refresh_best_sellers(database: Database, now: datetime) -> int:
    with database.reading() as session:
        found = session.connection().execute(_most_sold(now)).mappings().all()
    rows = [{"rank": rank, **row} for rank, row in enumerate(found, 1)]
    with database.transaction() as session:
        session.connection().execute(delete(BestSellerRow))
        _insert(session, BestSellerRow, rows)
        _computed(session, BEST_SELLERS, now, len(rows))
    return len(rows)


def _most_sold(now: datetime) -> Any:
    quantity = func.sum(OrderLineRow.quantity)
    return (
        _counted(select(col(OrderLineRow.sku), quantity.label("quantity")), now)
        .join(ProductRow, col(ProductRow.sku) == col(OrderLineRow.sku))
        .group_by(col(OrderLineRow.sku))
        .order_by(quantity.desc(), col(OrderLineRow.sku))
        .limit(KEPT_BEST_SELLERS)
    )


def _counted(lines: Any, now: datetime) -> Any:
    """Take lines of the orders that count: best-sellers of 90 days, none placed later than ``now``."""
    placed = col(OrderRow.placed_at)
    since = now - timedelta(days=COUNTED_DAYS)
    orders = lines.join(OrderRow, col(OrderRow.id) == col(OrderLineRow.order_id))
    return orders.where(placed > since, placed <= now)


def _refresh_bought_together(database: Database, now: datetime) -> int:
    written, last = 0, ""
    with database.reading() as reading:
        pairs = reading.connection().execution_options(yield_per=_ROWS_AT_ONCE).execute(_pairs(now))
        for batch in _whole_products(dict(row) for row in pairs.mappings()):
            with database.transaction() as session:
                _replace(session, after=last, until=batch[-1]["sku"], rows=batch)
            written, last = written + len(batch), batch[-1]["sku"]
    with database.transaction() as session:
        _replace(session, after=last, until=None, rows=[])
        _computed(session, BOUGHT_TOGETHER, now, written)
    return written


def _pairs(now: datetime) -> Any:
    """Select for each product what stands beside it in the most orders, by product and rank."""
    beside = aliased(OrderLineRow)
    sku, other, orders = col(OrderLineRow.sku), col(beside.sku), func.count()
    rank = func.row_number().over(partition_by=sku, order_by=(orders.desc(), other))
    counted = (
        _counted(select(sku, rank.label("rank"), other.label("other_sku"), orders.label("orders")), now)
        .join(beside, (col(beside.order_id) == col(OrderLineRow.order_id)) & (other != sku))
        .join(ProductRow, col(ProductRow.sku) == other)
        .where(col(OrderLineRow.position) < PAIRED_LINES, col(beside.position) < PAIRED_LINES)
        .group_by(sku, other)
        .subquery()
    )
    return select(counted).where(counted.c.rank <= KEPT_TOGETHER).order_by(counted.c.sku, counted.c.rank)


def _whole_products(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut rows into batches that end where a product does."""
    batch: list[Row] = []
    for _, of_product in groupby(rows, itemgetter("sku")):
        batch += of_product
        if len(batch) >= _ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _replace(session: Session, *, after: str, until: str | None, rows: Sequence[Row]) -> None:
    sku = col(BoughtTogetherRow.sku)
    old = delete(BoughtTogetherRow).where(sku > after)
    session.connection().execute(old if until is None else old.where(sku <= until))
    _insert(session, BoughtTogetherRow, rows)


def _insert(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    if rows:
        session.connection().execute(insert(table), list(rows))


def _computed(session: Session, name: str, now: datetime, rows: int) -> None:
    session.merge(StatisticRow(name=name, computed_at=now, rows=rows))
