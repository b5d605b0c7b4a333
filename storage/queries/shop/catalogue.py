"""Products, and those that one message shows. Nothing here grows with the shop's orders.

What needs the whole history is counted by `storage.queries.shop.statistics` and read by key.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign.catalogue.owned import History
from campaign.catalogue.products import family_of, is_recommended
from campaign.catalogue.shelf import LISTS, SHOWN, Shelf, arrange, kinds_for
from campaign.wire import Product
from storage.inserts import insert_or_update
from storage.queries.recommendations.candidates import find_candidates
from storage.tables import ProductRow

#: Read of each list, in parts of what is shown: what the others show leaves as many as are wanted.
_LISTS = 4


def save_product(session: Session, product: Product) -> None:
    """Add a catalogue entry or replace the one with its sku; what the shop has in stock stays."""
    insert_or_update(session, ProductRow, **product_values(product))


def product_values(product: Product) -> dict[str, Any]:
    """Return a product as the columns of its row; ``parent`` is kept as the family that it makes."""
    values = product.model_dump(exclude={"parent"})
    return values | {"family": family_of(product), "recommend": is_recommended(product)}


def shelf_for(
    session: Session,
    skus: Sequence[str],
    now: datetime,
    kept: Sequence[str] | None = None,
    limit: int = SHOWN,
    history: History | None = None,
    language: str = "en",
    shows: Collection[str] = LISTS,
) -> Shelf:
    """Return what a message about an order of ``skus`` can show, in one statement of index reads.

    What the shop has none left of is not recommended, nor what ``history`` excludes: without one that is the
    order itself. ``kept``: those of ``skus`` that did not come back, if not all; what goes well with the
    others is of no interest. Only the lists that the message ``shows`` are filled. ``language``: that of the
    customers' quotes, without a country.
    """
    if history is None:
        leads = tuple(skus if kept is None else kept)
        history = History(own=tuple(skus), leads=leads, excluded=tuple(skus))
    found = find_candidates(session, history, now, _LISTS * limit, language, kinds_for(shows))
    shelf = arrange(found.by_kind, found.known, shows, limit)
    return replace(shelf, quotes=found.quotes, rating=found.rating)
