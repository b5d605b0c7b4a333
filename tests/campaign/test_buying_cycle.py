"""The next order: own gaps shrunk towards a prior, and by when it has come with some probability."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.customers.buying_cycle import REACH, CycleModel, next_order, own_gaps
from campaign.facts import PastOrder
from tests.facts import order

MODEL = CycleModel(
    mean=log(40), categories={"Kitchen": log(38), "Bath": log(20)},
    residuals=((0.05, -1.5), (0.5, 0.0), (0.8, 0.4), (0.95, 1.0)),
)  # fmt: skip
days = st.lists(st.integers(1, 400), max_size=12)
quantiles = st.floats(0.01, 0.99)


def orders(*gaps: int) -> tuple[PastOrder, ...]:
    """Return orders with these days between them."""
    return tuple(order(number, sum(gaps[:number])) for number in range(len(gaps) + 1))


def test_gaps_are_between_days_with_a_kept_order() -> None:
    """Two orders of a day are one, and what was cancelled leaves no gap."""
    made = [order(1, 0), order(2, 10), order(3, 10.1), order(4, 30, kept=False), order(5, 41)]
    assert own_gaps(made) == (10, 31)


def test_own_gaps_are_shrunk_by_three_pseudo_gaps() -> None:
    """One gap of 80 days against three of 40: a quarter of the way, in logarithms."""
    expected = next_order(MODEL, orders(80), ())
    assert expected.typical == pytest.approx(exp((3 * log(40) + log(80)) / 4))
    assert next_order(MODEL, orders(), ()).typical == pytest.approx(40)


def test_categories_that_the_model_knows_are_the_prior() -> None:
    """Their mean; the shop's where none is known."""
    both = next_order(MODEL, orders(), {"Kitchen", "Bath", "Garden"})
    assert both.prior_of == ("Bath", "Kitchen")
    assert both.prior == pytest.approx((38 * 20) ** 0.5)
    assert next_order(MODEL, orders(), {"Garden"}).prior_of == ()


@given(days, quantiles, quantiles)
def test_a_higher_probability_is_never_earlier(gaps: list[int], one: float, other: float) -> None:
    """Quantiles are in order, whole days, at least one and at most what the model reaches."""
    expected = next_order(MODEL, orders(*gaps), ())
    first, second = (expected.after(quantile) for quantile in sorted((one, other)))
    assert timedelta(days=1) <= first <= second <= REACH
    assert first.seconds == second.seconds == 0


@given(days)
def test_the_expected_gap_lies_between_the_customers_and_the_priors(gaps: list[int]) -> None:
    """Shrinkage never leaves the range between the two."""
    own = exp(sum(map(log, gaps)) / len(gaps)) if gaps else 40.0
    low, high = sorted((own, 40.0))
    assert low - 1e-6 <= next_order(MODEL, orders(*gaps), ()).typical <= high + 1e-6


@given(st.integers(1, 12), st.integers(10, 170))
def test_many_equal_gaps_outweigh_the_shop(count: int, gap: int) -> None:
    """The more gaps of one length, the nearer to it."""
    fewer, more = (next_order(MODEL, orders(*[gap] * n), ()).typical for n in (count, count + 1))
    assert abs(more - gap) <= abs(fewer - gap) + 1e-9


def test_a_model_is_what_was_stored_of_it() -> None:
    """Stored as JSON and read again, it is the same; nothing stored is no model."""
    assert CycleModel.of(MODEL.parameters) == MODEL
    assert CycleModel.of({}) is None


def test_between_two_known_quantiles_lies_a_straight_line() -> None:
    """And beyond the known ones their last."""
    assert MODEL.residual(0.65) == pytest.approx(0.2)
    assert (MODEL.residual(0.001), MODEL.residual(0.999)) == (-1.5, 1.0)
