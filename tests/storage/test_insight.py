"""What is known of a customer beyond orders and contact data: read with the run, measured over the shop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel import Session, select

from campaign.facts import Insight, ShopStatistics
from campaign.wire import Customer, OrderStatus, OrderUpdate, Purchase
from dev.bench.statements import recorded_statements
from storage.database import Database
from storage.queries.campaigns import insight as reading
from storage.queries.campaigns.facts import load_facts
from storage.queries.campaigns.orders import record_order_event, save_order
from storage.queries.people.customers import ensure_customers, save_customer
from storage.queries.shop.value_shares import store_value_shares, value_shares
from storage.tables import (
    CustomerScoreRow,
    LoyaltyStandingRow,
    OrderLineRow,
    OrderRow,
    ProductRow,
    ShopModelRow,
)
from tests.facts import PLACED


def save(session: Session, order_id: str, total: str = "9.99", sku: str = "mug", who: str = "c-1") -> None:
    """An order of one product."""
    ensure_customers(session, [who])
    line = {"sku": sku, "quantity": 1, "unit_price": total}
    values = {"order_id": order_id, "customer_id": who, "placed_at": PLACED, "lines": [line]}
    save_order(session, Purchase.model_validate({**values, "currency": "USD", "total": total}))


def add_products(session: Session) -> None:
    """Three products of three categories, and one of none."""
    for sku, category in {"mug": "Kitchen", "oil": "Bath", "tray": "Home", "card": None}.items():
        url = f"https://shop.example.com/{sku}"
        row = ProductRow(
            sku=sku, name=sku, url=url, price=Decimal(1), currency="USD", category=category, review_count=0
        )
        session.add(row)


def insight(database: Database, order_id: str) -> Insight:
    """What decisions see of the order's customer."""
    with database.reading() as session:
        return load_facts(session, [order_id])[0].insight


def test_nothing_is_known_of_a_new_customer(database: Database) -> None:
    """Without scores, standings, tags, a catalogue and models, every field has its default."""
    with database.transaction() as session:
        save(session, "o-1")
    assert insight(database, "o-1") == Insight()


def test_scores_standings_and_tags_come_with_the_run(database: Database) -> None:
    """What a model and a loyalty programme say of the customer, and of no other one."""
    with database.transaction() as session:
        save(session, "o-1")
        save(session, "o-2", who="c-2")
        save_customer(
            session, Customer.model_validate({"customer_id": "c-1", "tags": ["wholesale", "press"]})
        )
        model = ShopModelRow(name="lifetime_value", fitted_at=PLACED, serves="model")
        session.add(model)
        session.flush()
        assert model.id
        session.add(
            CustomerScoreRow(
                customer_id="c-1", model_id=model.id, computed_at=PLACED,
                predicted_value=Decimal("120.5"), expected_orders=2.5, alive=0.75,
            )
        )  # fmt: skip
        session.add(LoyaltyStandingRow(customer_id="c-1", tier="gold", points=120, source="test", at=PLACED))
    assert insight(database, "o-1") == Insight(
        predicted_value=Decimal("120.50"),
        expected_orders=2.5,
        alive=0.75,
        tags=frozenset({"wholesale", "press"}),
        loyalty_tier="gold",
        loyalty_points=120,
    )
    assert insight(database, "o-2") == Insight()


def test_categories_are_of_what_was_kept(database: Database) -> None:
    """What came back, an order that was cancelled, and another customer's order say nothing of taste."""
    with database.transaction() as session:
        add_products(session)
        for order_id, sku in {"o-1": "mug", "o-2": "oil", "o-3": "tray", "o-4": "card"}.items():
            save(session, order_id, sku=sku)
        save(session, "o-5", sku="oil", who="c-2")
        cancelled = OrderUpdate(status=OrderStatus.CANCELLED, at=PLACED + timedelta(days=1))
        record_order_event(session, "o-2", cancelled)
        line = session.exec(select(OrderLineRow).where(OrderLineRow.order_id == "o-3")).one()
        line.returned = 1
        session.add(line)
    assert insight(database, "o-1").categories == {"Kitchen"}


