"""BG/NBD: how often customers will buy, and whether they still do.

While a customer is with the shop, purchases come at random, at a rate that differs between customers by a
gamma distribution (``r``, ``alpha``); after each, the customer leaves with a probability that differs by a
beta distribution (``a``, ``b``). Times are in weeks.

Fader, Hardie & Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005), 275-284; the
likelihood as in the appendix of its note on Excel; the probability of being alive as in Fader, Hardie & Lee,
Computing P(alive) Using the BG/NBD Model (2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, expit, gammaln, hyp2f1

from campaign.customers.lifetime_value.buyers import Buyers, Floats
from campaign.customers.lifetime_value.likelihood import Search, maximise

_PARAMETERS = (
    Search((0.2, 1.0)), Search((5.0,), most=8_000), Search((0.3, 1.5), most=100), Search((1.0, 5.0)),
)  # fmt: skip
"""Above an ``a`` of 180 the hypergeometric series leaves the range of floats."""
_FROM_POLE = 1e-6
_TERMS = 400


@dataclass(frozen=True)
class BgNbd:
    """The four parameters, all positive."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, buyers: Buyers) -> float:
        """Return the log-likelihood of what the customers have bought."""
        x, age = buyers.repeats, buyers.age
        chosen = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha)
        stayed = betaln(self.a, self.b + x) - betaln(self.a, self.b)
        alive = stayed - (self.r + x) * np.log(self.alpha + age)
        return float(np.sum(chosen + alive + np.logaddexp(0.0, self._log_odds_gone(buyers))))

    def alive(self, buyers: Buyers) -> Floats:
        """Return each customer's probability of still buying here. Without a repeat it is 1, by the model."""
        still: Floats = expit(-self._log_odds_gone(buyers))
        return still

    def expected_orders(self, weeks: float, buyers: Buyers) -> Floats:
        """Return the expected number of purchases in the coming ``weeks``.

        Equation (10) of the paper, with Euler's transformation of its hypergeometric function: the paper's
        own form loses all digits for customers with many purchases.
        """
        a, x = _off(self.a, 1.0), buyers.repeats
        ahead = np.asarray(weeks / (self.alpha + buyers.age + weeks))
        scale = np.where(np.abs(a + self.b + x - 1) < _FROM_POLE, _FROM_POLE, a + self.b + x - 1)
        series = _hypergeometric(a + self.b - 1 - self.r, a - 1, scale, ahead)
        left = 1 - np.exp((a - 1) * np.log1p(-ahead)) * series
        orders: Floats = np.maximum(scale / (a - 1) * left * self.alive(buyers), 0.0)
        return orders

    def _log_odds_gone(self, buyers: Buyers) -> Floats:
        """Return the log odds of having left after the last purchase."""
        x = buyers.repeats
        since = np.log(self.alpha + buyers.age) - np.log(self.alpha + buyers.recency)
        some = np.log(self.a) - np.log(self.b + np.maximum(x, 1) - 1) + (self.r + x) * since
        odds: Floats = np.where(x > 0, some, -np.inf)
        return odds


def fit_bg_nbd(buyers: Buyers) -> tuple[BgNbd, float]:
    """Return the model of greatest likelihood for a shop's customers, and its log-likelihood.

    Raises:
        ModelRefused: the fit did not converge.
    """
    parameters, likelihood = maximise(
        lambda values: BgNbd(*map(float, values)).log_likelihood(buyers), len(buyers), _PARAMETERS
    )
    return BgNbd(*parameters), likelihood


def _hypergeometric(first: float, second: float, third: Floats, at: Floats) -> Floats:
    """Return 2F1. Where scipy overflows, ``third`` is great, so that few terms of the series are enough."""
    found: Floats = hyp2f1(first, second, third, at)
    lost = ~np.isfinite(found)
    if np.any(lost):
        found[lost] = _power_series(first, second, third[lost], at[lost])
    return found


def _power_series(first: float, second: float, third: Floats, at: Floats) -> Floats:
    total = term = np.ones_like(at)
    for n in range(_TERMS):
        term = term * (first + n) * (second + n) / ((third + n) * (n + 1)) * at
        total = total + term
    return total


def _off(value: float, pole: float) -> float:
    """Move a value off a removable singularity."""
    return pole + _FROM_POLE if abs(value - pole) < _FROM_POLE else value
