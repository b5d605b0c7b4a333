"""An order that has lost its products, or its buyer's data, still ends its campaign when it is over."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from shops import shopify, woocommerce
from storage.database import Database
from tests.shop_news import HOUR, NOW, ShopSystem
from tests.shop_payloads import an_id, shopify_order, woocommerce_order
from tests.shops.shopify.news import a_context

PLACED = NOW - HOUR
GONE = {"current_total_price": "0.00", "total_price": "20.00"}
CANCELLED = {"cancelled_at": NOW.isoformat()}


@pytest.fixture
def shop(database: Database) -> ShopSystem:
    """A shop that reports to either database."""
    return ShopSystem(database)


def report(shop: ShopSystem, system: ModuleType, topic: str, order: dict[str, Any]) -> str:
    """Report an order as its shop does."""
    return shop.report(system.read_event(topic, json.dumps(order).encode(), a_context(now=NOW)))


def edited(order: int, **changes: Any) -> dict[str, Any]:
    """An order of Shopify from which the last product was taken by an edit."""
    body = shopify_order(order, PLACED, 30, **GONE, **changes)
    body["line_items"][0]["current_quantity"] = 0
    return body


@pytest.mark.parametrize("changes", [{}, CANCELLED], ids=["edited", "cancelled"])
def test_an_order_that_was_edited_down_to_nothing_is_over(shop: ShopSystem, changes: dict[str, Any]) -> None:
    """Shopify: nothing is left of it, so nobody is thanked; and it may be cancelled afterwards."""
    order = an_id()
    report(shop, shopify, "orders/paid", shopify_order(order, PLACED))
    report(shop, shopify, "orders/updated", edited(order, **changes))
    assert "cancelled" in shop.events(str(order))


@pytest.mark.parametrize("empty", [{"line_items": []}, {"billing": {}}], ids=["lines", "buyer"])
@pytest.mark.parametrize("status", ["cancelled", "refunded"])
def test_an_order_without_lines_or_buyer_ends_its_campaign(
    shop: ShopSystem, status: str, empty: dict[str, Any]
) -> None:
    """WooCommerce: what became of it counts, whatever else has gone from it."""
    order = an_id()
    report(shop, woocommerce, "order.updated", woocommerce_order(order, PLACED))
    report(shop, woocommerce, "order.updated", woocommerce_order(order, PLACED, 10, status=status, **empty))
    assert status in shop.events(str(order))


def test_nothing_waits_for_an_order_of_nobody(shop: ShopSystem) -> None:
    """A sale in a store without a customer's data, cancelled: it is not known here, and never will be."""
    sale = edited(an_id(), customer=None, email=None, contact_email=None, billing_address=None, **CANCELLED)
    report(shop, shopify, "orders/cancelled", sale)
    assert shop.inbox() == []
