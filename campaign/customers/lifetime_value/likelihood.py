"""Maximum likelihood over positive parameters, from several starts; what has not converged is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

from campaign.customers.lifetime_value.buyers import Floats
from campaign.errors import ModelRefused

_LEAST = 0.001
_AT_BOUND = 0.05
"""Of a parameter's logarithm: one that runs to a bound has no maximum in the data."""
_SAME_MAXIMUM = 1e-5
"""How far, per customer, the best two starts may be apart."""
_GRADIENT = 1e-3

Likelihood = Callable[[Floats], float]


@dataclass(frozen=True)
class Search:
    """Where a parameter is sought: the values to begin with, and the greatest that makes sense."""

    starts: tuple[float, ...]
    most: float = 600.0


def maximise(
    likelihood: Likelihood, customers: int, parameters: Sequence[Search]
) -> tuple[tuple[float, ...], float]:
    """Return the parameters with the greatest log-likelihood, and that.

    All combinations of the starts are tried. The search is in the parameters' logarithms, so that all are
    positive and of one scale.

    Raises:
        ModelRefused: no start has converged, two starts found different maxima, or a parameter ran off.
    """

    def loss(logs: Floats) -> float:
        return -likelihood(np.exp(logs)) / customers

    bounds = np.log([(_LEAST, each.most) for each in parameters])
    starts = product(*(each.starts for each in parameters))
    found = sorted((_search(loss, start, bounds) for start in starts), key=lambda each: float(each.fun))
    converged = [each for each in found if _has_converged(each, bounds)]
    if len(converged) < 2 or converged[1].fun - converged[0].fun > _SAME_MAXIMUM:  # noqa: PLR2004 - two starts
        msg = "the fit did not converge: its starts found no common maximum"
        raise ModelRefused(msg)
    best = converged[0]
    if not np.all(_inside(best.x, bounds)):
        msg = "the fit did not converge: a parameter grows without end, the data does not hold it"
        raise ModelRefused(msg)
    return tuple(map(float, np.exp(best.x))), -float(best.fun) * customers


def _search(loss: Likelihood, start: Sequence[float], bounds: Floats) -> Any:
    options = {"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500}
    return minimize(loss, np.log(start), method="L-BFGS-B", bounds=bounds, options=options)


def _inside(logs: Floats, bounds: Floats) -> NDArray[np.bool_]:
    free: NDArray[np.bool_] = (logs > bounds[:, 0] + _AT_BOUND) & (logs < bounds[:, 1] - _AT_BOUND)
    return free


def _has_converged(result: OptimizeResult, bounds: Floats) -> bool:
    """Return whether the slope is nothing there, but where a bound holds the search back."""
    slope = np.abs(result.jac[_inside(result.x, bounds)]).max(initial=0.0)
    return bool(np.isfinite(result.fun)) and float(slope) < _GRADIENT
