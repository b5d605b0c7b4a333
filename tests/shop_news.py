"""What a shop reports, for tests: orders, people and requests as a shop's folder makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session, SQLModel, select

from campaign.wire import Customer, OrderStatus, OrderUpdate, Purchase, Refund
from intake.shop.events import ShopOutcome, ShopRequest, receive_shop_event
from shops.news import Ignored, ShopCustomer, ShopNews, ShopOrder
from storage.database import Database
from storage.tables import InboxRow, OrderEventRow, OrderLineRow, OrderRow

NOW = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
HOUR = timedelta(hours=1)


def line(sku: str = "mug", quantity: int = 1, price: str = "20.00") -> dict[str, Any]:
    """One line of an order."""
    return {"sku": sku, "quantity": quantity, "unit_price": price}


def shop_order(
    order_id: str = "o-1",
    customer_id: str = "c-1",
    *,
    version: int = 0,
    ignored: Ignored | None = None,
    placed_at: datetime = NOW - HOUR,
    lines: list[dict[str, Any]] | None = None,
    total: str = "20.00",
) -> ShopOrder:
    """An order that is paid, unless it is ignored; versions are minutes after it was placed."""
    values = {"order_id": order_id, "customer_id": customer_id, "placed_at": placed_at, "currency": "USD"}
    purchase = Purchase.model_validate({**values, "total": total, "lines": lines or [line()]})
    return ShopOrder(purchase, ignored is None, placed_at + timedelta(minutes=version), ignored)


def person(customer_id: str = "c-1", email: str | None = "ada@example.com", **more: Any) -> ShopCustomer:
    """A customer as a shop has one; ``unreachable`` by channel."""
    unreachable = more.pop("unreachable", {})
    values = {"customer_id": customer_id, "email": email, "first_name": "Ada", **more}
    return ShopCustomer(Customer.model_validate(values), unreachable)


def news_of(order: ShopOrder | None = None, *people: ShopCustomer, **more: Any) -> ShopNews:
    """What one event says."""
    return ShopNews(customers=people, orders=(order,) if order else (), **more)


def became(status: OrderStatus, order_id: str = "o-1", at: datetime = NOW) -> ShopNews:
    """News of an order alone."""
    return ShopNews(updates=((order_id, OrderUpdate(status=status, at=at)),))


def refunded(amount: str, refund_id: str = "r-1", order_id: str = "o-1", **returned: int) -> ShopNews:
    """A refund alone, with how much of which sku came back."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in returned.items()]
    refund = Refund.model_validate({"refund_id": refund_id, "at": NOW, "amount": amount, "lines": lines})
    return ShopNews(refunds=((order_id, refund),))


@dataclass
class ShopSystem:
    """A shop that reports to a database; each report is an event of its own."""

    database: Database
    numbers: Any = field(default_factory=count)

    def report(self, news: ShopNews, now: datetime = NOW) -> str:
        """Report something; return what became of it."""
        number = next(self.numbers)
        request = ShopRequest("shopify", "orders/updated", f"e-{number}", str(number).encode())
        return self.deliver(request, news, now).outcome

    def deliver(self, request: ShopRequest, news: ShopNews, now: datetime = NOW) -> ShopOutcome:
        """Deliver a request."""
        return self.database.retrying(lambda session: receive_shop_event(session, request, news, now))

    def rows(self, table: type[SQLModel]) -> list[Any]:
        """Every row of a table."""
        with self.database.reading() as session:
            return list(session.exec(select(table)))

    def order(self, order_id: str = "o-1") -> OrderRow | None:
        """The order as the database has it."""
        with self.database.reading() as session:
            return session.get(OrderRow, order_id)

    def lines(self, order_id: str = "o-1") -> list[tuple[str, int, int]]:
        """Its lines: sku, quantity, how much came back."""
        with self.database.reading() as session:
            rows = session.exec(select(OrderLineRow).where(OrderLineRow.order_id == order_id))
            return sorted((row.sku, row.quantity, row.returned) for row in rows)

    def events(self, order_id: str = "o-1") -> list[str]:
        """What is recorded of it."""
        with self.database.reading() as session:
            found = session.exec(select(OrderEventRow).where(OrderEventRow.order_id == order_id))
            return sorted(row.status for row in found)

    def inbox(self, state: str = "waiting") -> list[str]:
        """What waits, in the order of forwarding: kind and order."""
        with self.database.reading() as session:
            return [f"{row.kind} {row.order_id}" for row in _inbox(session) if row.state == state]


def _inbox(session: Session) -> list[InboxRow]:
    return sorted(session.exec(select(InboxRow)), key=lambda row: row.id or 0)
