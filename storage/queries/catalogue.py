"""Products, and what can be said of them: best-sellers, what's new, bought together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from campaign.wire import Product
from storage.tables import OrderLineRow, OrderRow, ProductRow

BEST_SELLER_DAYS = 90
NEW_DAYS = 60


def save_product(session: Session, product: Product) -> None:
    """Add a catalogue entry or replace the one with its sku."""
    session.merge(ProductRow(**product.model_dump()))


def products_by_sku(session: Session, skus: Iterable[str]) -> dict[str, ProductRow]:
    """Return the known ones of some products."""
    rows = session.exec(select(ProductRow).where(col(ProductRow.sku).in_(list(skus))))
    return {row.sku: row for row in rows}


def best_sellers(session: Session, now: datetime, without: Iterable[str], limit: int) -> Sequence[ProductRow]:
    """Return what sold most (by quantity) in the 90 days before ``now``, most sold first."""
    statement = (
        select(ProductRow)
        .join(OrderLineRow, col(OrderLineRow.sku) == col(ProductRow.sku))
        .join(OrderRow, col(OrderRow.id) == col(OrderLineRow.order_id))
        .where(
            col(OrderRow.placed_at) > now - timedelta(days=BEST_SELLER_DAYS),
            col(OrderRow.placed_at) <= now,
            col(ProductRow.sku).not_in(list(without)),
        )
        .group_by(col(ProductRow.sku))
        .order_by(func.sum(OrderLineRow.quantity).desc(), col(ProductRow.sku))
        .limit(limit)
    )
    return session.exec(statement).all()


def bought_together(session: Session, skus: Iterable[str], limit: int) -> Sequence[ProductRow]:
    """Return what customers bought in the same orders as these products, most often first."""
    bought = list(skus)
    orders = select(OrderLineRow.order_id).where(col(OrderLineRow.sku).in_(bought))
    statement = (
        select(ProductRow)
        .join(OrderLineRow, col(OrderLineRow.sku) == col(ProductRow.sku))
        .where(col(OrderLineRow.order_id).in_(orders), col(ProductRow.sku).not_in(bought))
        .group_by(col(ProductRow.sku))
        .order_by(func.count().desc(), col(ProductRow.sku))
        .limit(limit)
    )
    return session.exec(statement).all()


def new_products(session: Session, now: datetime, without: Iterable[str], limit: int) -> Sequence[ProductRow]:
    """Return what was added in the 60 days before ``now``, newest first."""
    statement = (
        select(ProductRow)
        .where(
            col(ProductRow.added_at) > now - timedelta(days=NEW_DAYS),
            col(ProductRow.added_at) <= now,
            col(ProductRow.sku).not_in(list(without)),
        )
        .order_by(col(ProductRow.added_at).desc(), col(ProductRow.sku))
        .limit(limit)
    )
    return session.exec(statement).all()
