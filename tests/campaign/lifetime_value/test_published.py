"""What the papers print for CDNOW, from the same data."""

from __future__ import annotations

import numpy as np
import pytest

from campaign.customers.lifetime_value.bg_nbd import BgNbd, fit_bg_nbd
from campaign.customers.lifetime_value.buyers import Buyers
from campaign.customers.lifetime_value.gamma_gamma import fit_gamma_gamma
from campaign.errors import ModelRefused
from tests.campaign.lifetime_value.cdnow import cdnow


def test_bg_nbd_finds_the_published_estimates() -> None:
    """Fader, Hardie & Lee (2005), table 2: r .243, alpha 4.414, a .793, b 2.426, log-likelihood -9582.4."""
    model, likelihood = fit_bg_nbd(cdnow())
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == [
        0.243, 4.414, 0.793, 2.426,
    ]  # fmt: skip
    assert round(likelihood, 1) == -9582.4


def test_expected_orders_are_the_published_ones() -> None:
    """The paper's note on Excel: 1.226 purchases in 39 weeks for x = 2, t_x = 30.43, T = 38.86."""
    one = Buyers(*(np.array([value]) for value in (2, 30.43, 38.86, 0, 0)))
    model, _ = fit_bg_nbd(cdnow())
    assert round(float(model.expected_orders(39, one)[0]), 3) == 1.226
    published = BgNbd(0.243, 4.414, 0.793, 2.426)
    assert round(float(published.expected_orders(39, one)[0]), 3) == 1.226


def test_gamma_gamma_finds_the_published_estimates() -> None:
    """Fader & Hardie (2013): p 6.25, q 3.74, v 15.44, over the customers who came back."""
    model, _ = fit_gamma_gamma(cdnow())
    assert (round(model.p, 2), round(model.q, 2)) == (6.25, 3.74)
    assert model.v == pytest.approx(15.44, abs=0.01)


def test_data_that_holds_no_model_is_refused() -> None:
    """Customers who never return, or who are all alike, leave a parameter without a maximum."""
    once = cdnow()
    once = once[once.repeats == 0]
    with pytest.raises(ModelRefused, match="did not converge"):
        fit_bg_nbd(once)
    with pytest.raises(ModelRefused, match="no customer has spent anything"):
        fit_gamma_gamma(once)
    weeks = np.full(500, 40.0)
    alike = Buyers(np.full(500, 4.0), weeks - 1, weeks, np.full(500, 20.0), np.full(500, 5.0))
    with pytest.raises(ModelRefused, match="did not converge"):
        fit_gamma_gamma(alike)
