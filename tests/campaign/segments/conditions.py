"""Strategies: conditions of every kind over few values, so that they meet; and customers at random."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from campaign.facts import Facts, Insight, PastOrder, ShopStatistics
from tests.facts import PLACED, customer, facts

NOW = PLACED + timedelta(days=100)
NAMES = ("a", "b", "c")
COUNTRIES = ("US", "CA", "DE")
COUNTS, AMOUNTS, DAYS, SHARES = range(5), ("0", "50", "100", "150.50"), (0, 10, 30, 60), (10, 20, 50)


def _spanned(values: Any, least: str, beyond: str) -> st.SearchStrategy[dict[str, Any]]:
    """One bound or both, with something within."""
    order = list(values).index
    picked = st.lists(st.sampled_from(list(values)), min_size=2, max_size=2, unique=True)
    return picked.map(lambda pair: sorted(pair, key=order)).flatmap(
        lambda pair: st.sampled_from(
            [
                {least: pair[0]},
                {beyond: pair[1]},
                dict(zip((least, beyond), pair, strict=True)),
            ]
        )
    )


_NAMES = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)
_CHOICES = st.dictionaries(st.sampled_from(["any_of", "all_of", "none_of"]), _NAMES, min_size=1)
_AMOUNTS = _spanned(AMOUNTS, "at_least", "below")
_COUNTS = _spanned(COUNTS, "at_least", "at_most")
_DAYS = [f"{days} days" for days in DAYS]
INDEPENDENT: dict[str, st.SearchStrategy[Any]] = {
    "orders": _COUNTS,
    "lifetime_value": _AMOUNTS | st.sampled_from(SHARES).map(lambda share: {"top": f"{share}%"}),
    "predicted_value": _AMOUNTS,
    "categories": _CHOICES,
    "tags": _CHOICES,
    "loyalty_tier": _NAMES,
    "country": st.lists(st.sampled_from(COUNTRIES), min_size=1, max_size=2, unique=True),
}
"""Facts of which any value goes with any other, as far as the method has no link between them."""
LINKED: dict[str, st.SearchStrategy[Any]] = {
    "orders": st.builds(lambda c, w: {**c, "within": w}, _COUNTS, st.sampled_from(_DAYS[1:])),
    "average_order": _AMOUNTS,
    "since_last_order": _spanned(_DAYS, "at_least", "below"),
    "vertical": st.sampled_from([["general"], ["beauty"]]),
}


def conditions(kinds: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions as TOML has them, combined up to some depth."""
    leaves = st.one_of(*(each.map(lambda v, k=kind: {k: v}) for kind, each in kinds.items()))  # type: ignore[misc]
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=4,
    )


@st.composite
def customers(draw: st.DrawFn) -> Facts:
    """A customer of whom anything may be known or not."""
    orders = draw(
        st.lists(st.builds(_order, st.sampled_from([0, 5, 10, 20, 30, 60, 90]), _TOTALS), max_size=4)
    )
    names = st.frozensets(st.sampled_from(NAMES))
    values = sorted(draw(st.lists(_TOTALS, min_size=3, max_size=3)), reverse=True)
    top = {share: values[sum(share > one for one in SHARES[:2])] for share in range(1, 100)}
    insight = Insight(
        predicted_value=draw(st.none() | _TOTALS),
        categories=draw(names),
        tags=draw(names),
        loyalty_tier=draw(st.none() | st.sampled_from(NAMES)),
        shop=ShopStatistics(top_values=draw(st.sampled_from([top, {}]))),
    )
    where = draw(st.none() | st.sampled_from([*COUNTRIES, "FR"]))
    numbered = tuple(
        PastOrder(f"o-{n}", at, total, "USD", kept=draw(st.booleans()))
        for n, (at, total) in enumerate(orders)
    )
    return facts(orders=numbered, customer=customer(country=where), insight=insight)


_TOTALS = st.sampled_from([Decimal(n) for n in ("0", "25", "50", "75.50", "100", "160")])


def _order(days: int, total: Decimal) -> Any:
    return NOW - timedelta(days=days), total
