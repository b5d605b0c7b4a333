"""Products, and those that one message shows. Nothing here grows with the shop's orders.

What needs the whole history is counted by `storage.queries.shop.statistics` and read by key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, func, inspect, literal, select, union_all
from sqlmodel import Session, col

from campaign.catalogue import NEW_DAYS, SHOWN, Shelf, distinct
from campaign.wire import Product
from storage.columns import UtcDateTime
from storage.inserts import insert_or_update
from storage.tables import BestSellerRow, BoughtTogetherRow, ProductRow

_KNOWN, _BEST, _NEW, _TOGETHER = "known", "best", "new", "together"
_SKUS: Any = bindparam("skus", expanding=True)
_KEPT: Any = bindparam("kept", expanding=True)
_SINCE, _NOW = bindparam("since", type_=UtcDateTime), bindparam("now", type_=UtcDateTime)
_PRODUCT = tuple(column for column in inspect(ProductRow).columns if column.key in Product.model_fields)
_AVAILABLE = col(ProductRow.available)


def save_product(session: Session, product: Product) -> None:
    """Add a catalogue entry or replace the one with its sku; what the shop has in stock stays."""
    insert_or_update(session, ProductRow, **product.model_dump())


def shelf_for(
    session: Session,
    skus: Sequence[str],
    now: datetime,
    kept: Sequence[str] | None = None,
    limit: int = SHOWN,
) -> Shelf:
    """Return what a message about an order of ``skus`` can show, in one statement of index reads.

    What the shop has none left of is not recommended. ``kept``: those of ``skus`` that did not come back, if
    not all; what goes well with the others is of no interest, and they are not recommended themselves.
    """
    since = now - timedelta(days=NEW_DAYS)
    enough = 3 * limit  # three lists: what the others show leaves as many as are wanted
    beside = list(skus if kept is None else kept)
    values = {"skus": list(skus), "kept": beside, "since": since, "now": now, "limit": enough}
    by_use: dict[str, list[Product]] = defaultdict(list)
    for use, _, *product in session.connection().execute(_statement(), values):
        by_use[use].append(_product(product))
    together, new, best = distinct(by_use[_TOGETHER], by_use[_NEW], by_use[_BEST], limit=limit)
    return Shelf(
        known={product.sku: product for product in by_use[_KNOWN]},
        best_sellers=best,
        whats_new=new,
        cross_sell=together,
    )


@cache
def _statement() -> Any:
    """Build it once: SQLAlchemy takes longer to put it together than the database to answer it."""
    return _with_products(union_all(_known(), _best_sellers(), _new(), _bought_together()))


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


def _known() -> Any:
    sku = col(ProductRow.sku)
    return select(literal(_KNOWN).label("use"), literal(0).label("place"), sku).where(sku.in_(_SKUS))


def _best_sellers() -> Any:
    sku = col(BestSellerRow.sku)
    return _first(_BEST, sku, col(BestSellerRow.quantity), sku.not_in(_SKUS), _is_available(sku))


def _new() -> Any:
    """Select what was added lately, newest first."""
    sku, added = col(ProductRow.sku), col(ProductRow.added_at)
    return _first(_NEW, sku, added, added > _SINCE, added <= _NOW, sku.not_in(_SKUS), _AVAILABLE)


def _bought_together() -> Any:
    """Select what stands beside any of the products in the most orders."""
    sku, other = col(BoughtTogetherRow.sku), col(BoughtTogetherRow.other_sku)
    orders = func.sum(BoughtTogetherRow.orders)
    wanted = (sku.in_(_KEPT), other.not_in(_SKUS), _is_available(other))
    return _first(_TOGETHER, other, orders, *wanted, group=other)


def _is_available(sku: Any) -> Any:
    """Look at the product of each candidate by its key: before the cut, so that others take its place.

    A scalar subquery, since PostgreSQL would read the whole catalogue for a join or an EXISTS.
    """
    return select(_AVAILABLE).where(col(ProductRow.sku) == sku).scalar_subquery()


def _first(use: str, sku: Any, weight: Any, *where: Any, group: Any = None) -> Any:
    """Select the heaviest. Cut in a subquery: SQLite takes no limit in a part of a union."""
    statement = select(sku.label("sku"), weight.label("weight")).where(*where)
    if group is not None:
        statement = statement.group_by(group)
    cut = statement.order_by(weight.desc(), sku).limit(bindparam("limit", type_=Integer)).subquery()
    place = func.row_number().over(order_by=(cut.c.weight.desc(), cut.c.sku))
    return select(literal(use).label("use"), place.label("place"), cut.c.sku)
