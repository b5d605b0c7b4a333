"""What the schedule counts over a shop's orders, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from campaign.catalogue.association import Together, association
from campaign.catalogue.owned import history_of
from campaign.wire import OrderStatus, OrderUpdate
from storage.database import Database
from storage.queries.campaigns.orders import record_order_event
from storage.queries.recommendations.bought import NEWEST_LINES, bought_by
from storage.queries.recommendations.together import KEPT_TOGETHER
from storage.queries.shop.catalogue import save_product
from storage.queries.shop.statistics import REPEAT_GAPS, computed_since, refresh_statistics
from storage.tables import BestSellerRow, BoughtTogetherRow, OrderLineRow, RepeatGapRow
from tests.facts import PLACED
from tests.storage.test_catalogue import NOW, order
from tests.storage.test_stock import product
from tests.storage.test_storage import purchase, save


def pairs(database: Database) -> dict[str, str]:
    """What is bought together with each product, best first."""
    found: dict[str, str] = {}
    with database.reading() as session:
        for row in session.exec(
            select(BoughtTogetherRow).order_by(col(BoughtTogetherRow.sku), col(BoughtTogetherRow.rank))
        ):
            found[row.sku] = found.get(row.sku, "") + row.other_sku
    return found


def test_a_pairs_score_is_that_of_its_four_cells(database: Database) -> None:
    """6 orders with both, 8 and 10 with either, of 40: stored both ways; an order counts once."""
    with database.transaction() as session:
        for sku in "ab":
            save_product(session, product(sku))
        order(session, 6, "a", "b", "b", "a")
        order(session, 2, "a")
        order(session, 4, "b")
        order(session, 28, "zzz")
    refresh_statistics(database, NOW)
    with database.reading() as session:
        rows = session.exec(select(BoughtTogetherRow)).all()
    expected = round(association(Together(6, 8, 10, 40)), 3)
    assert {(row.sku, row.other_sku, row.orders, row.score) for row in rows} == {
        ("a", "b", 6, expected),
        ("b", "a", 6, expected),
    }


def test_what_everybody_buys_is_bought_together_with_nothing(database: Database) -> None:
    """A carrier bag stands beside the tea in more orders than its cup does, and only the cup goes with it."""
    with database.transaction() as session:
        for sku in ("bag", "tea", "cup"):
            save_product(session, product(sku))
        order(session, 8, "tea", "bag")
        order(session, 4, "tea", "cup")
        order(session, 40, "bag")
        order(session, 8, "zzz")
    refresh_statistics(database, NOW)
    assert pairs(database)["tea"] == "cup"


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.REFUNDED, None])
def test_what_was_not_kept_does_not_count(database: Database, status: OrderStatus | None) -> None:
    """Orders that were cancelled or refunded, and lines that came back: neither pair nor best-seller."""
    with database.transaction() as session:
        for sku in "ab":
            save_product(session, product(sku))
        order(session, 6, "a", "b")
        order(session, 20, "zzz")
        for number in range(6):
            if status:
                record_order_event(session, f"a-b-{number}-0", OrderUpdate(status=status, at=PLACED))
        if status is None:
            for line in session.exec(select(OrderLineRow).where(OrderLineRow.sku == "b")):
                line.returned = line.quantity
    refresh_statistics(database, NOW)
    assert pairs(database) == {}
    with database.reading() as session:
        sold = session.exec(select(BestSellerRow.sku).where(BestSellerRow.category == "")).all()
    assert sold == (["a"] if status is None else [])


def test_variants_are_not_bought_together(database: Database) -> None:
    """Two colours in one order do not go together; of another product at most two variants are kept."""
    with database.transaction() as session:
        save_product(session, product("pan"))
        for number in range(5):
            save_product(session, product(f"lid-{number}", parent="lid"))
        order(session, 6, "pan", *(f"lid-{number}" for number in range(5)))
        order(session, 20, "zzz")
    refresh_statistics(database, NOW)
    assert pairs(database)["pan"] == "lid-0lid-1"
    assert pairs(database)["lid-0"] == "pan"


def test_only_the_best_are_kept(database: Database) -> None:
    """A product that goes with 25 others keeps 20."""
    with database.transaction() as session:
        for number in range(26):
            save_product(session, product(f"p-{number}"))
        for number in range(1, 26):
            order(session, 3, "p-0", f"p-{number}")
        order(session, 600, "zzz")
    refresh_statistics(database, NOW)
    with database.reading() as session:
        kept = session.exec(select(BoughtTogetherRow).where(BoughtTogetherRow.sku == "p-0")).all()
    assert sorted(row.rank for row in kept) == list(range(1, KEPT_TOGETHER + 1))


def test_best_sellers_are_ranked_in_each_category(database: Database) -> None:
    """Overall by quantity, and so in each category; what is on no list is on neither."""
    with database.transaction() as session:
        for sku, category in (("a", "tea"), ("b", "tea"), ("c", "cups"), ("d", None), ("e", "tea")):
            save_product(session, product(sku, category=category, recommend=sku != "e"))
        for number, sku in enumerate("abcde", 1):
            order(session, number, sku)
    refresh_statistics(database, NOW)
    with database.reading() as session:
        rows = session.exec(select(BestSellerRow)).all()
    ranked = {(row.category, row.rank): row.sku for row in rows}
    assert ranked == {
        ("", 1): "d", ("", 2): "c", ("", 3): "b", ("", 4): "a",
        ("cups", 1): "c", ("tea", 1): "b", ("tea", 2): "a",
    }  # fmt: skip


def repeat(session: Session, sku: str, days: int, customers: int, quantity: int = 1) -> None:
    """Customers who buy something, and again so many days later."""
    for number in range(customers):
        for at in (0, days):
            name = f"{sku}-{number}-{at}"
            bought = purchase(name, sku, days=at - 300, customer_id=f"{sku}-{number}")
            line = bought.lines[0].model_copy(update={"quantity": quantity})
            save(session, bought.model_copy(update={"lines": [line]}))


def test_how_long_something_lasts_is_the_median_of_its_customers(database: Database) -> None:
    """Nine come back after 20 days and two after 90: 20; two of it last twice as long as one."""
    with database.transaction() as session:
        repeat(session, "a", 20, 9)
        for number in range(2):
            save(session, purchase(f"late-{number}", "a", days=-250, customer_id=f"late-{number}"))
            save(session, purchase(f"later-{number}", "a", days=-70, customer_id=f"late-{number}"))
        repeat(session, "double", 60, 10, quantity=2)
    refresh_statistics(database, NOW)
    with database.reading() as session:
        found = {row.sku: (row.days, row.customers) for row in session.exec(select(RepeatGapRow))}
    assert found == {"a": (20, 11), "double": (30, 10)}


@pytest.mark.parametrize(("again", "once"), [(9, 0), (10, 41)])
def test_too_little_says_nothing(database: Database, again: int, once: int) -> None:
    """Nine customers are too few, and ten of 51 buyers too small a part: most have one for ever."""
    with database.transaction() as session:
        repeat(session, "a", 20, again)
        for number in range(once):
            save(session, purchase(f"once-{number}", "a", days=-200, customer_id=f"once-{number}"))
    refresh_statistics(database, NOW)
    with database.reading() as session:
        assert session.exec(select(RepeatGapRow)).all() == []


def test_an_estimate_makes_a_product_run_out(database: Database) -> None:
    """Without `lasts_days` the others' gaps say it; the shop's own word comes first."""
    with database.transaction() as session:
        save_product(session, product("a"))
        repeat(session, "a", 20, 10)
        save(session, purchase("mine", "a", days=-40, customer_id="me"))
    refresh_statistics(database, NOW)
    for lasts, due in ((None, ("a",)), (100, ())):
        with database.transaction() as session:
            save_product(session, product("a", lasts_days=lasts))
            bought = bought_by(session, "me", ["mine"])
        assert history_of(bought, ["mine"], NOW).due == due


def test_a_long_history_is_read_to_its_bound(database: Database) -> None:
    """Of 600 lines the newest 500 are read besides the message's own, which are always there."""
    with database.transaction() as session:
        for number in range(60):
            save(session, purchase(f"o-{number}", *(f"p-{number}-{n}" for n in range(10)), days=-number))
    with database.reading() as session:
        bought = bought_by(session, "c-1", ["o-59"])
    assert len(bought) == NEWEST_LINES + 10
    assert [entry.line.order_id for entry in bought[:10]] == ["o-59"] * 10
    assert {entry.line.order_id for entry in bought[10:]} == {f"o-{number}" for number in range(50)}
    assert all(NOW - entry.placed_at < timedelta(days=61) for entry in bought)


def test_how_long_things_last_is_counted_once_a_day(database: Database) -> None:
    """It changes slowly: within a day it stays, and what is bought together is counted each time."""
    with database.transaction() as session:
        repeat(session, "a", 20, 10)
    assert refresh_statistics(database, NOW)[REPEAT_GAPS] == 1
    with database.transaction() as session:
        repeat(session, "b", 30, 10)
    assert refresh_statistics(database, NOW + timedelta(hours=1))[REPEAT_GAPS] == 1
    assert computed_since(database, NOW + timedelta(hours=1))
    assert refresh_statistics(database, NOW + timedelta(days=1))[REPEAT_GAPS] == 2
