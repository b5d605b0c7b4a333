"""Products to play a made-up order with, and orders to preview: for people who look, not for messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from campaign.customers.addresses import normal_address
from campaign.errors import NotFound
from campaign.facts import Facts
from campaign.reasons import Channel
from storage.queries.campaigns.facts import Contact, load_facts
from storage.tables import CustomerRow, OrderRow, ProductRow


@dataclass(frozen=True)
class FoundOrder:
    """An order to choose, with its customer as a shop's people know them."""

    order_id: str
    customer_id: str
    first_name: str | None
    placed_at: datetime
    total: Decimal
    currency: str


def example_products(
    session: Session, skus: Sequence[str], limit: int
) -> list[tuple[str, str | None, Decimal]]:
    """Return these products, or the first of the catalogue: sku, category, price."""
    statement: Any = select(col(ProductRow.sku), col(ProductRow.category), col(ProductRow.price)).order_by(
        col(ProductRow.sku)
    )
    statement = statement.where(col(ProductRow.sku).in_(skus)) if skus else statement.limit(limit)
    return [(row.sku, row.category, row.price) for row in session.connection().execute(statement)]


def newest_orders(session: Session, limit: int) -> list[FoundOrder]:
    """Return the shop's newest orders, the newest first."""
    return _found(session, limit)


def orders_of(session: Session, wanted: str, limit: int) -> list[FoundOrder]:
    """Return the order with an id, else the newest of the customers with that id or email address.

    In statements of their own, each by its key: one that joins all with OR would read every order.
    """
    if order := _found(session, limit, col(OrderRow.id) == wanted):
        return order
    key = normal_address(Channel.EMAIL, wanted) if "@" in wanted else wanted
    theirs = or_(col(CustomerRow.id) == wanted, col(CustomerRow.email_key) == key)
    found = session.execute(select(col(CustomerRow.id)).where(theirs).limit(limit))
    customers = found.scalars().all()
    return _found(session, limit, col(OrderRow.customer_id).in_(customers)) if customers else []


def order_with_customer(session: Session, order_id: str) -> tuple[Facts, Contact]:
    """Return what a campaign of an order would begin with, and whom it would write to.

    Raises:
        NotFound: no such order.
    """
    found = load_facts(session, [order_id])
    if not found:
        msg = f"no order {order_id}"
        raise NotFound(msg)
    row = session.get_one(CustomerRow, found[0].customer.customer_id)
    addresses = {Channel.EMAIL: row.email, Channel.SMS: row.phone}
    known = {channel: address for channel, address in addresses.items() if address}
    return found[0], Contact(row.id, row.first_name, row.language, known, known)


def _found(session: Session, limit: int, *where: Any) -> list[FoundOrder]:
    statement: Any = (
        select(
            col(OrderRow.id).label("order_id"),
            col(OrderRow.customer_id),
            col(CustomerRow.first_name),
            col(OrderRow.placed_at),
            col(OrderRow.total),
            col(OrderRow.currency),
        )
        .join(CustomerRow, col(CustomerRow.id) == col(OrderRow.customer_id))
        .where(*where)
        .order_by(col(OrderRow.placed_at).desc(), col(OrderRow.id).desc())
        .limit(limit)
    )
    return [FoundOrder(**row) for row in session.connection().execute(statement).mappings()]
