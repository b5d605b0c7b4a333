"""The catalogue and the shop's statistics: what a message can show, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from campaign.catalogue.shelf import Kind, Recommendation
from campaign.wire import Product
from storage import replacing
from storage.database import Database
from storage.queries.shop.catalogue import save_product, shelf_for
from storage.queries.shop.statistics import (
    BEST_SELLERS,
    BOUGHT_TOGETHER,
    REPEAT_GAPS,
    refresh_statistics,
    statistics,
)
from storage.tables import BoughtTogetherRow
from tests.facts import PLACED
from tests.storage.test_storage import purchase, save

NOW = PLACED + timedelta(days=1)


def sell(session: Session, skus: str, days_between: int = 30) -> None:
    """Save products, each added so many days before the one before it."""
    for number, sku in enumerate(skus):
        added = PLACED - timedelta(days=days_between * number)
        about = {"sku": sku, "name": sku.upper(), "url": "https://x.example.com", "added_at": added}
        save_product(session, Product.model_validate({**about, "price": "1.50", "currency": "USD"}))


def skus(shown: Sequence[Recommendation]) -> str:
    """The products' skus, in order."""
    return "".join(entry.product.sku for entry in shown)


def order(session: Session, times: int, *wanted: str, days: int = 0) -> None:
    """Save so many orders of the same products, each by another customer."""
    for number in range(times):
        name = f"{'-'.join(wanted)}-{number}-{days}"
        save(session, purchase(name, *wanted, days=days, customer_id=f"c-{name}"))


@pytest.fixture
def shop(database: Database) -> Database:
    """Four products: b goes with a and c, all within 90 days, and d was bought with c before.

    Most orders are of something else, which the catalogue does not have.
    """
    with database.transaction() as session:
        sell(session, "abcd")
        order(session, 6, "a", "b")
        order(session, 6, "b", "c")
        order(session, 1, "c")
        order(session, 40, "zzz")
        order(session, 9, "c", "d", days=-100)
    return database


def test_what_a_message_shows(shop: Database) -> None:
    """Bought together, what's new, best-sellers by quantity in 90 days: never what the order has itself."""
    refresh_statistics(shop, NOW)
    with shop.reading() as session:
        shelf = shelf_for(session, ["b", "zzz"], NOW)
        other = shelf_for(session, ["zzz"], NOW)
    assert skus(shelf.cross_sell) == "ac"
    assert (skus(shelf.whats_new), skus(shelf.best_sellers)) == ("", "")
    assert (skus(other.cross_sell), skus(other.whats_new), skus(other.best_sellers)) == ("", "ab", "c")
    assert [entry.kind for entry in shelf.cross_sell] == [Kind.TOGETHER, Kind.TOGETHER]
    assert {entry.goes_with for entry in shelf.cross_sell} == {"B"}
    assert set(shelf.known) == {"b"}
    assert (shelf.known["b"].name, str(shelf.known["b"].price)) == ("B", "1.50")


def test_what_came_back_leads_to_nothing_and_is_not_shown(shop: Database) -> None:
    """Of an order of b and a, b came back: what goes with b is not recommended, and neither is b itself."""
    refresh_statistics(shop, NOW)
    with shop.reading() as session:
        whole = shelf_for(session, ["a", "b"], NOW)
        rest = shelf_for(session, ["a", "b"], NOW, kept=["a"])
        nothing = shelf_for(session, ["a", "b"], NOW, kept=[])
    assert skus(whole.cross_sell) == "c"
    assert (skus(rest.cross_sell), skus(nothing.cross_sell)) == ("", "")
    assert "b" not in skus([*rest.whats_new, *rest.best_sellers])


def test_a_message_shows_no_product_twice(database: Database) -> None:
    """The lists exclude each other, what was bought together first; each goes on with its next ones."""
    with database.transaction() as session:
        sell(session, "abcdefghijkl", days_between=5)
        for number in range(9):  # b stands beside a in all orders, c in all but one, and so on
            order(session, 1, *"abcdefghijkl"[: 12 - number])
        order(session, 20, "zzz")
    refresh_statistics(database, NOW)
    with database.reading() as session:
        shelf = shelf_for(session, ["a"], NOW)
    assert (skus(shelf.cross_sell), skus(shelf.whats_new), skus(shelf.best_sellers)) == ("bcd", "efg", "hij")


def test_nothing_is_shown_before_it_is_counted(shop: Database) -> None:
    """Without statistics a message has no best-sellers, and costs no count over the orders."""
    with shop.reading() as session:
        shelf = shelf_for(session, ["b"], NOW)
    assert (skus(shelf.best_sellers), skus(shelf.cross_sell), skus(shelf.whats_new)) == ("", "", "a")


def test_counting_again_replaces_what_was_counted(shop: Database) -> None:
    """A second count, 90 days later, leaves nothing of the first, and says when it was made."""
    refresh_statistics(shop, NOW)
    later = NOW + timedelta(days=200)
    with shop.transaction() as session:
        order(session, 6, "a", "d", days=150)
        order(session, 6, "zzz", days=150)
    assert refresh_statistics(shop, later) == {BEST_SELLERS: 2, BOUGHT_TOGETHER: 2, REPEAT_GAPS: 0}
    with shop.reading() as session:
        shelf, other = (shelf_for(session, [sku], later) for sku in ("a", "zzz"))
        found = statistics(session)
        kept = session.exec(select(BoughtTogetherRow.sku).order_by(BoughtTogetherRow.sku)).all()
    assert (skus(other.best_sellers), skus(shelf.cross_sell), kept) == ("ad", "d", ["a", "d"])
    assert [(one.name, one.computed_at) for one in found] == [
        (name, later) for name in (BEST_SELLERS, BOUGHT_TOGETHER, REPEAT_GAPS)
    ]


def test_many_products_are_written_in_short_transactions(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches end where a product does, and cover all that is there: the result is the same."""
    refresh_statistics(shop, NOW)
    with shop.reading() as session:
        before = [row.model_dump() for row in session.exec(select(BoughtTogetherRow))]
    monkeypatch.setattr(replacing, "ROWS_AT_ONCE", 1)
    refresh_statistics(shop, NOW)
    with shop.reading() as session:
        assert [row.model_dump() for row in session.exec(select(BoughtTogetherRow))] == before


def test_counting_locks_nobody_out(shop: Database) -> None:
    """While the orders are read, a message can be written: no write lock is held, on SQLite neither."""
    with shop.reading() as reading:
        assert len(shelf_for(reading, ["b"], NOW).known) == 1
        with shop.transaction() as session:
            sell(session, "e")
        assert shelf_for(reading, ["e"], NOW).known.keys() <= {"e"}


def test_a_product_with_many_variants_leaves_room_for_others(database: Database) -> None:
    """The newest, and the first by SKU, comes in 150 sizes: it is shown once, and others beside it."""
    about = {"url": "https://x.example.com", "price": "1.50", "currency": "USD"}
    with database.transaction() as session:
        for size in range(150):
            shirt = {"sku": f"a-{size:03}", "name": f"Shirt {size}", "parent": "shirt", "added_at": PLACED}
            save_product(session, Product.model_validate(about | shirt))
        for sku in "xyz":
            other = {"sku": sku, "name": sku, "added_at": PLACED - timedelta(days=1 if sku == "x" else 90)}
            save_product(session, Product.model_validate(about | other))
    with database.reading() as session:
        shelf = shelf_for(session, ["other"], NOW, shows={"whats_new", "recommended"})
    assert [entry.family for entry in shelf.whats_new] == ["parent:shirt", "name:x"]
    assert skus(shelf.recommended) == "yz"
