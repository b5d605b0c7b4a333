"""``python -m dev.bench.models``: fitting and scoring customers on this machine. Nothing is asserted."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from campaign.customers.lifetime_value.bg_nbd import BgNbd, fit_bg_nbd
from campaign.customers.lifetime_value.buyers import Buyers
from campaign.customers.lifetime_value.gamma_gamma import GammaGamma, fit_gamma_gamma
from dev.simulated.shops import buyers_at, draw_orders

CUSTOMERS = 100_000
FITTED = 50_000
YEAR_OF_WEEKS = 365 / 7

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work returns, and how many seconds it took."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def score(orders: BgNbd, spend: GammaGamma, buyers: Buyers) -> float:
    """Predict value, orders and the probability of being alive for each; return the mean value."""
    expected = orders.expected_orders(YEAR_OF_WEEKS, buyers)
    orders.alive(buyers)
    return float(np.mean(expected * spend.expected_spend(buyers)))


def main() -> int:
    """Measure, and print."""
    weeks = 104
    buyers, _ = buyers_at(draw_orders(CUSTOMERS, weeks, 1), weeks * 7)
    some = buyers[:FITTED]
    (orders, _), fit = timed(lambda: fit_bg_nbd(some))
    (spend, _), fit_spend = timed(lambda: fit_gamma_gamma(some))
    mean, scoring = timed(lambda: score(orders, spend, buyers))
    print(f"Fitting {FITTED:,} customers: BG/NBD {fit:.1f} s, Gamma-Gamma {fit_spend:.1f} s")
    print(f"Scoring {CUSTOMERS:,} customers: {scoring:.2f} s (mean value of the coming year {mean:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
