"""Customers who buy as BG/NBD and Gamma-Gamma have it, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaign.customers.lifetime_value.bg_nbd import BgNbd
from campaign.customers.lifetime_value.buyers import Buyers, Floats
from campaign.customers.lifetime_value.gamma_gamma import GammaGamma

ORDERS = BgNbd(0.243, 4.414, 0.793, 2.426)
"""What CDNOW's customers are like (tests/data/cdnow)."""
SPEND = GammaGamma(6.25, 3.74, 15.44)
DAYS = 7.0


@dataclass(frozen=True)
class Orders:
    """One entry a purchase, by customer (0, 1, ...) and time (days from the shop's first)."""

    customer: NDArray[np.int64]
    day: Floats
    value: Floats


def draw_orders(
    customers: int, weeks: float, seed: int, *, model: BgNbd = ORDERS, spend: GammaGamma = SPEND
) -> Orders:
    """Draw a shop whose customers have come evenly over so many weeks."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r, 1 / model.alpha, customers) / DAYS
    leaves = rng.beta(model.a, model.b, customers)
    scale = rng.gamma(spend.q, 1 / spend.v, customers)
    buying, at = np.arange(customers), rng.uniform(0, weeks * DAYS, customers)
    who, when = [buying], [at]
    while len(buying):
        at = at + rng.exponential(1, len(buying)) / np.maximum(rate[buying], 1e-12)
        there = at < weeks * DAYS
        buying, at = buying[there], at[there]
        who.append(buying)
        when.append(at)
        stays = rng.uniform(size=len(buying)) > leaves[buying]
        buying, at = buying[stays], at[stays]
    customer, day = np.concatenate(who), np.concatenate(when)
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    return Orders(customer, day, rng.gamma(spend.p, 1, len(customer)) / scale[customer])


def buyers_at(orders: Orders, day: float) -> tuple[Buyers, NDArray[np.int64]]:
    """Return the customers who had bought by a day as they stood then, and which they are."""
    known = orders.day <= day
    customer, at, value = orders.customer[known], orders.day[known], orders.value[known]
    ids, first, count = np.unique(customer, return_index=True, return_counts=True)
    last = first + count - 1
    spend = np.add.reduceat(value, first) / count if len(first) else value
    return (
        Buyers(
            repeats=(count - 1).astype(float), recency=(at[last] - at[first]) / DAYS,
            age=(day - at[first]) / DAYS, spend=spend, spends=count.astype(float),
        ),
        ids,
    )  # fmt: skip
