"""What a shop has left of its products, as the shop's system reports it: product by product, place by place.

An item is available while any place has some of it. Rows are changed in the order of their keys, so that no
two reports wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from campaign.wire import Product
from storage.columns import UtcDateTime
from storage.inserts import insert_once, insert_or_update
from storage.queries.shop.catalogue import product_values
from storage.tables import ProductRow, StockLevelRow

_HAS_SOME = (
    select(col(StockLevelRow.item))
    .where(col(StockLevelRow.item) == col(ProductRow.item), col(StockLevelRow.available) > 0)
    .exists()
)
_IS_COUNTED = select(col(StockLevelRow.item)).where(col(StockLevelRow.item) == col(ProductRow.item)).exists()
_OF_ITEM = update(ProductRow).where(col(ProductRow.item) == bindparam("of_item")).values(available=_HAS_SOME)
_OF_SKU = (
    update(ProductRow)
    .where(col(ProductRow.sku) == bindparam("of_sku"), _IS_COUNTED)
    .values(available=_HAS_SOME)
)
_OFF_SALE = (
    update(ProductRow).where(col(ProductRow.sku) == bindparam("of_sku")).values(available=False, item=None)
)
_GONE = (
    update(ProductRow).where(col(ProductRow.item) == bindparam("of_item")).values(available=False, item=None)
)
_AS_OF = bindparam("as_of", type_=UtcDateTime)
_NEWER = (
    update(StockLevelRow)
    .where(
        col(StockLevelRow.item) == bindparam("of_item"),
        col(StockLevelRow.location) == bindparam("of_location"),
        col(StockLevelRow.at) < _AS_OF,
    )
    .values(available=bindparam("left"), at=_AS_OF)
)


def save_catalogue_entry(
    session: Session, product: Product, item: str | None, *, available: bool | None
) -> None:
    """Add a product, or change of the one with its sku what is given.

    ``available`` None: what is left of its ``item`` decides, once that has been reported.
    """
    shop = {name: value for name, value in (("item", item), ("available", available)) if value is not None}
    values = product_values(product)
    insert_or_update(session, ProductRow, _given(product, values) | set(shop), **values, **shop)
    if item is not None and available is None:
        session.connection().execute(_OF_SKU, {"of_sku": product.sku})


def _given(product: Product, values: Mapping[str, Any]) -> set[str]:
    """Name the columns that an update says something of: a mark that was set stays where it says nothing."""
    given = product.model_fields_set - {"parent", "recommend"}
    if product.parent is not None:
        given |= {"family"}
    if "recommend" in product.model_fields_set or not values["recommend"]:
        given |= {"recommend"}
    return given


def take_off_sale(session: Session, skus: Iterable[str]) -> None:
    """Recommend products no more. They stay, since the messages of orders that have them name them."""
    rows = [{"of_sku": sku} for sku in sorted(set(skus))]
    if rows:
        session.connection().execute(_OFF_SALE, rows)


def take_items_off_sale(session: Session, items: Iterable[str]) -> None:
    """Recommend the products of these inventory items no more, as `take_off_sale`."""
    rows = [{"of_item": item} for item in sorted(set(items))]
    if rows:
        session.connection().execute(_GONE, rows)


def record_stock(session: Session, levels: Sequence[tuple[str, str, int, datetime]]) -> None:
    """Keep what is left of items: (item, place, how much, as of when). An older one is not."""
    for item, location, left, at in sorted(levels):
        new = insert_once(session, StockLevelRow, item=item, location=location, available=left, at=at)
        if not new:
            values = {"of_item": item, "of_location": location, "left": left, "as_of": at}
            session.connection().execute(_NEWER, values)
    items = [{"of_item": item} for item in sorted({level[0] for level in levels})]
    if items:
        session.connection().execute(_OF_ITEM, items)
