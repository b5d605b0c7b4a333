"""Fitting a shop's gaps: what is found again, what is calibrated, and what is refused."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest

from campaign.customers.gap_fitting import Gaps, check_cycle, fit_cycle, measure
from campaign.errors import ModelRefused

KITCHEN, BATH = frozenset({"Kitchen"}), frozenset({"Bath"})


def draw(customers: int, seed: int, *, spread: float = 0.5, shift: float = 0.0) -> Gaps:
    """Draw gaps of customers with a pace of their own, around 40 days in the kitchen and 20 in the bath."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, float, float, float]] = []
    categories: list[frozenset[str]] = []
    for number in range(customers):
        pace = log(40 if number % 2 else 20) + shift + rng.normal(0, spread / 3**0.5)
        logs = np.maximum(pace + rng.normal(0, spread, rng.integers(1, 6)), 0.0)
        for count, each in enumerate(logs):
            median = float(np.median(np.exp(logs[:count]))) if count else float("nan")
            rows.append((each, count, float(np.sum(logs[:count])), median))
            categories.append(KITCHEN if number % 2 else BATH)
    table = np.array(rows)
    return Gaps(table[:, 0], table[:, 1], table[:, 2], table[:, 3], categories)


def test_the_paces_of_the_categories_are_found_again() -> None:
    """Each category's mean within a few percent, the shop's between them."""
    model = fit_cycle(draw(3_000, 1))
    assert np.exp(model.categories["Kitchen"]) == pytest.approx(40, rel=0.05)
    assert np.exp(model.categories["Bath"]) == pytest.approx(20, rel=0.05)
    assert model.categories["Bath"] < model.mean < model.categories["Kitchen"]


def test_it_is_calibrated_and_nearer_than_simpler_rules() -> None:
    """On gaps that it has not seen: within 3 points at 80 % and 95 %, and the least median error."""
    quality = measure(fit_cycle(draw(3_000, 1)), draw(1_000, 2))
    check_cycle(quality)
    assert quality["coverage"]["0.8"] == pytest.approx(0.8, abs=0.03)
    assert quality["coverage"]["0.95"] == pytest.approx(0.95, abs=0.03)
    errors = quality["median_error"]
    assert errors["model"] < min(errors["own-median"], errors["shop"])


def test_calibration_assumes_no_distribution() -> None:
    """Gaps that are far from log-normal (exponential ones): still within 3 points."""
    rng = np.random.default_rng(3)

    def exponential(count: int) -> Gaps:
        logs = np.log(np.ceil(rng.exponential(30, count)))
        nothing = np.zeros(count)
        return Gaps(logs, nothing, nothing, np.full(count, np.nan), [KITCHEN] * count)

    coverage = measure(fit_cycle(exponential(4_000)), exponential(4_000))["coverage"]
    assert coverage == {"0.8": pytest.approx(0.8, abs=0.03), "0.95": pytest.approx(0.95, abs=0.03)}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"held_out": 499}, "499 gaps ended in the last quarter: at least 500 are needed"),
        ({"coverage": {"0.8": 0.76}}, "not calibrated: of the last quarter's gaps 76.0% ended within"),
        ({"median_error": {"model": 20.1, "own-median": 20.0, "shop": 25.0}}, "beaten on the last quarter"),
        ({"median_error": {"model": None, "own-median": None, "shop": None}}, "beaten"),
    ],
)
def test_what_is_no_better_is_refused(change: dict[str, Any], why: str) -> None:
    """Too few gaps, quantiles that are off, a simpler rule that is as near: each with its reason."""
    good = {
        "held_out": 500, "coverage": {"0.8": 0.82, "0.95": 0.94},
        "median_error": {"model": 17.4, "own-median": 20.0, "shop": 25.0},
    }  # fmt: skip
    check_cycle(good)
    with pytest.raises(ModelRefused, match=why):
        check_cycle({**good, **change})


def test_a_shop_that_has_changed_is_refused() -> None:
    """Gaps a third longer in the last quarter: what was learned before is not calibrated any more."""
    quality = measure(fit_cycle(draw(3_000, 1)), draw(1_000, 2, shift=0.3))
    with pytest.raises(ModelRefused, match="not calibrated"):
        check_cycle(quality)
