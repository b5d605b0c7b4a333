"""Shopify's own export files, as they are: orders over several rows, customers, products."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shops.rows import Row
from shops.shopify.exports import read_rows, reader_for
from shops.shopify.exports.files import MOST_ROWS
from tests.shops.shopify.news import a_context, plain
from tests.shops.shopify.test_payloads import FOLDER, kept


def kept_file(name: str) -> str:
    """A file as the admin exports it, with fewer columns."""
    return (Path(__file__).parent / "exports" / f"{name}.csv").read_text("utf-8")


ORDERS, CUSTOMERS = kept_file("orders"), kept_file("customers")
PRODUCTS, NEW_PRODUCTS = kept_file("products"), kept_file("new-products")


def numbered(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a file with their line numbers."""
    return enumerate(csv.DictReader(io.StringIO(text)), 2)


def read(kind: str, text: str, **changes: Any) -> list[Row]:
    """What a file says."""
    reader = reader_for(kind, text.partition("\n")[0].split(","))
    assert reader
    return list(read_rows(reader, numbered(text), a_context(**changes)))


def said(row: Row) -> dict[str, Any]:
    """What one row says, or the problems with it."""
    return plain(row.news) if row.news else {"problems": [str(one) for one in row.problem.problems]}  # type: ignore[union-attr]


def test_an_order_of_several_rows_is_one() -> None:
    """Lines come together; the address, the times with an offset and the id after an apostrophe are read."""
    first = read("orders", ORDERS)[0]
    assert first.number == 2
    news = said(first)
    assert news["orders"] == [
        {
            "order_id": "820982911946154508",
            "customer_id": "guest-email-ada-example-com",
            "placed_at": "2026-02-01T15:00:00Z",
            "currency": "USD",
            "total": "55.00",
            "lines": ["2 mug-blue 17.5000", "1 line-820982911946154508-2 20.0000"],
            "renewal": False,
            "starts": True,
            "changed_at": "2026-02-03T14:00:00Z",
        }
    ]
    assert news["updates"] == [
        "820982911946154508 processed 2026-02-01T15:00:00Z",
        "820982911946154508 fulfilled 2026-02-03T14:00:00Z",
    ]
    (person,) = news["customers"]
    assert (person["first_name"], person["last_name"]) == ("Ada", "King Lovelace")
    assert (person["phone"], person["postal_code"]) == ("+15035550142", "97201")


def test_every_order_of_the_file_is_read_or_has_its_problem() -> None:
    """What was given back is off the total; nobody known, no amount and cancelled ones are said to be so."""
    rows = read("orders", ORDERS)
    assert [row.number for row in rows] == [2, 4, 5, 6, 7]
    _, refunded, nobody, broken, cancelled = (said(row) for row in rows)
    (order,) = refunded["orders"]
    assert (order["order_id"], order["total"], order["starts"]) == ("9007199254740993", "20.00", True)
    assert "refunds" not in refunded
    assert nobody == {"ignored": "no_customer"}
    (problem,) = broken["problems"]
    assert problem.startswith(
        "Total: is missing, or cannot be read - export the orders from the admin again,"
    )
    assert cancelled["orders"][0]["starts"] is False
    assert cancelled["updates"] == ["5 cancelled 2026-02-04T10:00:00Z"]


def test_customers_with_consents_that_lift_no_opt_out() -> None:
    """A yes counts from 1970, a no says nothing; without an id the address says who; bad phones are kept."""
    ada, bob, bad, nobody = (said(row) for row in read("customers", CUSTOMERS))
    (person,) = ada["customers"]
    assert (person["customer_id"], person["phone"], person["tags"]) == (
        "115310627314723954",
        "+15035550142",
        ["VIP", "news"],
    )
    assert [(one["channel"], one["state"], one["at"]) for one in person["consents"]] == [
        ("email", "granted", "1970-01-01T00:00:00Z")
    ]
    assert bob["customers"][0]["customer_id"] == "guest-email-bob-example-com"
    assert bad["customers"][0]["unreachable"] == {"sms": "call me"}
    assert nobody == {"ignored": "no_customer"}


def test_products_with_their_variants() -> None:
    """One entry a variant, with its own picture and stock; drafts are off sale; no SKU, no entry."""
    mug, pot, tee = (said(row) for row in read("products", PRODUCTS))
    found = [
        (one["sku"], one["name"], one["price"], one["image_url"], one["available"]) for one in mug["products"]
    ]
    assert found == [
        ("mug-blue", "Mug - Blue", "19.99", "https://cdn.example/mug.png", True),
        ("mug-red", "Mug - Red", "21.99", "https://cdn.example/red.png", False),
    ]
    assert mug["products"][0]["url"] == "https://shop.example/products/mug"
    assert pot == {"removed_skus": ["pot"]}
    assert tee == {"ignored": "no_lines"}


def test_the_newer_file_of_products() -> None:
    """Its columns have other names."""
    (mug,) = (said(row) for row in read("products", NEW_PRODUCTS))
    (entry,) = mug["products"]
    assert (entry["sku"], entry["category"], entry["available"]) == ("mug", "Kitchen", True)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("orders", "order-paid"), ("customers", "customer-created"), ("products", "product-updated")],
)
def test_objects_of_the_admin_api(kind: str, payload: str) -> None:
    """What the Admin API answers is read as what a webhook says."""
    entry = kept(FOLDER / f"{payload}.json")
    reader = reader_for(kind, entry["body"])
    assert reader
    (row,) = read_rows(reader, [(1, entry["body"])], a_context())
    assert said(row) == entry["expected"]


def test_another_file_is_not_taken_for_one() -> None:
    """Columns of somebody else, or of another kind of file, have no reader."""
    assert reader_for("orders", ["id", "total"]) is None
    assert reader_for("customers", ORDERS.partition("\n")[0].split(",")) is None


def test_rows_are_read_one_order_at_a_time() -> None:
    """The first order is there before the third one has been read, and one without an end fills no memory."""
    reader = reader_for("orders", ORDERS.partition("\n")[0].split(","))
    assert reader
    taken: list[int] = []

    def rows() -> Iterator[tuple[int, dict[str, Any]]]:
        for number, row in numbered(ORDERS):
            taken.append(number)
            yield number, row

    next(read_rows(reader, rows(), a_context()))
    assert taken == [2, 3, 4]
    endless = ((n, {"Name": "#1", "Lineitem quantity": "1"}) for n in range(2 * MOST_ROWS + 1))
    assert [row.number for row in read_rows(reader, endless, a_context())] == [0, MOST_ROWS, 2 * MOST_ROWS]


def test_two_orders_of_one_name_are_not_merged() -> None:
    """Nothing of the second one would be seen: both are refused, and the name is at fault."""
    header, first, *_ = ORDERS.splitlines()
    (row,) = read("orders", f"{header}\n{first}\n{first}")
    assert said(row)["problems"][0].startswith("Name: is that of two orders")


def test_an_id_that_cannot_be_accepted_is_the_rows_problem() -> None:
    """It names the field, and repeats nothing of it."""
    rows = read("customers", CUSTOMERS, guest_id=lambda address: address)
    assert [said(row)["problems"][0].partition(" -")[0] for row in rows if row.problem] == [
        "customer_id: looks like an e-mail address or phone number"
    ]
