"""Simulated orders in a database, as the shop's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import insert

from dev.simulated.shops import Orders
from storage.database import Database
from storage.tables import CustomerRow, OrderRow


def fill_orders(database: Database, orders: Orders, first: datetime, currency: str = "USD") -> None:
    """Add the orders, and their customers (``s-0``, ``s-1``, ...); day 0 is ``first``."""
    people = [{"id": f"s-{number}", "tags": [], "less": False} for number in sorted(set(orders.customer))]
    rows = [
        {
            "id": f"s-{customer}-{number}", "customer_id": f"s-{customer}", "currency": currency,
            "placed_at": first + timedelta(days=float(day)), "total": Decimal(f"{value:.2f}"),
        }
        for number, (customer, day, value) in enumerate(
            zip(orders.customer, orders.day, orders.value, strict=True)
        )
    ]  # fmt: skip
    with database.transaction() as session:
        session.connection().execute(insert(CustomerRow), people)
        session.connection().execute(insert(OrderRow), rows)