def test_the_newest_model_serves_and_is_read_once(database: Database) -> None:
    """A newer fit takes the place of the older one; the same one is read by no second statement."""
    with database.transaction() as session:
        save(session, "o-1")
        for cycle in (30, 45):
            parameters = {"days": cycle}
            row = ShopModelRow(name="buying_cycle", fitted_at=PLACED, serves="model", parameters=parameters)
            session.add(row)
            session.flush()
    assert insight(database, "o-1").shop == ShopStatistics(buying_cycle={"days": 45})
    with recorded_statements(database) as found, database.reading() as session:
        load_facts(session, ["o-1"])
    assert sum(text.lstrip().startswith("SELECT") for text in found.texts) == 1


def spend(database: Database, totals: Sequence[int]) -> None:
    """One customer for each total."""
    with database.transaction() as session:
        for number, total in enumerate(totals):
            save(session, f"o-{number}", total=f"{total}.10", who=f"c-{number}")


@pytest.mark.parametrize(
    ("totals", "share", "above"),
    [
        (range(1, 201), 10, 20),
        (range(1, 201), 1, 2),
        (range(1, 151), 1, 1),
        ([20] * 150, 10, 0),
        ([20] * 100 + [30] * 50, 10, 0),
        ([20] * 100 + [30] * 50, 50, 50),
    ],
)
def test_no_more_customers_are_on_top_than_the_share_says(
    database: Database, totals: Sequence[int], share: int, above: int
) -> None:
    """Of 150 who have all spent $20 nobody is among the top 10 %, rather than all of them."""
    spend(database, totals)
    with database.reading() as session:
        values = value_shares(session, "USD")
    assert set(values) == set(range(1, 100))
    assert sum(Decimal(f"{total}.10") > values[share] for total in totals) == above


def test_values_are_net_of_refunds_and_in_one_currency(database: Database) -> None:
    """A cancelled order is worth nothing, nor is what was given back; in euros, nobody has spent anything."""
    spend(database, range(1, 101))
    with database.transaction() as session:
        highest = session.get(OrderRow, "o-99")
        assert highest
        highest.refunded = Decimal("95.00")
        save(session, "o-big", total="999.00", who="c-0")
        record_order_event(session, "o-big", OrderUpdate(status=OrderStatus.CANCELLED, at=PLACED))
    with database.reading() as session:
        assert value_shares(session, "USD")[1] == Decimal("98.10")
        assert value_shares(session, "EUR") == {}


def test_a_small_shop_has_no_top_customers(database: Database) -> None:
    """Below 100 customers nothing is measured, and the reason is kept."""
    spend(database, range(1, 100))
    with database.transaction() as session:
        row = store_value_shares(session, "USD", PLACED)
        assert (row.serves, row.parameters) == ("none", {})
        assert "fewer than 100 customers" in (row.why or "")
    assert insight(database, "o-1").shop == ShopStatistics()


def test_decisions_see_the_measured_shares(database: Database) -> None:
    """What the nightly measurement keeps is what the next decision compares with."""
    spend(database, range(1, 101))
    with database.transaction() as session:
        store_value_shares(session, "USD", PLACED)
    assert insight(database, "o-1").shop.top_values[10] == Decimal("90.10")


class Forgetful(dict[object, object]):
    """What other threads have cleared each time that one looks again."""

    def setdefault(self, *_: object) -> object:
        """Return what an engine's models are kept in."""
        return self

    def __setitem__(self, *_: object) -> None:
        """Keep nothing."""


def test_a_model_is_read_while_others_clear_what_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads share the models in memory: one that has read a model has it, whatever became of it there."""
    with database.transaction() as session:
        save(session, "o-1")
        session.add(
            ShopModelRow(name="value_shares", fitted_at=PLACED, serves="measured", parameters={"10": "5.00"})
        )
    monkeypatch.setattr(reading, "_models", Forgetful())
    assert insight(database, "o-1").shop.top_values == {10: Decimal("5.00")}
