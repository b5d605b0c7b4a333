"""``python -m dev.simulated``: the tables of docs/model.md, from shops drawn at random. Takes minutes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from campaign.customers.lifetime_value.bg_nbd import fit_bg_nbd
from campaign.customers.lifetime_value.buyers import Buyers, Floats
from campaign.customers.lifetime_value.gamma_gamma import fit_gamma_gamma
from campaign.errors import ModelRefused
from dev.simulated.cycles import cycles
from dev.simulated.shops import DAYS, ORDERS, SPEND, buyers_at, draw_orders

SHOPS = 40
RETURNING = (50, 100, 200, 400, 800)
WEEKS = (26, 39, 52, 104)
YEAR_OF_WEEKS = 365 / 7
_MANY = 20_000
_WELL_KNOWN = 0.9


def main() -> int:
    """Print both tables."""
    console = Console()
    console.print(thin_data(console.print))
    console.print(cycles())
    return 0


def thin_data(say: Callable[[str], None]) -> Table:
    """Return how far the value of the coming year is missed by fits to small samples of one shop."""
    table = Table("weeks", "returning", "refused", "error, median", "error, 9 of 10", title="Thin data")
    for weeks in WEEKS:
        pool, _ = buyers_at(draw_orders(_MANY, weeks, 99), weeks * DAYS)
        for returning in RETURNING:
            customers = int(returning * len(pool) / pool.returning)
            errors = [e for seed in range(SHOPS) if (e := _error(pool, customers, weeks, seed)) is not None]
            most = np.quantile(errors, _WELL_KNOWN)
            numbers = (f"{np.median(errors):.0%}", f"{most:.0%}")
            table.add_row(str(weeks), str(returning), f"{SHOPS - len(errors)} of {SHOPS}", *numbers)
        say(f"{weeks} weeks: done")
    return table


def _error(pool: Buyers, customers: int, weeks: int, seed: int) -> float | None:
    """Return by how much a fit to so many customers misses the pool's true value; None: refused."""
    sample, _ = buyers_at(draw_orders(customers, weeks, seed), weeks * DAYS)
    try:
        orders, spend = fit_bg_nbd(sample)[0], fit_gamma_gamma(sample)[0]
    except ModelRefused:
        return None
    predicted = _value(orders.expected_orders(YEAR_OF_WEEKS, pool), spend.expected_spend(pool))
    real = _value(ORDERS.expected_orders(YEAR_OF_WEEKS, pool), SPEND.expected_spend(pool))
    return abs(predicted / real - 1)


def _value(orders: Floats, spend: Sequence[float] | Floats) -> float:
    return float(np.sum(orders * spend))


if __name__ == "__main__":
    sys.exit(main())
