"""What is kept of one product or customer, for people who look at recommendations: read by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from storage.tables import BoughtTogetherRow, CustomerRow, OrderRow, ProductRow, RepeatGapRow


@dataclass(frozen=True)
class GoesWith:
    """A product that is bought together with another one: in how many orders, and with what score."""

    sku: str
    name: str | None
    orders: int
    score: float
    available: bool


@dataclass(frozen=True)
class KnownProduct:
    """What is known of a product. ``estimated_days``: how long one lasts, by those who bought it again."""

    sku: str
    name: str | None
    lasts_days: int | None
    estimated_days: int | None
    goes_with: Sequence[GoesWith]


def is_customer(session: Session, customer_id: str) -> bool:
    """Return whether there is such a customer."""
    return session.get(CustomerRow, customer_id) is not None


def newest_order(session: Session, customer_id: str) -> str | None:
    """Return the id of a customer's newest order."""
    placed, order = col(OrderRow.placed_at), col(OrderRow.id)
    mine = select(order).where(col(OrderRow.customer_id) == customer_id)
    return session.exec(mine.order_by(placed.desc(), order.desc()).limit(1)).first()


def known_product(session: Session, sku: str) -> KnownProduct | None:
    """Return what is known of a product; None for one that the catalogue and the orders do not have."""
    product, gap = session.get(ProductRow, sku), session.get(RepeatGapRow, sku)
    goes_with = _goes_with(session, sku)
    if product is None and not goes_with:
        return None
    return KnownProduct(
        sku,
        product.name if product else None,
        product.lasts_days if product else None,
        gap.days if gap else None,
        goes_with,
    )


def _goes_with(session: Session, sku: str) -> Sequence[GoesWith]:
    row, product = BoughtTogetherRow, ProductRow
    columns: Any = (row.other_sku, product.name, row.orders, row.score, product.available)
    found = (
        select(*columns)
        .join(product, col(product.sku) == col(row.other_sku), isouter=True)
        .where(col(row.sku) == sku)
        .order_by(col(row.rank))
    )
    rows = session.connection().execute(found)
    return [GoesWith(other, name, orders, score, bool(left)) for other, name, orders, score, left in rows]
