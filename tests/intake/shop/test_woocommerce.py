"""What WooCommerce reports of one order, in whatever order it arrives, ends the same; on both databases."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from shops.guests import guest_id
from shops.woocommerce import read_event
from storage.database import Database
from storage.tables import CustomerRow, OrderEventRow, ProductRow
from tests.shop_news import ShopSystem
from tests.shops.woocommerce.news import NOW, a_context
from tests.shops.woocommerce.orders import an_order

PAID, LATER, LAST = "2026-03-01T19:28:08", "2026-03-02T08:00:00", "2026-03-02T09:00:00"
UNPAID = {
    "status": "on-hold",
    "date_paid": None,
    "date_paid_gmt": None,
    "date_modified_gmt": "2026-03-01T19:28:02",
}
PROCESSING = {"date_modified_gmt": PAID}
COMPLETED = {"status": "completed", "date_completed_gmt": LATER, "date_modified_gmt": LATER}
REFUND = [{"id": 726, "reason": "", "total": "-10.00"}]
DELIVERED = {**COMPLETED, "status": "delivered", "date_modified_gmt": LAST, "refunds": REFUND}
CANCELLED = {"status": "cancelled", "date_modified_gmt": LATER}


def guest(address: str) -> str:
    """A guest's id as the settings make it."""
    return guest_id("key", address)


@pytest.fixture
def shop(database: Database) -> ShopSystem:
    """A shop that reports to either database."""
    return ShopSystem(database)


def report(shop: ShopSystem, topic: str = "order.updated", **body: Any) -> str:
    """Report something as WooCommerce does; return what became of it."""
    return shop.report(read_event(topic, json.dumps(body).encode(), a_context(guest_id=guest)), NOW)


def known(shop: ShopSystem) -> dict[str, Any]:
    """What is known in the end: events by status, money, the buyer, what waits."""
    order = shop.order("727")
    return {
        "events": sorted(f"{row.status} {row.at:%d %H:%M}" for row in shop.rows(OrderEventRow)),
        "total": order and order.total,
        "buyers": sorted(row.id for row in shop.rows(CustomerRow)),
        "inbox": sorted(shop.inbox()),
    }


def test_an_order_from_check_out_to_delivery(shop: ShopSystem) -> None:
    """It waits for its payment, starts once, and each thing that becomes of it is news once."""
    assert report(shop, "order.created", **an_order(**UNPAID)) == "not_paid"
    assert known(shop)["buyers"] == []
    assert report(shop, **an_order(**PROCESSING)) == "started"
    for body in (COMPLETED, DELIVERED, {**DELIVERED, "date_modified_gmt": "2026-03-02T11:00:00"}):
        report(shop, **an_order(**body))
    found = known(shop)
    assert found["events"] == ["delivered 02 09:00", "fulfilled 02 08:00", "processed 01 19:28"]
    assert found["buyers"] == [guest("email:john.doe@example.com")]
    assert found["inbox"].count("order 727") == 1
    assert found["inbox"].count("event 727") == 3


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_bodies_in_any_order_end_the_same(shop: ShopSystem, order: tuple[int, ...]) -> None:
    """Deliveries overtake each other, and come twice."""
    bodies = (PROCESSING, COMPLETED, CANCELLED)
    for number in (*order, *order):
        report(shop, **an_order(**bodies[number]))
    found = known(shop)
    assert [event.split()[0] for event in found["events"]] == ["cancelled", "fulfilled", "processed"]
    assert found["total"] == Decimal("29.35")
    assert found["inbox"].count("order 727") == 1


def test_an_order_that_was_never_paid_is_nothing(shop: ShopSystem) -> None:
    """A check-out that was given up leaves nobody and nothing."""
    for status in ("checkout-draft", "pending", "failed", "cancelled"):
        report(shop, **an_order(**{**UNPAID, "status": status}))
    assert report(shop, "order.deleted", id=727) == "applied"
    assert known(shop) == {"events": [], "total": None, "buyers": [], "inbox": []}


def test_an_order_in_the_bin_is_cancelled(shop: ShopSystem) -> None:
    """Once, however often it is reported, and by the id alone."""
    report(shop, **an_order())
    for _ in range(2):
        report(shop, "order.deleted", id=727)
    assert known(shop)["events"] == ["cancelled 02 12:00", "processed 01 19:28"]


def test_a_guest_who_has_an_account_is_its_owner(shop: ShopSystem) -> None:
    """One person by address, whichever way somebody orders."""
    account = {"id": 25, "email": "john.doe@example.com", "first_name": "John", "billing": []}
    report(shop, "customer.created", **account)
    assert report(shop, **an_order()) == "started"
    order = shop.order("727")
    assert order
    assert order.customer_id == "25"
    assert [row.id for row in shop.rows(CustomerRow) if row.email] == ["25"]


def test_a_deleted_product_is_off_sale_and_a_restored_one_on_it(shop: ShopSystem) -> None:
    """WooCommerce says no more than its id, by which the product with its SKU is found."""
    product = {
        "id": 794,
        "name": "Tee",
        "sku": "tee",
        "price": "9.00",
        "permalink": "https://shop.example/tee",
    }
    for topic, body, available in (
        ("product.created", product, True),
        ("product.deleted", {"id": 794}, False),
        ("product.restored", product, True),
        ("product.updated", {**product, "status": "draft"}, False),
        ("product.updated", product, True),
    ):
        report(shop, topic, **body)
        assert [(row.sku, row.available) for row in shop.rows(ProductRow)] == [("tee", available)]
