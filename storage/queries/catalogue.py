"""Products, and those that one message shows. Nothing here grows with the shop's orders.

What needs the whole history is counted by `storage.queries.statistics` and read by key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, inspect, literal, select, union_all
from sqlmodel import Session, col

from campaign.catalogue import NEW_DAYS, SHOWN, Shelf
from campaign.wire import Product
from storage.tables import BestSellerRow, BoughtTogetherRow, ProductRow

_KNOWN, _BEST, _NEW, _TOGETHER = "known", "best", "new", "together"
_PRODUCT = tuple(inspect(ProductRow).columns)


def save_product(session: Session, product: Product) -> None:
    """Add a catalogue entry or replace the one with its sku."""
    session.merge(ProductRow(**product.model_dump()))


def shelf_for(session: Session, skus: Sequence[str], now: datetime, limit: int = SHOWN) -> Shelf:
    """Return what a message about an order of ``skus`` can show, in one statement of index reads."""
    wanted = union_all(
        _known(skus), _best_sellers(skus, limit), _new(skus, now, limit), _bought_together(skus, limit)
    )
    by_use: dict[str, list[Product]] = defaultdict(list)
    for use, _, *values in session.connection().execute(_with_products(wanted)):
        by_use[use].append(_product(values))
    return Shelf(
        known={product.sku: product for product in by_use[_KNOWN]},
        best_sellers=by_use[_BEST],
        whats_new=by_use[_NEW],
        cross_sell=by_use[_TOGETHER],
    )


def _with_products(wanted: Any) -> Any:
    found = wanted.subquery("wanted")
    return (
        select(found.c.use, found.c.place, *_PRODUCT)
        .join(ProductRow, col(ProductRow.sku) == found.c.sku)
        .order_by(found.c.use, found.c.place)
    )


def _product(values: Sequence[Any]) -> Product:
    """Return a row as the product it was saved from: it was validated then."""
    return Product.model_construct(
        **{column.key: value for column, value in zip(_PRODUCT, values, strict=True)}
    )


def _known(skus: Sequence[str]) -> Any:
    sku = col(ProductRow.sku)
    return select(literal(_KNOWN).label("use"), literal(0).label("place"), sku).where(sku.in_(skus))


def _best_sellers(skus: Sequence[str], limit: int) -> Any:
    sku = col(BestSellerRow.sku)
    return _first(_BEST, sku, col(BestSellerRow.quantity), limit, sku.not_in(skus))


def _new(skus: Sequence[str], now: datetime, limit: int) -> Any:
    """Return what was added in the days before ``now``, newest first."""
    sku, added = col(ProductRow.sku), col(ProductRow.added_at)
    since = now - timedelta(days=NEW_DAYS)
    return _first(_NEW, sku, added, limit, added > since, added <= now, sku.not_in(skus))


def _bought_together(skus: Sequence[str], limit: int) -> Any:
    """Return what stands beside any of the products in the most orders."""
    sku, other = col(BoughtTogetherRow.sku), col(BoughtTogetherRow.other_sku)
    orders = func.sum(BoughtTogetherRow.orders)
    return _first(_TOGETHER, other, orders, limit, sku.in_(skus), other.not_in(skus), group=other)


def _first(
    use: str,
    sku: Any,
    weight: Any,
    limit: int,
    *where: Any,
    group: Any = None,
) -> Any:
    """Select the heaviest. Cut in a subquery: SQLite takes no limit in a part of a union."""
    statement = select(sku.label("sku"), weight.label("weight")).where(*where)
    if group is not None:
        statement = statement.group_by(group)
    cut = statement.order_by(weight.desc(), sku).limit(limit).subquery()
    place = func.row_number().over(order_by=(cut.c.weight.desc(), cut.c.sku))
    return select(literal(use).label("use"), place.label("place"), cut.c.sku)
