"""Customers as the models take them, from the rows that the database gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from campaign.customers.lifetime_value.buyers import Buyers
from campaign.customers.lifetime_value.serving import HeldOut
from storage.queries.models.purchases import Spending

_WEEK = timedelta(days=7)


def buyers_of(rows: Sequence[Spending], now: datetime) -> Buyers:
    """Return the customers as they stand now."""
    return _buyers([(row.first, row.last, row.days, row.value) for row in rows], now)


def held_out_of(rows: Sequence[Spending], before: datetime) -> HeldOut:
    """Return the customers who had bought before, as they stood then, and what they did since."""
    known = [row for row in rows if row.last_before is not None]
    return HeldOut(
        _buyers([(r.first, r.last_before or r.first, r.days_before, r.value_before) for r in known], before),
        np.array([float(row.days - row.days_before) for row in known]),
        np.array([row.value - row.value_before for row in known]),
    )


def _buyers(rows: Sequence[tuple[datetime, datetime, int, float]], now: datetime) -> Buyers:
    table = np.array(
        [(days - 1, (last - first) / _WEEK, (now - first) / _WEEK, value / days, days)
         for first, last, days, value in rows]
    ).reshape(-1, 5)  # fmt: skip
    recency = np.where(table[:, 0] > 0, table[:, 1], 0.0)
    return Buyers(table[:, 0], recency, table[:, 2], table[:, 3], table[:, 4])
