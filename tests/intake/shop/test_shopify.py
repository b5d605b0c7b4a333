"""What Shopify reports of one order, in whatever order it arrives, ends the same; on both databases."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from shops.guests import guest_id
from shops.shopify import read_event
from storage.database import Database
from storage.tables import CustomerRow, OrderEventRow
from tests.shop_news import ShopSystem
from tests.shops.shopify.news import NOW, a_context
from tests.shops.shopify.test_payloads import FOLDER, PAYLOADS, kept

ORDER = "820982911946154508"
LATER = NOW + timedelta(days=8)
LIFE = [
    kept(FOLDER / f"{name}.json")
    for name in (
        "order-paid",
        "refund-of-a-product",
        "order-part-refunded-when-first-seen",
        "order-fulfilled-and-delivered",
        "fulfillment-delivered",
    )
]


@pytest.fixture
def shop(database: Database) -> ShopSystem:
    """A shop that reports to either database."""
    return ShopSystem(database)


def report(shop: ShopSystem, entry: dict[str, Any]) -> str:
    """Report a payload as Shopify does; return what became of it."""
    context = a_context(guest_id=lambda address: guest_id("key", address), **entry.get("context", {}))
    return shop.report(read_event(entry["topic"], json.dumps(entry["body"]).encode(), context), LATER)


def known(shop: ShopSystem) -> dict[str, Any]:
    """What is known in the end: statuses, money, lines, the buyer."""
    order = shop.order(ORDER)
    return {
        "events": sorted({row.status for row in shop.rows(OrderEventRow)}),
        "money": order and (order.total, order.refunded),
        "lines": shop.lines(ORDER),
        "buyers": [row.id for row in shop.rows(CustomerRow)],
    }


@pytest.mark.parametrize("first", range(len(LIFE)))
def test_an_orders_life_ends_the_same(shop: ShopSystem, first: int) -> None:
    """Each event of it may come first, and all of them twice; the refund counts once."""
    for entry in [LIFE[first], *LIFE, *reversed(LIFE)]:
        report(shop, entry)
    assert known(shop) == {
        "events": ["delivered", "fulfilled", "processed"],
        "money": (Decimal("45.00"), Decimal("20.00")),
        "lines": [("mug-blue", 2, 1)],
        "buyers": ["115310627314723954"],
    }


def test_every_order_of_events_starts_one_campaign(shop: ShopSystem) -> None:
    """Whatever comes first, there is one order in the inbox."""
    for entries in permutations(LIFE, 3):
        for entry in entries:
            report(shop, entry)
    assert shop.inbox().count(f"order {ORDER}") == 1


def test_a_refund_whose_payment_failed_holds_up_no_news(shop: ShopSystem) -> None:
    """The first report of a refund counts; an order that lists it otherwise is applied all the same."""
    order = kept(FOLDER / "order-part-refunded-when-first-seen.json")
    report(shop, order)
    body = order["body"]
    (refund,) = body["refunds"]
    failed = {**refund, "transactions": [{**refund["transactions"][0], "status": "failure"}]}
    later = {"refunds": [failed], "updated_at": "2026-03-06T09:00:00-05:00"}
    again = {
        "fulfillment_status": "fulfilled",
        "current_total_price": "45.00",
        "current_total_price_set": None,
    }
    assert report(shop, {**order, "body": {**body, **later, **again}}) == "edited"
    found = known(shop)
    assert found["events"] == ["fulfilled", "processed"]
    assert found["money"] == (Decimal("45.00"), Decimal("20.00"))


def test_every_payload_that_is_read_can_be_applied(shop: ShopSystem) -> None:
    """One after the other, each of an order of its own: none is refused by what stands behind the reading."""
    texts = [path.read_text("utf-8").replace(ORDER, f"{n}000{ORDER}") for n, path in enumerate(PAYLOADS, 1)]
    outcomes = [report(shop, entry) for entry in map(json.loads, texts) if "expected" in entry]
    assert {"started", "history", "applied", "waits_for_order"} <= set(outcomes)
    assert len(outcomes) > 80
