"""What serves a shop is chosen by the last quarter of its own orders."""

from __future__ import annotations

import numpy as np
import pytest

from campaign.customers.lifetime_value.buyers import Buyers, Floats
from campaign.customers.lifetime_value.serving import HeldOut, Predictor, Serves, fit_shop
from dev.simulated.shops import Orders, buyers_at, draw_orders

WEEKS = 104
NOW = WEEKS * 7.0
CUT = NOW - 91


def held_out(orders: Orders) -> HeldOut:
    """Return the last quarter of simulated orders."""
    before, ids = buyers_at(orders, CUT)
    since = orders.day > CUT

    def per_customer(weights: Floats) -> Floats:
        counted = np.bincount(orders.customer[since], weights[since], int(max(orders.customer)) + 1)
        return counted[ids].astype(np.float64)

    return HeldOut(before, per_customer(np.ones(len(orders.day))), per_customer(orders.value))


def regular(customers: int) -> Orders:
    """Customers who buy like clockwork, each at a pace of their own, and spend the same each time."""
    rng = np.random.default_rng(1)
    paces = rng.uniform(5, 60, customers)
    days = [np.arange(rng.uniform(0, pace), NOW, pace) for pace in paces]
    who = np.concatenate([np.full(len(each), number) for number, each in enumerate(days)])
    spend = rng.gamma(5, 8, customers)
    return Orders(who, np.concatenate(days), spend[who] * rng.uniform(0.9, 1.1, len(who)))


def test_the_models_serve_where_they_are_nearer_than_both_simpler_rules() -> None:
    """A shop whose customers buy as the models have it: the fit comes with what was measured."""
    orders = draw_orders(3_000, WEEKS, 1)
    fitted = fit_shop(buyers_at(orders, NOW)[0], held_out(orders))
    assert (fitted.serves, fitted.why) == (Serves.MODEL, None)
    errors = fitted.quality["error"]
    for other in ("own-rate", "shop-mean"):
        assert all(errors["model"][what] < errors[other][what] for what in ("orders", "value"))
    assert errors["model"]["total"] == pytest.approx(fitted.quality["total"], rel=0.15)
    groups = fitted.quality["calibration"]
    assert [predicted for predicted, _ in groups] == sorted(predicted for predicted, _ in groups)


def test_models_that_are_beaten_do_not_serve() -> None:
    """A last quarter in which all bought alike, whatever they did before: the shop's mean is nearer."""
    orders = draw_orders(3_000, WEEKS, 1)
    before = buyers_at(orders, CUT)[0]
    alike = HeldOut(before, np.full(len(before), 0.2), np.full(len(before), 7.0))
    fitted = fit_shop(buyers_at(orders, NOW)[0], alike)
    assert fitted.serves is Serves.SHOP_MEAN
    assert fitted.why == "beaten on the last quarter: the shop-mean predicts orders as well"
    assert fitted.quality["error"]["model"]["orders"] > fitted.quality["error"]["shop-mean"]["orders"]


def test_a_fit_that_did_not_converge_does_not_serve() -> None:
    """Customers like clockwork leave a parameter without a maximum; their own rate is near, and serves."""
    orders = regular(400)
    fitted = fit_shop(buyers_at(orders, NOW)[0], held_out(orders))
    assert fitted.serves is Serves.OWN_RATE
    assert fitted.why
    assert "did not converge" in fitted.why


@pytest.mark.parametrize(("customers", "weeks"), [(300, WEEKS), (3_000, 38), (0, WEEKS)])
def test_thin_data_is_refused(customers: int, weeks: int) -> None:
    """Few returning customers, or little history: no model, and the reason names what is needed."""
    orders = draw_orders(customers or 5, weeks, 2)
    late = Orders(orders.customer, orders.day + NOW - weeks * 7, orders.value)
    now, held = buyers_at(late, NOW)[0], held_out(late)
    if not customers:
        nobody = now[:0]
        now, held = nobody, HeldOut(nobody, np.array([]), np.array([]))
    fitted = fit_shop(now, held)
    assert fitted.why
    assert "needed" in fitted.why
    assert fitted.predictor.orders is None
    assert (fitted.serves is Serves.NOTHING) == (not customers)


def test_simpler_rules_predict_by_the_customer_or_by_the_shop() -> None:
    """Two orders in 26 weeks beyond the first are four in 52; a young customer's rate is over a quarter."""
    columns = ([2.0, 1.0], [20.0, 1.0], [26.0, 2.0], [10.0, 30.0], [3.0, 2.0])
    buyers = Buyers(*map(np.array, columns))
    predictor = Predictor(rate=0.05, spend=20.0)
    own = predictor.predict(Serves.OWN_RATE, buyers, 52)
    assert own.orders == pytest.approx([4, 4])
    assert own.value == pytest.approx([40, 120])
    assert own.alive is None
    assert predictor.predict(Serves.SHOP_MEAN, buyers, 52).value == pytest.approx([52, 52])
