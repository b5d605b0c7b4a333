"""``python -m dev.bench.models``: CPU seconds of fitting and scoring. Nothing is asserted."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import numpy as np

from activities.models.fit import MOST_FITTED, fit_models
from campaign.customers.lifetime_value.bg_nbd import BgNbd, fit_bg_nbd
from campaign.customers.lifetime_value.buyers import Buyers
from campaign.customers.lifetime_value.gamma_gamma import GammaGamma, fit_gamma_gamma
from dev.simulated.filling import fill_orders
from dev.simulated.shops import buyers_at, draw_orders
from starter import clock
from storage.database import Database
from storage.migrate import ensure_schema

CUSTOMERS = 100_000
FITTED = MOST_FITTED
YEAR_OF_WEEKS = 365 / 7

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work returns, and how many seconds of CPU it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def score(orders: BgNbd, spend: GammaGamma, buyers: Buyers) -> float:
    """Predict value, orders and the probability of being alive for each; return the mean value."""
    expected = orders.expected_orders(YEAR_OF_WEEKS, buyers)
    orders.alive(buyers)
    return float(np.mean(expected * spend.expected_spend(buyers)))


def nightly(customers: int, weeks: int) -> tuple[int, float]:
    """Return how many orders such a shop has, and how long a whole nightly fit takes on SQLite."""
    now = clock.now()
    orders = draw_orders(customers, weeks, 2)
    with tempfile.TemporaryDirectory(prefix="afterglow-bench-") as home:
        database = Database(f"sqlite:///{home}/shop.db")
        ensure_schema(database, may_upgrade=True)
        fill_orders(database, orders, now - timedelta(weeks=weeks))
        _, seconds = timed(lambda: fit_models(database, "USD", now, lambda: None))
        database.close()
    return len(orders.day), seconds


def main() -> int:
    """Measure, and print."""
    weeks = 104
    buyers, _ = buyers_at(draw_orders(CUSTOMERS, weeks, 1), weeks * 7)
    some = buyers[:FITTED]
    (model, _), fit = timed(lambda: fit_bg_nbd(some))
    (spend, _), fit_spend = timed(lambda: fit_gamma_gamma(some))
    mean, scoring = timed(lambda: score(model, spend, buyers))
    print(f"Fitting {FITTED:,} customers: BG/NBD {fit:.1f} s, Gamma-Gamma {fit_spend:.1f} s")
    print(f"Scoring {CUSTOMERS:,} customers: {scoring:.2f} s (mean value of the coming year {mean:.2f})")
    orders, seconds = nightly(CUSTOMERS, weeks)
    shop = f"{CUSTOMERS:,} customers with {orders:,} orders"
    print(f"The whole nightly fit of {shop}: {seconds:.0f} s (SQLite)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
