"""What the shop sells, as far as one message shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from campaign.wire import Product

#: Best-sellers and what is bought together are counted over the orders of so many days.
COUNTED_DAYS = 90
#: A product is new for so many days after it was added.
NEW_DAYS = 60
#: A message shows at most so many products of each kind.
SHOWN = 3


@dataclass(frozen=True)
class Shelf:
    """The products that one message can show, best first; none but ``known`` are in the order itself.

    No product is in two of the lists, so that a message that shows several shows each product once.

    ``replenish`` is what the customer bought and has about used up. ``known`` has the order's own
    products by sku, as far as the catalogue knows them.
    """

    known: Mapping[str, Product] = field(default_factory=lambda: MappingProxyType({}))
    best_sellers: Sequence[Product] = ()
    whats_new: Sequence[Product] = ()
    cross_sell: Sequence[Product] = ()
    replenish: Sequence[Product] = ()


def distinct(*lists: Sequence[Product], limit: int = SHOWN) -> tuple[list[Product], ...]:
    """Cut lists to ``limit`` each so that no product stands in two: an earlier list keeps it.

    The later ones go on with what comes next in them, so that give them longer than ``limit``.
    """
    taken: set[str] = set()
    kept: list[list[Product]] = []
    for products in lists:
        left = [product for product in products if product.sku not in taken][:limit]
        taken.update(product.sku for product in left)
        kept.append(left)
    return tuple(kept)
