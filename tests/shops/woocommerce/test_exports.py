"""WooCommerce's export files and its REST API's JSON, a row at a time."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from shops.woocommerce.exports import read_rows, reader_for
from tests.shops.woocommerce.news import a_context, guest, plain
from tests.shops.woocommerce.orders import an_order

FILES = Path(__file__).parent / "exports"


def rows_of(kind: str, **settings: Any) -> list[Any]:
    """What each row of a kind's file says: its news, or its problem as a text."""
    table = csv.DictReader((FILES / f"{kind}.csv").read_text("utf-8").splitlines())
    reader = reader_for(kind, table.fieldnames or ())
    assert reader
    found = read_rows(reader, enumerate(table, start=2), a_context(**settings))
    return [plain(row.news) if row.news else str(row.problem) for row in found]


def test_analytics_customers() -> None:
    """Known by the address, since the file has no ids; one without is nobody."""
    ada, german, nobody = rows_of("customers")
    assert ada["customers"] == [
        {
            "customer_id": guest("email:ada@example.com"),
            "email": "Ada@example.com",
            "first_name": "Ada",
            "last_name": "King Lovelace",
            "country": "US",
            "region": "CA",
            "postal_code": "94103",
        }
    ]
    assert german["customers"][0]["first_name"] == "Müller"
    assert nobody == {"ignored": "no_customer"}


def test_analytics_orders_cannot_be_imported() -> None:
    """Nobody in it can be written to; the error says what to import instead."""
    (problem,) = rows_of("orders")
    assert problem.startswith("Order #: Analytics' file of orders names neither the buyer's address")
    assert "wc/v3/orders" in problem


def test_exported_products() -> None:
    """The price is that of the day, and what is no longer published is off sale."""
    variable, blue, cap, belt, old, secret = rows_of("products")
    assert variable == {}
    (entry,) = blue["products"]
    assert (entry["sku"], entry["price"], entry["available"]) == ("product-45", "45.00", False)
    assert (entry["url"], entry["category"]) == ("https://shop.example/?p=45", "Hoodies")
    (entry,) = cap["products"]
    assert (entry["name"], entry["price"], entry["category"]) == ("Cap & Co", "12.00", "Hats, caps")
    assert entry["image_url"] == "https://shop.example/a.jpg"
    (entry,) = belt["products"]
    assert (entry["price"], entry["available"]) == ("9.00", True)
    assert (old, secret) == ({"removed_skus": ["old"]}, {"removed_skus": ["secret"]})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"currency": None}, "set shop.currency in campaign.toml"),
        ({"shop_url": None}, "set brand.url in campaign.toml"),
    ],
)
def test_what_a_file_does_not_say_is_a_setting(settings: dict[str, None], expected: str) -> None:
    """The problem names the entry."""
    assert rows_of("products", **settings)[2].endswith(expected)


def test_orders_of_the_rest_api_are_read_as_a_webhooks() -> None:
    """The same order, and one that is wrong stops none after it."""
    order = an_order()
    reader = reader_for("orders", order)
    assert reader
    wrong, right = read_rows(reader, [(1, {**order, "id": None}), (2, order)], a_context())
    assert (wrong.number, str(wrong.problem)[:2]) == (1, "id")
    assert right.news
    assert plain(right.news)["orders"][0]["order_id"] == "727"


def test_other_files_are_not_ours() -> None:
    """Shopify's, for one."""
    assert reader_for("orders", ["Name", "Email", "Financial Status", "Lineitem sku"]) is None
    assert reader_for("products", ["Name", "Username", "Email"]) is None


def test_a_guest_id_that_cannot_be_accepted_is_the_rows_problem() -> None:
    """It names the field, and repeats nothing of it."""
    (problem, *_) = rows_of("customers", guest_id=lambda address: address)
    assert problem.startswith("customer: customer_id: looks like an e-mail address")
