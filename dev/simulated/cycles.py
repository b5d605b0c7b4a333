"""How near several rules come to the next gap of returning customers, in simulated shops."""

from __future__ import annotations

import numpy as np
from rich.table import Table

from campaign.customers.buying_cycle import REACH
from campaign.customers.gap_fitting import Gaps, fit_cycle, measure
from campaign.customers.lifetime_value.buyers import Floats
from dev.simulated.shops import DAYS, Orders, draw_orders

QUARTER = 91.0
LEARNED_FROM = 365.0
SHOPS = ((2_357, 78), (10_000, 78), (10_000, 104), (10_000, 156), (10_000, 52))


def cycles() -> Table:
    """Return the median error over the held-out quarter of each shop, and the quantiles' calibration."""
    columns = ("customers", "weeks", "gaps held out", "3 pseudo-gaps", "own median", "shop", "80 %", "95 %")
    table = Table(*columns, title="The next gap, in days")
    for seed, (customers, weeks) in enumerate(SHOPS, 1):
        quality = _measured(draw_orders(customers, weeks, seed), weeks * DAYS)
        errors = [f"{quality['median_error'][name]:.1f}" for name in ("model", "own-median", "shop")]
        coverage = [f"{share:.1%}" for share in quality["coverage"].values()]
        held_out = f"{quality['held_out']:,}"
        table.add_row(f"{customers:,}", str(weeks), held_out, *errors, *coverage)
    return table


def _measured(orders: Orders, now: float) -> dict[str, dict[str, float]]:
    """Hold the last quarter out, as the nightly fit does."""
    ended, gaps = gaps_of(orders)
    reached = np.exp(gaps.log_gap) <= REACH.days + 0.5
    cut = now - QUARTER
    learned = reached & (ended <= cut) & (ended > cut - LEARNED_FROM)
    return measure(fit_cycle(gaps.where(learned)), gaps.where(reached & (ended > cut)))


def gaps_of(orders: Orders) -> tuple[Floats, Gaps]:
    """Return the day on which each gap ended, and the gaps; orders of a day are one."""
    rows: list[tuple[float, ...]] = []
    earlier: list[float] = []
    last: tuple[int, float] | None = None
    for customer, day in zip(orders.customer, np.floor(orders.day), strict=True):
        if last is None or last[0] != customer:
            earlier = []
        elif day > last[1]:
            own = float(np.median(earlier)) if earlier else float("nan")
            rows.append((day, np.log(day - last[1]), len(earlier), float(np.sum(np.log(earlier))), own))
            earlier.append(float(day - last[1]))
        last = (int(customer), float(day))
    table = np.array(rows)
    none: list[frozenset[str]] = [frozenset()] * len(rows)
    return table[:, 0], Gaps(table[:, 1], table[:, 2], table[:, 3], table[:, 4], none)
