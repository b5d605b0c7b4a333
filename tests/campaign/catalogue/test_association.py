"""Whether two products go together: the statistic against published figures, and its properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.catalogue.association import (
    LEAST_ORDERS,
    SIGNIFICANT,
    Together,
    association,
    is_significant,
    log_likelihood_ratio,
)

COUNTS = st.integers(0, 1_000_000)


def table(both: int, first_only: int, second_only: int, neither: int) -> Together:
    """A table from its four cells, as papers print them."""
    all_of_them = both + first_only + second_only + neither
    return Together(both, both + first_only, both + second_only, all_of_them)


@pytest.mark.parametrize(
    ("cells", "published"),
    [
        ((110, 2442, 111, 29114), 270.72),
        ((29, 13, 123, 31612), 263.90),
        ((31, 23, 139, 31584), 256.84),
        ((10, 0, 3, 31764), 167.23),
        ((76, 104, 2476, 29121), 157.21),
        ((9, 5, 0, 31763), 146.80),
    ],
    ids=["the swiss", "can be", "previous year", "mineral water", "at the", "natural gas"],
)
def test_the_statistic_is_the_papers(cells: tuple[int, int, int, int], published: float) -> None:
    """Dunning's own figures, of his table of bigrams (1993), to the two decimals that it prints."""
    assert log_likelihood_ratio(table(*cells)) == pytest.approx(published, abs=0.006)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_statistic_is_symmetric_and_never_negative(a: int, b: int, c: int, d: int) -> None:
    """Neither product comes first, and a table and its complement say the same."""
    value = log_likelihood_ratio(table(a, b, c, d))
    assert value >= 0
    assert log_likelihood_ratio(table(a, c, b, d)) == pytest.approx(value, rel=1e-6, abs=1e-6)
    assert log_likelihood_ratio(table(d, c, b, a)) == pytest.approx(value, rel=1e-6, abs=1e-6)


@given(*(st.integers(1, 300) for _ in range(4)))
def test_independent_products_score_nothing(a: int, b: int, c: int, d: int) -> None:
    """Rows in proportion: whoever buys the one buys the other as often as anybody does."""
    assert log_likelihood_ratio(table(a * c, a * d, b * c, b * d)) == pytest.approx(0, abs=1e-6)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_what_avoids_each_other_is_not_associated(a: int, b: int, c: int, d: int) -> None:
    """The ratio is as large for products that nobody buys together; the score of a pair is not."""
    found = table(a, b, c, d)
    attracts = found.both * found.all > found.first * found.second
    assert association(found) == (log_likelihood_ratio(found) if attracts else 0)


@pytest.mark.parametrize("cells", [(3, 1, 1, 1_000), (40, 60, 60, 840), (500, 0, 0, 500)])
def test_the_statistic_grows_with_the_evidence(cells: tuple[int, int, int, int]) -> None:
    """The same shares of ten times the orders score ten times as much: counts matter, not shares alone."""
    tenfold = table(*(10 * cell for cell in cells))
    assert log_likelihood_ratio(tenfold) == pytest.approx(10 * log_likelihood_ratio(table(*cells)))


def test_one_order_is_no_evidence() -> None:
    """In a large shop one order of two rare products is "significant", and is still no recommendation."""
    once = table(1, 0, 0, 1_000_000)
    assert association(once) > SIGNIFICANT
    assert not is_significant(once)
    assert is_significant(table(LEAST_ORDERS, 0, 0, 1_000_000))


def test_what_everybody_buys_goes_with_nothing() -> None:
    """A carrier bag in every second order is beside everything, in great number, and says nothing."""
    assert not is_significant(table(500, 500, 4_500, 4_500))


@pytest.mark.parametrize("cells", [(5, 3, 9, 20), (2, 30, 3, 20), (1, 8, 8, 9)])
def test_an_impossible_table_is_refused(cells: tuple[int, int, int, int]) -> None:
    """More orders with both than with one, or more with one than there are, are a mistake in the count."""
    with pytest.raises(ValueError, match="no more orders"):
        log_likelihood_ratio(Together(*cells))
