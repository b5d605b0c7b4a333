"""What is known already of the reviews of a file's batch: orders, customers, products, and the reviews."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from storage.tables import CustomerRow, OrderLineRow, OrderRow, ProductRow, ReviewRow

Pair = tuple[str, str]


def known_reviews(session: Session, numbers: Collection[Pair]) -> set[Pair]:
    """Return which of these (source, number there) are here."""
    row = select(col(ReviewRow.source), col(ReviewRow.source_id))
    wanted = tuple_(col(ReviewRow.source), col(ReviewRow.source_id)).in_(sorted(numbers))
    return (
        {(source, str(number)) for source, number in session.execute(row.where(wanted))} if numbers else set()
    )


def reviewed_lines(session: Session, lines: Collection[Pair]) -> set[Pair]:
    """Return which of these (order, sku) have a review."""
    row = select(col(ReviewRow.order_id), col(ReviewRow.sku))
    wanted = tuple_(col(ReviewRow.order_id), col(ReviewRow.sku)).in_(sorted(lines))
    found = session.execute(row.where(wanted)) if lines else ()
    return {(str(order_id), sku) for order_id, sku in found}


def lines_with_buyers(session: Session, order_ids: Collection[str]) -> dict[str, tuple[str, set[str]]]:
    """Return the buyer and the skus of each of these orders that is here."""
    row = select(col(OrderRow.id), col(OrderRow.customer_id), col(OrderLineRow.sku))
    rows = row.join(OrderLineRow, col(OrderLineRow.order_id) == col(OrderRow.id))
    found: dict[str, tuple[str, set[str]]] = {}
    for order_id, customer_id, sku in session.execute(rows.where(col(OrderRow.id).in_(sorted(order_ids)))):
        found.setdefault(order_id, (customer_id, set()))[1].add(sku)
    return found


def known_customers(session: Session, ids: Collection[str]) -> set[str]:
    """Return which of these customers are here."""
    return set(
        session.execute(select(col(CustomerRow.id)).where(col(CustomerRow.id).in_(sorted(ids)))).scalars()
    )


def skus_by_handle(session: Session, handles: Collection[str]) -> dict[str, str]:
    """Return the product of each handle, the last part of its page's address; of variants, the first.

    Reads the whole catalogue: for a batch of a file, never for a message.
    """
    found: dict[str, str] = {}
    if handles:
        for sku, url in session.execute(
            select(col(ProductRow.sku), col(ProductRow.url)).order_by(ProductRow.sku)
        ):
            handle = urlsplit(url).path.rstrip("/").rpartition("/")[2]
            if handle in handles:
                found.setdefault(handle, sku)
    return found
