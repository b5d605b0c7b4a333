"""``python -m dev.bench.recommendations``: counting a large shop's statistics, reading one message's lists.

A message reads what its customer has bought, and what to show: two statements, measured together. Nothing is
asserted.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from campaign.catalogue.owned import history_of
from campaign.errors import Unavailable
from dev.bench.fill import ORDERS_A_CUSTOMER, fill_repeat_gaps, fill_shop
from dev.servers.postgres import postgres_server
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.recommendations.bought import bought_by
from storage.queries.shop.catalogue import shelf_for
from storage.queries.shop.statistics import BEST_SELLERS, BOUGHT_TOGETHER, REPEAT_GAPS, refresh_statistic

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
MESSAGES = 500


def main() -> None:
    """Measure on SQLite and, where it is installed, on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    given = parser.parse_args()
    print(f"Recommendations with {given.orders:,} orders of {given.products:,} products")
    if "sqlite" in given.databases:
        with tempfile.TemporaryDirectory() as folder:
            measure("SQLite", f"sqlite:///{Path(folder) / 'bench.db'}", given.orders, given.products)
    if "postgresql" in given.databases:
        try:
            with postgres_server() as url:
                measure("PostgreSQL", url, given.orders, given.products)
        except Unavailable as error:
            print(f"  PostgreSQL: {error}")


def measure(name: str, url: str, orders: int, products: int) -> None:
    """Fill a shop, count its statistics, read the lists of many messages, and say what it took."""
    database = Database(url)
    upgrade(database)
    fill_shop(database, 0, orders - 1, NOW, products)
    before = _peak()
    for statistic in (BEST_SELLERS, BOUGHT_TOGETHER, REPEAT_GAPS):
        began = time.perf_counter()
        rows = refresh_statistic(database, statistic, NOW)
        seconds = time.perf_counter() - began
        print(f"  {name:<12}{statistic:<18}{seconds:>7.1f} s {rows:>9,} rows")
    print(f"  {name:<12}memory of this process while counting: {_peak() - before:+.0f} MB")
    with database.transaction() as session:
        fill_repeat_gaps(session, products)
    walls, own = zip(*(_milliseconds(database, number, orders) for number in range(MESSAGES)), strict=True)
    last = quantiles(walls, n=20)[-1]
    print(f"  {name:<12}one message: {median(walls):.2f} ms (95 of 100 within {last:.2f} ms),", end="")
    print(f" of it {median(own):.2f} ms of this process's CPU")
    database.close()


def _milliseconds(database: Database, number: int, orders: int) -> tuple[float, float]:
    """Read the lists of a message about one of the past orders, which lie far apart: clock and CPU."""
    order = number * 7_919 % orders
    with database.reading() as session:
        began, used = time.perf_counter(), time.process_time()
        about = [f"past-{order}"]
        bought = bought_by(session, f"past-{order // ORDERS_A_CUSTOMER}", about)
        history = history_of(bought, about, NOW)
        shelf_for(session, history.own, NOW, history=history)
        return 1_000 * (time.perf_counter() - began), 1_000 * (time.process_time() - used)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
