"""The products that one message shows: each once, with the reason why, however many lists show it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from campaign.reviews.proof import Average, Quoted
from campaign.wire import Product

#: Best-sellers and what is bought together are counted over the orders of so many days.
COUNTED_DAYS = 90
#: A product is new for so many days after it was added.
NEW_DAYS = 60
#: A message shows at most so many products of each kind.
SHOWN = 3


class Kind(StrEnum):
    """Why a product is shown."""

    RUNS_OUT = "runs_out"
    TOGETHER = "together"
    CATEGORY = "category"
    BEST_SELLER = "best_seller"
    NEW = "new"
    CATALOGUE = "catalogue"


@dataclass(frozen=True)
class Recommendation:
    """A product, why it is shown, and the score among those of its kind.

    ``score``: of `together` the log-likelihood ratio, summed over the customer's products; of best-sellers
    how many were sold. ``goes_with``: of `together` the name of the customer's product that leads to it most.
    ``family``: what all of its variants share.
    """

    product: Product
    kind: Kind
    family: str
    score: float = 0.0
    goes_with: str | None = None


@dataclass(frozen=True)
class Shelf:
    """The products that one message can show, best first; none is one that the customer has.

    No product, nor another variant of it, is in two of the lists, so that a message that shows several shows
    each product once. ``known`` has the order's own products by sku, as far as the catalogue knows them.
    ``replenish``: what the customer has bought, and should be running out of. ``recommended`` is all of one
    kind, the first of `CHAIN` that has any: it is empty only if there is nothing to show. ``quotes``: what
    customers wrote of these products, by sku; ``rating``: what all ratings of the shop come to.
    """

    known: Mapping[str, Product] = field(default_factory=lambda: MappingProxyType({}))
    replenish: Sequence[Recommendation] = ()
    cross_sell: Sequence[Recommendation] = ()
    whats_new: Sequence[Recommendation] = ()
    best_sellers: Sequence[Recommendation] = ()
    recommended: Sequence[Recommendation] = ()
    quotes: Mapping[str, Quoted] = field(default_factory=lambda: MappingProxyType({}))
    rating: Average | None = None


RECOMMENDED = "recommended"
#: Lists of one kind each. Where two could show a product, the first of them keeps it.
_OF_KIND: Mapping[str, Kind] = MappingProxyType(
    {
        "replenish": Kind.RUNS_OUT,
        "cross_sell": Kind.TOGETHER,
        "whats_new": Kind.NEW,
        "best_sellers": Kind.BEST_SELLER,
    }
)
#: Every list that a message can show, by its name in templates.
LISTS = frozenset({*_OF_KIND, RECOMMENDED})
#: What is recommended, else what comes next.
CHAIN = (Kind.TOGETHER, Kind.CATEGORY, Kind.BEST_SELLER, Kind.NEW, Kind.CATALOGUE)
_LENDS = ("best_sellers", "whats_new", "cross_sell")


def kinds_for(shows: Collection[str]) -> frozenset[Kind]:
    """Return the kinds of products that the lists of a message are made of."""
    chain = CHAIN if RECOMMENDED in shows else ()
    return frozenset(chain).union(kind for name, kind in _OF_KIND.items() if name in shows)


def arrange(
    found: Mapping[Kind, Sequence[Recommendation]],
    known: Mapping[str, Product] | None = None,
    shows: Collection[str] = LISTS,
    limit: int = SHOWN,
) -> Shelf:
    """Put products on the lists that a message ``shows``, at most ``limit`` on each; the others stay empty.

    ``found``: by kind, best first, and longer than ``limit``: a list goes on with what comes next where
    another one has taken its first.
    """
    taken: set[str] = set()
    lists: dict[str, Any] = {
        name: _take(found.get(kind, ()), taken, limit) for name, kind in _OF_KIND.items() if name in shows
    }
    if RECOMMENDED in shows:
        chain = (_take(found.get(kind, ()), taken, limit) for kind in CHAIN)
        lists[RECOMMENDED] = next(filter(None, chain), ()) or _lent(lists)
    return replace(Shelf(known=known or {}), **lists)


def _lent(lists: dict[str, Any]) -> tuple[Recommendation, ...]:
    """Take the last of a list that has others: all that there is to show is on one already."""
    name = next((name for name in _LENDS if len(lists.get(name, ())) > 1), None)
    if name is None:
        return ()
    lists[name], last = lists[name][:-1], lists[name][-1]
    return (last,)


def _take(entries: Sequence[Recommendation], taken: set[str], limit: int) -> tuple[Recommendation, ...]:
    """Take the first whose name and family are not taken: two variants look like one product twice."""
    kept: list[Recommendation] = []
    for entry in entries:
        signs = {entry.family, f"name:{' '.join(entry.product.name.casefold().split())}"}
        if len(kept) < limit and not signs & taken:
            taken |= signs
            kept.append(entry)
    return tuple(kept)
