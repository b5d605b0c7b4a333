"""What a shop has left decides what is recommended, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from campaign.wire import Product
from storage.database import Database
from storage.queries.shop.catalogue import save_product, shelf_for
from storage.queries.shop.statistics import refresh_statistics
from storage.queries.shop.stock import (
    record_stock,
    save_catalogue_entry,
    take_items_off_sale,
    take_off_sale,
)
from storage.tables import ProductRow
from tests.facts import PLACED
from tests.storage.test_catalogue import NOW, order, skus

LATER = NOW + timedelta(hours=1)


def product(sku: str, **more: object) -> Product:
    """A product added on the day of the orders."""
    about = {"sku": sku, "name": sku.upper(), "url": "https://x.example.com", "added_at": PLACED}
    return Product.model_validate({**about, "price": "1.50", "currency": "USD", **more})


def entry(session: Session, sku: str, item: str | None = None, available: bool | None = None) -> None:
    """Save a product as a shop reports it."""
    save_catalogue_entry(session, product(sku), item, available=available)


def available(session: Session) -> str:
    """The skus that may be recommended."""
    found = session.exec(select(ProductRow.sku).where(ProductRow.available).order_by(ProductRow.sku))
    return "".join(found)


def test_a_product_is_available_while_any_place_has_some(session: Session) -> None:
    """Two places: the product goes when both are out, and is back with either."""
    entry(session, "a", "item-1")
    record_stock(session, [("item-1", "north", 0, NOW), ("item-1", "south", 3, NOW)])
    assert available(session) == "a"
    record_stock(session, [("item-1", "south", 0, LATER)])
    assert available(session) == ""
    record_stock(session, [("item-1", "north", 1, LATER)])
    assert available(session) == "a"


def test_an_older_report_of_stock_changes_nothing(session: Session) -> None:
    """Reports that overtake each other end with the newest."""
    entry(session, "a", "item-1")
    record_stock(session, [("item-1", "north", 0, LATER)])
    record_stock(session, [("item-1", "north", 5, NOW)])
    assert available(session) == ""


def test_stock_may_be_known_before_its_product(session: Session) -> None:
    """A product is out from the start where its item is, unless the shop says that it is there."""
    record_stock(session, [("item-1", "north", 0, NOW)])
    entry(session, "a", "item-1")
    entry(session, "b", "item-2")
    entry(session, "c", "item-1", available=True)
    assert available(session) == "bc"


def test_what_is_off_sale_stays_so(session: Session) -> None:
    """A report of the stock of a removed product does not bring it back, and its name is still known."""
    entry(session, "a", "item-1")
    take_off_sale(session, ["a"])
    record_stock(session, [("item-1", "north", 5, NOW)])
    assert available(session) == ""
    assert set(shelf_for(session, ["a"], NOW).known) == {"a"}


def test_what_is_not_given_stays(session: Session) -> None:
    """A shop's update without ratings keeps those of another source; a catalogue file keeps the stock."""
    save_product(session, product("a", rating=4.5, review_count=12))
    entry(session, "a", "item-1", available=False)
    save_product(session, product("a", rating=4.5, review_count=12))
    row = session.exec(select(ProductRow)).one()
    assert (row.rating, row.review_count, row.item, row.available) == (4.5, 12, "item-1", False)


@pytest.mark.parametrize("out", ["b", "c", "d"])
def test_what_is_out_is_not_recommended(database: Database, out: str) -> None:
    """Neither as bought together (b), nor as new (c), nor as a best-seller (d)."""
    with database.transaction() as session:
        for sku in "abcd":
            entry(session, sku)
        save_product(session, product("d", added_at=None))
        order(session, 6, "a", "b")
        order(session, 20, "d")
    refresh_statistics(database, NOW)
    with database.transaction() as session:
        before = shelf_for(session, ["a"], NOW)
        entry(session, out, available=False)
        save_product(session, product("d", added_at=None))
        after = shelf_for(session, ["a"], NOW)
    lists = [
        (skus(shelf.cross_sell), skus(shelf.whats_new), skus(shelf.best_sellers)) for shelf in (before, after)
    ]
    assert lists[0] == ("b", "c", "d")
    assert lists[1] == tuple("" if found == out else found for found in lists[0])


def test_a_deleted_item_takes_its_variant_off_sale(session: Session) -> None:
    """What is known by its inventory item alone goes off sale, and what others have stays."""
    entry(session, "a", "item-1", available=True)
    entry(session, "b", "item-2", available=True)
    take_items_off_sale(session, ["item-1", "item-none"])
    assert available(session) == "b"
