"""Gamma-Gamma: what a customer spends an order, on average.

A customer's orders are worth more or less by a gamma distribution (shape ``p``); its scale differs between
customers by another one (``q``, ``v``). What is spent does not depend on how often somebody buys.

Fader & Hardie, The Gamma-Gamma Model of Monetary Value (2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from campaign.customers.lifetime_value.buyers import Buyers, Floats
from campaign.customers.lifetime_value.likelihood import Search, maximise
from campaign.errors import ModelRefused

_PARAMETERS = (Search((1.0, 5.0)), Search((2.0, 5.0)), Search((0.5, 5.0)))


@dataclass(frozen=True)
class GammaGamma:
    """The three parameters, all positive; ``v`` (gamma in the paper) is in the shop's currency."""

    p: float
    q: float
    v: float

    @property
    def mean(self) -> float:
        """The mean value of an order over all customers. Needs q > 1, as `fit_gamma_gamma` makes sure."""
        return self.p * self.v / (self.q - 1)

    def log_likelihood(self, buyers: Buyers) -> float:
        """Return the log-likelihood of the mean values of those who have spent anything."""
        spent = buyers[(buyers.spends > 0) & (buyers.spend > 0)]
        shape, total = self.p * spent.spends, spent.spends * spent.spend
        drawn = gammaln(shape + self.q) - gammaln(shape) - gammaln(self.q) + self.q * np.log(self.v)
        of_mean = shape * np.log(total) - np.log(spent.spend) - (shape + self.q) * np.log(self.v + total)
        return float(np.sum(drawn + of_mean))

    def expected_spend(self, buyers: Buyers) -> Floats:
        """Return the expected mean value of a customer's orders: their own, shrunk towards everybody's."""
        total = buyers.spends * buyers.spend
        spend: Floats = (self.v + total) * self.p / (self.p * buyers.spends + self.q - 1)
        return spend


def fit_gamma_gamma(buyers: Buyers) -> tuple[GammaGamma, float]:
    """Return the model of greatest likelihood for a shop's customers, and its log-likelihood.

    Raises:
        ModelRefused: the fit did not converge, or its mean is infinite (q of 1 or less).
    """
    spent = buyers[(buyers.spends > 0) & (buyers.spend > 0)]
    if not len(spent):
        msg = "no customer has spent anything"
        raise ModelRefused(msg)
    unit = float(np.median(spent.spend))
    scaled = Buyers(spent.repeats, spent.recency, spent.age, spent.spend / unit, spent.spends)
    parameters, likelihood = maximise(
        lambda values: GammaGamma(*map(float, values)).log_likelihood(scaled), len(spent), _PARAMETERS
    )
    p, q, v = parameters
    if q <= 1:
        msg = "order values vary without bound: their mean cannot be predicted"
        raise ModelRefused(msg)
    return GammaGamma(p, q, v * unit), likelihood - len(spent) * float(np.log(unit))
