"""When a customer's next order is to be expected: own gaps, shrunk towards the categories' and the shop's.

A gap is the time between two days with a kept order. Gaps are long-tailed, so that they are averaged as
logarithms. A customer has few of them, so that the prior counts as some more (pseudo-gaps). How far real gaps
lie from what was expected of them is measured on the shop's own orders, not taken from a distribution.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import exp, log, sqrt
from typing import Any

from campaign.facts import PastOrder

PSEUDO_GAPS = 3.0
REACH = timedelta(days=180)
"""The longest gap that the model is about: a campaign writes to nobody later."""


@dataclass(frozen=True)
class CycleModel:
    """What is known of a shop's gaps, as logarithms of days.

    ``mean`` of the shop's gaps, and of each category's; ``pseudo_gaps``: as how many own gaps that counts.
    ``residuals``: by probability, ascending, how far a gap is at most above what was expected, in units that
    are the same for customers with many gaps and few.
    """

    mean: float
    categories: Mapping[str, float]
    residuals: tuple[tuple[float, float], ...]
    pseudo_gaps: float = PSEUDO_GAPS

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> CycleModel | None:
        """Return the model that was stored (`parameters`), or None: there is none that serves."""
        if not parameters:
            return None
        residuals = sorted((float(share), float(value)) for share, value in parameters["residuals"].items())
        return cls(parameters["mean"], parameters["categories"], tuple(residuals), parameters["pseudo_gaps"])

    @property
    def parameters(self) -> dict[str, Any]:
        """What is stored of it, as JSON."""
        residuals = {f"{share:g}": value for share, value in self.residuals}
        return {
            "mean": self.mean, "categories": dict(self.categories), "residuals": residuals,
            "pseudo_gaps": self.pseudo_gaps,
        }  # fmt: skip

    def residual(self, quantile: float) -> float:
        """Return how far above the expected logarithm a quantile lies; between two known ones, in between."""
        shares = [share for share, _ in self.residuals]
        at = min(max(bisect_left(shares, quantile), 1), len(shares) - 1)
        (low, below), (high, above) = self.residuals[at - 1 : at + 1]
        part = min(max((quantile - low) / (high - low), 0.0), 1.0)
        return below + part * (above - below)


@dataclass(frozen=True)
class NextOrder:
    """What is expected of a customer's next gap.

    ``gaps`` are the customer's own, in days, oldest first; ``prior`` the days that they are shrunk towards,
    and ``prior_of`` the categories which that comes from; none: the whole shop.
    """

    model: CycleModel
    gaps: tuple[int, ...]
    prior: float
    prior_of: tuple[str, ...]

    @property
    def typical(self) -> float:
        """The expected gap in days (the exponential of its expected logarithm)."""
        return exp(self._log_mean)

    def after(self, quantile: float) -> timedelta:
        """Return by when the next order has come with that probability, if it comes within `REACH`.

        In whole days, so that a model that was fitted anew last night rarely moves a message by a minute.
        """
        spread = sqrt(1 + 1 / (self.model.pseudo_gaps + len(self.gaps)))
        days = exp(self._log_mean + self.model.residual(quantile) * spread)
        return timedelta(days=max(round(min(days, REACH.days)), 1))

    @property
    def _log_mean(self) -> float:
        weight = self.model.pseudo_gaps
        return (weight * log(self.prior) + sum(map(log, self.gaps))) / (weight + len(self.gaps))


def own_gaps(orders: Sequence[PastOrder]) -> tuple[int, ...]:
    """Return the days between a customer's days with a kept order, oldest first."""
    days = sorted({order.placed_at.date() for order in orders if order.kept})
    return tuple((later - earlier).days for earlier, later in pairwise(days))


def next_order(model: CycleModel, orders: Sequence[PastOrder], categories: Collection[str]) -> NextOrder:
    """Return what the model expects of a customer with these orders, who has bought these categories."""
    known = sorted(name for name in categories if name in model.categories)
    logs = [model.categories[name] for name in known] or [model.mean]
    return NextOrder(model, own_gaps(orders), exp(sum(logs) / len(logs)), tuple(known))
