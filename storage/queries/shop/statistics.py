"""What needs the whole shop's history, counted by a schedule and kept as rows that are read by key.

Counting only reads, and keeps nobody from writing; its result is written by `storage.replacing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session, SQLModel, col, select

from storage.database import Database
from storage.inserts import insert_rows
from storage.queries.recommendations.baskets import Row
from storage.queries.recommendations.best_sellers import best_sellers
from storage.queries.recommendations.repeat_gaps import repeat_gaps
from storage.queries.recommendations.together import bought_together
from storage.replacing import Rows, replace_rows
from storage.tables import BestSellerRow, BoughtTogetherRow, RepeatGapRow, StatisticRow

BEST_SELLERS, BOUGHT_TOGETHER, REPEAT_GAPS = "best_sellers", "bought_together", "repeat_gaps"

Count = Callable[[Connection, datetime], Iterable[Row]]


#: By name: the table, the column by which its rows come sorted and are read, and what counts them.
_STATISTICS: dict[str, tuple[type[SQLModel], Any, Count]] = {
    BEST_SELLERS: (BestSellerRow, BestSellerRow.category, best_sellers),
    BOUGHT_TOGETHER: (BoughtTogetherRow, BoughtTogetherRow.sku, bought_together),
    REPEAT_GAPS: (RepeatGapRow, RepeatGapRow.sku, repeat_gaps),
}


#: What changes slowly and takes longest is counted once a day, the rest whenever the schedule runs.
_COUNTED_EVERY = {REPEAT_GAPS: timedelta(hours=23)}


def refresh_statistics(database: Database, now: datetime) -> dict[str, int]:
    """Count anew over the days before ``now`` what is due; return the rows of each statistic."""
    with database.reading() as session:
        known = {row.name: row for row in statistics(session)}
    return {
        name: known[name].rows if _is_fresh(known.get(name), now) else refresh_statistic(database, name, now)
        for name in _STATISTICS
    }


def _is_fresh(row: StatisticRow | None, now: datetime) -> bool:
    if row is None or row.name not in _COUNTED_EVERY:
        return False
    return timedelta(0) <= now - row.computed_at < _COUNTED_EVERY[row.name]


def statistics(session: Session) -> Sequence[StatisticRow]:
    """Return what has been computed and when, by name."""
    return session.exec(select(StatisticRow).order_by(col(StatisticRow.name))).all()


def computed_since(database: Database, then: datetime) -> bool:
    """Return whether everything has been computed since, or earlier where that is still fresh."""
    with database.reading() as session:
        found = statistics(session)
    fresh = {row.name for row in found if row.computed_at >= then or _is_fresh(row, then)}
    return fresh >= _STATISTICS.keys()


def refresh_statistic(database: Database, name: str, now: datetime) -> int:
    """Count one statistic now, and replace its rows; return how many it has."""
    table, column, count = _STATISTICS[name]

    def write(session: Session, rows: Rows) -> int:
        insert_rows(session, table, [dict(row) for row in rows])
        return len(rows)

    return replace_rows(database, name, table, column, lambda reading: count(reading, now), write, now)
