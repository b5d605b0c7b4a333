"""Whether two products are bought together more than by chance: Dunning's log-likelihood ratio.

Ted Dunning, "Accurate Methods for the Statistics of Surprise and Coincidence", Computational Linguistics
19(1), 1993. Unlike counts it does not favour what everybody buys, and unlike lift or a chi-squared test it
holds for products that are seldom bought.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

#: Chi-squared with one degree of freedom at p = 0.001: of thousands of pairs, 5 in 100 would be many.
SIGNIFICANT = 10.828
#: A pair stands in so many orders at least: of what is seldom bought, one order is "significant" already.
LEAST_ORDERS = 3


@dataclass(frozen=True)
class Together:
    """Orders by what they have: ``both`` products, the ``first`` at all, the ``second`` at all, ``all``."""

    both: int
    first: int
    second: int
    all: int

    @property
    def cells(self) -> tuple[tuple[int, int, int], ...]:
        """The 2x2 table: how many orders, and how many of the same row and column."""
        rows, columns = (self.first, self.all - self.first), (self.second, self.all - self.second)
        counts = (
            (self.both, self.first - self.both),
            (self.second - self.both, self.all - self.first - self.second + self.both),
        )
        return tuple((counts[r][c], rows[r], columns[c]) for r in (0, 1) for c in (0, 1))


def log_likelihood_ratio(table: Together) -> float:
    """Return Dunning's -2 log lambda, which is chi-squared with one degree of freedom: 0 at independence.

    It is as large for products that avoid each other (`association` is not).

    Raises:
        ValueError: there is no such table.
    """
    if any(count < 0 for count, _, _ in table.cells):
        msg = "no more orders can have both products than have one, nor have one than there are"
        raise ValueError(msg)
    terms = (n * log(n * table.all / (row * column)) for n, row, column in table.cells if n)
    return max(0.0, 2 * sum(terms))


def association(table: Together) -> float:
    """Return the log-likelihood ratio of products that attract each other; 0 of all others."""
    attracts = table.both * table.all > table.first * table.second
    return log_likelihood_ratio(table) if attracts else 0.0


def is_significant(table: Together) -> bool:
    """Return whether a pair is worth recommending: often enough, and by chance once in a thousand pairs."""
    return table.both >= LEAST_ORDERS and association(table) >= SIGNIFICANT
