"""Which prediction serves a shop: the models, or the simpler rule not beaten in the last quarter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from campaign.customers.lifetime_value.bg_nbd import BgNbd, fit_bg_nbd
from campaign.customers.lifetime_value.buyers import Buyers, Floats
from campaign.customers.lifetime_value.gamma_gamma import GammaGamma, fit_gamma_gamma
from campaign.errors import ModelRefused

QUARTER_WEEKS = 13.0
FEWEST_RETURNING = 200
FEWEST_WEEKS = 39.0
"""A quarter to measure on, and two to fit."""
_GROUPS = 5


class Serves(StrEnum):
    """What a prediction comes from."""

    MODEL = "model"
    OWN_RATE = "own-rate"
    SHOP_MEAN = "shop-mean"
    NOTHING = "none"


@dataclass(frozen=True)
class Prediction:
    """Expected orders and their value over some weeks, and the probability of being alive, where known."""

    orders: Floats
    value: Floats
    alive: Floats | None = None


@dataclass(frozen=True)
class Predictor:
    """What is known of a shop's customers as a whole: enough for each way to predict.

    ``rate``: orders a customer and week after the first; ``spend``: the mean value of an order.
    """

    rate: float
    spend: float
    orders: BgNbd | None = None
    spends: GammaGamma | None = None

    def predict(self, serves: Serves, buyers: Buyers, weeks: float) -> Prediction:
        """Predict the coming ``weeks`` of each customer."""
        if serves is Serves.MODEL and self.orders and self.spends:
            orders = self.orders.expected_orders(weeks, buyers)
            return Prediction(orders, orders * self.spends.expected_spend(buyers), self.orders.alive(buyers))
        if serves is Serves.OWN_RATE:
            orders = buyers.repeats / np.maximum(buyers.age, QUARTER_WEEKS) * weeks
            return Prediction(orders, orders * buyers.spend)
        orders = np.full(len(buyers), self.rate * weeks)
        return Prediction(orders, orders * self.spend)


@dataclass(frozen=True)
class HeldOut:
    """The last quarter: the customers as they stood before it, and what they then did."""

    before: Buyers
    orders: Floats
    value: Floats


@dataclass(frozen=True)
class Fitted:
    """What serves a shop, why nothing better does, and what was measured on the held-out quarter."""

    predictor: Predictor
    serves: Serves
    why: str | None
    quality: dict[str, Any]


def fit_shop(buyers: Buyers, held_out: HeldOut, beat: Callable[[], None] = lambda: None) -> Fitted:
    """Fit a shop's customers, and choose by the last quarter what serves.

    The models are fitted without that quarter, measured on it, and fitted again with it. ``beat`` is called
    between the two.
    """
    quality: dict[str, Any] = {"customers": len(buyers), "returning": buyers.returning}
    try:
        _check_enough(buyers, held_out)
        measured = _with_models(held_out.before)
    except ModelRefused as error:
        return _simpler(buyers, held_out, str(error), quality)
    beat()
    quality |= _compared(measured, held_out, tuple(Serves)[:3])
    beaten = _beaten_by(quality["error"])
    if beaten:
        return _simpler(buyers, held_out, beaten, quality)
    try:
        return Fitted(_with_models(buyers), Serves.MODEL, None, quality)
    except ModelRefused as error:
        return _simpler(buyers, held_out, str(error), quality)


def _check_enough(buyers: Buyers, held_out: HeldOut) -> None:
    weeks = float(np.max(buyers.age, initial=0.0))
    if weeks < FEWEST_WEEKS:
        msg = f"too little history: {weeks:.0f} weeks of orders, {FEWEST_WEEKS:.0f} are needed"
        raise ModelRefused(msg)
    if held_out.before.returning < FEWEST_RETURNING:
        msg = (
            f"too few returning customers: {held_out.before.returning} before the last quarter,"
            f" {FEWEST_RETURNING} are needed"
        )
        raise ModelRefused(msg)


def _with_means(buyers: Buyers) -> Predictor:
    weeks, orders = float(np.sum(buyers.age)), float(np.sum(buyers.spends))
    return Predictor(
        rate=float(np.sum(buyers.repeats)) / weeks if weeks else 0.0,
        spend=float(np.sum(buyers.spend * buyers.spends)) / orders if orders else 0.0,
    )


def _with_models(buyers: Buyers) -> Predictor:
    means = _with_means(buyers)
    return Predictor(means.rate, means.spend, fit_bg_nbd(buyers)[0], fit_gamma_gamma(buyers)[0])


def _simpler(buyers: Buyers, held_out: HeldOut, why: str, quality: dict[str, Any]) -> Fitted:
    """Serve what erred less on the last quarter; nothing where nobody had bought before it."""
    if not len(held_out.before):
        return Fitted(_with_means(buyers), Serves.NOTHING, why, quality)
    if "error" not in quality:
        quality |= _compared(_with_means(held_out.before), held_out, (Serves.OWN_RATE, Serves.SHOP_MEAN))
    errors = quality["error"]
    better = min((Serves.SHOP_MEAN, Serves.OWN_RATE), key=lambda name: errors[name]["value"])
    return Fitted(_with_means(buyers), better, why, quality)


def _compared(predictor: Predictor, held_out: HeldOut, ways: tuple[Serves, ...]) -> dict[str, Any]:
    """Return the error of each way over the held-out quarter, and how the first is calibrated."""
    made = {way: predictor.predict(way, held_out.before, QUARTER_WEEKS) for way in ways}
    errors = {
        way.value: {
            "orders": _error(each.orders, held_out.orders),
            "value": _error(each.value, held_out.value),
            "total": float(np.sum(each.value)),
        }
        for way, each in made.items()
    }
    return {
        "error": errors,
        "total": float(np.sum(held_out.value)),
        "calibration": _groups(made[ways[0]].orders, held_out.orders),
    }


def _error(predicted: Floats, real: Floats) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean((predicted - real) ** 2)))


def _groups(predicted: Floats, real: Floats) -> list[list[float]]:
    """Return for fifths of the customers, by predicted orders, the predicted mean and the real one."""
    parts = np.array_split(np.argsort(predicted, kind="stable"), min(_GROUPS, len(predicted)))
    return [[float(np.mean(predicted[part])), float(np.mean(real[part]))] for part in parts]


def _beaten_by(errors: dict[str, Any]) -> str | None:
    for other in (Serves.OWN_RATE, Serves.SHOP_MEAN):
        for what in ("orders", "value"):
            if errors[Serves.MODEL][what] >= errors[other][what]:
                return f"beaten on the last quarter: the {other} predicts {what} as well"
    return None
