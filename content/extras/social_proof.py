"""Other customers' words and stars as templates see them: of what the message shows, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from campaign.catalogue.shelf import Shelf
from campaign.wire import Product
from content.context import Quote, ShopRating

MOST = 3


def quotes_of(shelf: Shelf) -> list[Quote]:
    """Return quotes of the products of a message, its own orders' first; no words twice."""
    found: dict[str, Quote] = {}
    for product in _shown(shelf):
        quoted = shelf.quotes.get(product.sku)
        if quoted and quoted.text not in found:
            found[quoted.text] = Quote(
                text=quoted.text, item=product.name, rating=quoted.rating, author=quoted.author,
                verified=quoted.verified,
            )  # fmt: skip
    return list(found.values())[:MOST]


def _shown(shelf: Shelf) -> Iterator[Product]:
    yield from shelf.known.values()
    for entries in (shelf.replenish, shelf.cross_sell, shelf.best_sellers, shelf.whats_new):
        yield from (entry.product for entry in entries)


def shop_rating_of(shelf: Shelf) -> ShopRating | None:
    """Return what all ratings in the shop come to."""
    rating = shelf.rating
    return ShopRating(average=rating.average, count=rating.count) if rating else None
