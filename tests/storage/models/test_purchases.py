"""What the models read of a shop: one row a customer, and one a gap, on either database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from campaign.wire import OrderStatus, OrderUpdate, Purchase
from storage.database import Database
from storage.queries.campaigns.orders import record_order_event, save_order
from storage.queries.models.purchases import Gap, Spending, gaps, in_sample, one_in, spending
from storage.queries.people.customers import ensure_customers
from storage.tables import OrderRow, ProductRow
from tests.facts import PLACED

NOW = PLACED + timedelta(days=100)
BEFORE = PLACED + timedelta(days=50)


def save(session: Session, order_id: str, day: float, who: str = "c-1", **changes: Any) -> None:
    """An order of 10 dollars, so many days after the first."""
    ensure_customers(session, [who])
    line = {"sku": changes.pop("sku", "mug"), "quantity": 1, "unit_price": "10.00"}
    values = {"order_id": order_id, "customer_id": who, "placed_at": PLACED + timedelta(days=day)}
    order = {**values, "lines": [line], "currency": "USD", "total": "10.00", **changes}
    save_order(session, Purchase.model_validate(order))


def lose(session: Session, order_id: str) -> None:
    """Cancel an order."""
    record_order_event(session, order_id, OrderUpdate(status=OrderStatus.CANCELLED, at=NOW))


def test_a_customer_is_one_row_of_what_was_kept(database: Database) -> None:
    """Net of refunds, in one currency, orders of a day as one; until the earlier time, and until now."""
    with database.transaction() as session:
        for order_id, day in {"o-1": 0, "o-2": 0.1, "o-3": 30, "o-4": 60, "o-5": 70, "o-6": 101}.items():
            save(session, order_id, day)
        save(session, "o-7", 20, currency="EUR")
        session.get_one(OrderRow, "o-3").refunded = Decimal("4.00")
        session.get_one(OrderRow, "o-4").refunded = Decimal("12.00")
        lose(session, "o-5")
        save(session, "o-8", 80, who="c-2")
        save(session, "o-9", 1, who="erased-1")
    with database.reading() as session:
        found = list(spending(session, "USD", BEFORE, NOW))
    last = PLACED + timedelta(days=30)
    assert found == [
        Spending("c-1", PLACED, PLACED + timedelta(days=60), 3, 26.0, last, 2, 26.0),
        Spending("c-2", PLACED + timedelta(days=80), PLACED + timedelta(days=80), 1, 10.0, None, 0, 0.0),
    ]


def test_a_gap_has_what_was_known_when_it_began(database: Database) -> None:
    """The earlier gaps and categories by then; none of lost orders, of erased persons or of the future."""
    with database.transaction() as session:
        for sku, category in {"mug": "Kitchen", "oil": "Bath"}.items():
            values: dict[str, Any] = {"name": sku, "url": "https://shop.example.com/", "price": Decimal(1)}
            session.add(ProductRow(sku=sku, category=category, currency="USD", review_count=0, **values))
        for order_id, day, sku in (("o-1", 0, "mug"), ("o-2", 10, "oil"), ("o-3", 10.1, "card")):
            save(session, order_id, day, sku=sku)
        save(session, "o-4", 20)
        lose(session, "o-4")
        save(session, "o-5", 40, currency="EUR")
        save(session, "o-6", 150)
        for order_id, day in {"e-1": 0, "e-2": 5}.items():
            save(session, order_id, day, who="erased-1")
        save(session, "o-7", 3, who="c-2")
    with database.reading() as session:
        found = list(gaps(session, PLACED.date(), NOW))
        late = list(gaps(session, (PLACED + timedelta(days=11)).date(), NOW))
    first = Gap((PLACED + timedelta(days=10)).date(), 10, (), frozenset({"Kitchen"}))
    second = Gap((PLACED + timedelta(days=40)).date(), 30, (10,), frozenset({"Kitchen", "Bath"}))
    assert found == [first, second]
    assert late == [second]
    assert second.own_median == 10


def test_a_large_shop_is_sampled_by_customer(database: Database) -> None:
    """One customer in so many, always the same ones, whole; a small shop is taken as it is."""
    with database.transaction() as session:
        ensure_customers(session, [f"c-{number}" for number in range(10)])
        assert (one_in(session, 10), one_in(session, 9), one_in(session, 3)) == (1, 2, 4)
    chosen = [number for number in range(4_000) if in_sample(f"c-{number}", 4)]
    assert 800 < len(chosen) < 1_200
