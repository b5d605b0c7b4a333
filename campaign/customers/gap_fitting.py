"""Fitting the model of buying cycles to a shop's gaps, and measuring it on those it has not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaign.customers.buying_cycle import PSEUDO_GAPS, CycleModel
from campaign.errors import ModelRefused

FEWEST_HELD_OUT = 500
"""Gaps: of so many, chance alone moves a measured 80 % by more than 3 points in one fit of eleven."""
CALIBRATED_AT = (0.80, 0.95)
MOST_OFF = 0.03
_FEWEST_OF_CATEGORY = 50
_SHOP_IN_CATEGORY = 30.0
"""As how many gaps the shop's mean counts in a category's."""
_MOST_CATEGORIES = 200
_SHARES = (0.01, 0.025, *(round(0.05 * n, 2) for n in range(1, 20)), 0.975, 0.99)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gaps:
    """A shop's gaps between orders of one customer, each an entry.

    ``log_gap``: the logarithm of its days; ``earlier`` and ``earlier_sum``: how many gaps that customer had
    before, and the sum of their logarithms; ``own_median``: the median of those in days (nan without);
    ``categories``: what the customer had bought by then.
    """

    log_gap: Floats
    earlier: Floats
    earlier_sum: Floats
    own_median: Floats
    categories: Sequence[frozenset[str]]

    def __len__(self) -> int:
        """Return how many gaps there are."""
        return len(self.log_gap)

    def where(self, mask: NDArray[np.bool_]) -> Gaps:
        """Return some of them."""
        chosen = [names for names, keep in zip(self.categories, mask, strict=True) if keep]
        return Gaps(
            self.log_gap[mask], self.earlier[mask], self.earlier_sum[mask], self.own_median[mask], chosen
        )


def fit_cycle(gaps: Gaps) -> CycleModel:
    """Return the model of a shop's gaps."""
    mean = float(np.mean(gaps.log_gap))
    model = CycleModel(mean, _category_means(gaps, mean), ())
    residuals = (gaps.log_gap - _expected(model, gaps)) / _spread(model, gaps)
    found = np.quantile(residuals, _SHARES)
    return CycleModel(mean, model.categories, tuple(zip(_SHARES, map(float, found), strict=True)))


def measure(model: CycleModel, held_out: Gaps) -> dict[str, Any]:
    """Return how the model does on gaps that it has not seen, beside the customer's own median and the shop.

    ``coverage``: which share of the gaps ended within the model's quantiles; ``median_error``: in days, over
    the customers with an earlier gap.
    """
    days, expected, spread = np.exp(held_out.log_gap), _expected(model, held_out), _spread(model, held_out)
    returned = held_out.earlier > 0
    predictions = {
        "model": np.exp(expected), "own-median": held_out.own_median,
        "shop": np.full(len(days), np.exp(model.mean)),
    }  # fmt: skip
    return {
        "held_out": len(held_out),
        "coverage": {
            f"{share:g}": float(np.mean(held_out.log_gap <= expected + model.residual(share) * spread))
            for share in CALIBRATED_AT
        },
        "median_error": {
            name: float(np.median(np.abs(predicted - days)[returned])) if np.any(returned) else None
            for name, predicted in predictions.items()
        },
    }


def check_cycle(quality: Mapping[str, Any]) -> None:
    """Hold a measured model against its rule.

    Raises:
        ModelRefused: too few gaps were held out, it is not calibrated, or a simpler rule does as well.
    """
    if quality["held_out"] < FEWEST_HELD_OUT:
        msg = f"{quality['held_out']} gaps ended in the last quarter: at least {FEWEST_HELD_OUT} are needed"
        raise ModelRefused(msg)
    for share, measured in quality["coverage"].items():
        if abs(measured - float(share)) > MOST_OFF:
            within = f"{measured:.1%} ended within the model's {float(share):.0%}"
            msg = f"not calibrated: of the last quarter's gaps {within}"
            raise ModelRefused(msg)
    errors = quality["median_error"]
    for other in ("own-median", "shop"):
        if errors["model"] is None or errors["model"] > errors[other]:
            msg = f"beaten on the last quarter: the {other} is as near to the real gaps"
            raise ModelRefused(msg)


def _category_means(gaps: Gaps, mean: float) -> dict[str, float]:
    logs: dict[str, list[float]] = defaultdict(list)
    for names, log_gap in zip(gaps.categories, gaps.log_gap, strict=True):
        for name in names:
            logs[name].append(float(log_gap))
    known = sorted(
        (name for name in logs if len(logs[name]) >= _FEWEST_OF_CATEGORY), key=lambda n: -len(logs[n])
    )
    weight = _SHOP_IN_CATEGORY
    return {
        name: (weight * mean + sum(logs[name])) / (weight + len(logs[name]))
        for name in known[:_MOST_CATEGORIES]
    }


def _expected(model: CycleModel, gaps: Gaps) -> Floats:
    """Return the expected logarithm of each gap, as `campaign.customers.buying_cycle.NextOrder` has it."""
    prior = np.array([_prior(model, names) for names in gaps.categories])
    expected: Floats = (PSEUDO_GAPS * prior + gaps.earlier_sum) / (PSEUDO_GAPS + gaps.earlier)
    return expected


def _prior(model: CycleModel, names: frozenset[str]) -> float:
    known = [model.categories[name] for name in names if name in model.categories]
    return sum(known) / len(known) if known else model.mean


def _spread(model: CycleModel, gaps: Gaps) -> Floats:
    spread: Floats = np.sqrt(1 + 1 / (model.pseudo_gaps + gaps.earlier))
    return spread
