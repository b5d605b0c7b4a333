"""Properties that the formulas have for every customer and every parameter, at the limits too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import gammaln, hyp2f1

from campaign.customers.lifetime_value.bg_nbd import BgNbd
from campaign.customers.lifetime_value.buyers import Buyers
from campaign.customers.lifetime_value.gamma_gamma import GammaGamma

positive = st.floats(0.05, 20)
models = st.builds(BgNbd, positive, positive, positive, positive)
spending = st.builds(GammaGamma, st.floats(0.1, 30), st.floats(1.1, 30), st.floats(0.5, 500))
ages = st.floats(0.5, 500)
repeats = st.integers(0, 300)
weeks = st.floats(0.1, 200)
shares = st.floats(0.01, 1.0)


def one(x: float, t_x: float, age: float, spend: float = 0.0) -> Buyers:
    """Return a single customer."""
    return Buyers(*(np.array([float(value)]) for value in (x, t_x if x else 0, age, spend, x + 1)))


@given(models, repeats, shares, ages, weeks)
def test_expected_orders_grow_with_time_and_not_beyond_the_rate(
    model: BgNbd, x: int, share: float, age: float, span: float
) -> None:
    """Nothing in no time, never less in more time, and never more than a customer who never leaves buys."""
    buyer = one(x, share * age, age)
    none, some, more = (float(model.expected_orders(t, buyer)[0]) for t in (0, span, 2 * span))
    assert none == pytest.approx(0, abs=1e-9)
    assert 0 <= some <= more * (1 + 1e-6) + 1e-9
    stays = (model.r + x) / (model.alpha + age) * span
    assert some <= stays * (1 + 1e-6) + 1e-9


@given(models, st.integers(1, 300), shares, shares, ages)
def test_silence_makes_it_less_likely_that_a_customer_still_buys(
    model: BgNbd, x: int, early: float, late: float, age: float
) -> None:
    """A probability; 1 without a repeat; with as many purchases, whoever was seen later is likelier alive."""
    assert float(model.alive(one(0, 0, age))[0]) == 1
    first, last = (float(model.alive(one(x, share * age, age))[0]) for share in sorted((early, late)))
    assert 0 <= first <= last * (1 + 1e-9) <= 1 + 1e-9


@given(models, st.integers(0, 12), shares, ages, weeks)
def test_the_stable_forms_are_the_papers_own(
    model: BgNbd, x: int, share: float, age: float, span: float
) -> None:
    """Few purchases, where the paper's forms keep their digits: equations (6) and (10), as printed."""
    r, alpha, a, b, t_x = model.r, model.alpha, model.a, model.b, share * age if x else 0.0
    assume(abs(a - 1) > 0.01 and abs(a + b + x - 1) > 0.01)
    buyer = one(x, t_x, age)
    first = (
        np.exp(
            gammaln(r + x) - gammaln(r) + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        )
        * alpha**r
    )
    gone = a / (b + x - 1) * (alpha + t_x) ** -(r + x) if x else 0.0
    likelihood = float(np.log(first * ((alpha + age) ** -(r + x) + gone)))
    assert model.log_likelihood(buyer) == pytest.approx(likelihood, rel=1e-7, abs=1e-7)
    series = hyp2f1(r + x, b + x, a + b + x - 1, span / (alpha + age + span))
    assume(np.isfinite(series))
    orders = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + span)) ** (r + x) * series)
    orders /= 1 + (a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x) if x else 0)
    assert float(model.expected_orders(span, buyer)[0]) == pytest.approx(orders, rel=1e-4, abs=1e-6)


@given(positive, positive, positive, repeats, ages, weeks)
def test_no_parameter_is_a_hole(r: float, alpha: float, b: float, x: int, age: float, span: float) -> None:
    """At a = 1, and where a + b + x = 1, the printed form divides by zero; here it is as close by."""
    buyer = one(x, age / 2, age)
    at, beside = (float(BgNbd(r, alpha, a, b).expected_orders(span, buyer)[0]) for a in (1.0, 1.001))
    assert at == pytest.approx(beside, rel=0.01, abs=1e-6)
    new = one(0, 0, age)
    at, beside = (float(BgNbd(r, alpha, 0.4, b).expected_orders(span, new)[0]) for b in (0.6, 0.601))
    assert at == pytest.approx(beside, rel=0.01, abs=1e-6)


@given(spending, st.integers(0, 1000), st.floats(0.5, 10_000))
def test_expected_spend_lies_between_the_customers_and_the_shops(
    model: GammaGamma, orders: int, spend: float
) -> None:
    """The more orders, the nearer to the customer's own mean; never beyond it or the shop's."""
    few, many = (replace(one(0, 0, 1, spend), spends=np.array([n])) for n in (float(orders), 1e9))
    low, high = sorted((spend, model.mean))
    assert low * (1 - 1e-9) <= float(model.expected_spend(few)[0]) <= high * (1 + 1e-9)
    assert float(model.expected_spend(many)[0]) == pytest.approx(spend, rel=1e-3)
    assert np.isfinite(model.log_likelihood(few))
