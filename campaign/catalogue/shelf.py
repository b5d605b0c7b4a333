"""The products that one message shows: each once, with the reason why, however many lists show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

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
    ``replenish``: what the customer has bought, and should be running out of. ``quotes``: what customers
    wrote of these products, by sku; ``rating``: what all ratings of the shop come to.
    """

    known: Mapping[str, Product] = field(default_factory=lambda: MappingProxyType({}))
    best_sellers: Sequence[Recommendation] = ()
    whats_new: Sequence[Recommendation] = ()
    cross_sell: Sequence[Recommendation] = ()
    replenish: Sequence[Recommendation] = ()
    quotes: Mapping[str, Quoted] = field(default_factory=lambda: MappingProxyType({}))
    rating: Average | None = None


def distinct(*lists: Sequence[Recommendation], limit: int = SHOWN) -> tuple[tuple[Recommendation, ...], ...]:
    """Cut lists to ``limit`` each so that no product, name or family stands twice: an earlier list keeps it.

    The later ones go on with what comes next in them, so that give them longer than ``limit``.
    """
    taken: set[str] = set()
    return tuple(_take(entries, taken, limit) for entries in lists)


def _take(entries: Sequence[Recommendation], taken: set[str], limit: int) -> tuple[Recommendation, ...]:
    kept: list[Recommendation] = []
    for entry in entries:
        signs = {entry.family, f"name:{' '.join(entry.product.name.casefold().split())}"}
        if len(kept) < limit and not signs & taken:
            taken |= signs
            kept.append(entry)
    return tuple(kept)
