"""Orders as a shop reports them: in any order, more than once, edited; on both databases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from activities.enrol import enrol
from activities.interface import EnrolRequest
from campaign.errors import BadInput, BadPurchase
from campaign.wire import OrderStatus, OrderUpdate
from shops.news import Ignored, ShopNews
from storage.database import Database
from storage.tables import CustomerRow, InboxRow, OrderEventRow
from tests.facts import default_definition
from tests.shop_news import NOW, ShopSystem, became, line, news_of, person, shop_order


@pytest.fixture
def shop(database: Database) -> ShopSystem:
    """A shop that reports to either database."""
    return ShopSystem(database)


def test_a_paid_order_is_saved_and_waits_for_its_campaign(shop: ShopSystem) -> None:
    """Order, customer and the inbox's row are there together."""
    assert shop.report(news_of(shop_order(), person())) == "started"
    assert shop.inbox() == ["order o-1"]
    assert [row.email for row in shop.rows(CustomerRow)] == ["ada@example.com"]


def test_an_order_that_is_not_paid_is_not_saved(shop: ShopSystem) -> None:
    """Nobody has bought anything yet; the customer's data is kept. Once it is paid it starts."""
    assert shop.report(news_of(shop_order(ignored=Ignored.NOT_PAID), person())) == "not_paid"
    assert (shop.order(), shop.inbox()) == (None, [])
    assert len(shop.rows(CustomerRow)) == 1
    assert shop.report(news_of(shop_order(version=5), person())) == "started"
    assert shop.inbox() == ["order o-1"]


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.FULFILLED])
def test_news_may_come_before_the_order_is_paid(shop: ShopSystem, status: OrderStatus) -> None:
    """Cancelled before created, fulfilled before paid: it waits, and is applied behind the order's start."""
    assert shop.report(became(status)) == "waits_for_order"
    assert shop.report(news_of(shop_order(ignored=Ignored.NOT_PAID))) == "not_paid"
    assert shop.report(news_of(shop_order(version=5))) == "started"
    assert shop.events() == [status.value]
    assert shop.inbox() == ["order o-1", "event o-1"]


def test_what_becomes_of_a_test_order_is_nothing_to_us(shop: ShopSystem) -> None:
    """It will never start, so that nothing waits for it."""
    news = news_of(shop_order(ignored=Ignored.TEST), updates=became(OrderStatus.CANCELLED).updates)
    assert shop.report(news) == "test"
    assert shop.rows(InboxRow) == []


def test_an_edited_order_is_brought_to_its_newer_version(shop: ShopSystem) -> None:
    """Other lines and another total are an edit, no conflict; its campaign is not started again."""
    shop.report(news_of(shop_order()))
    edited = shop_order(version=5, lines=[line("cup", 2), line("mug")], total="60.00")
    assert shop.report(news_of(edited)) == "edited"
    order = shop.order()
    assert order
    assert order.total == Decimal("60.00")
    assert shop.lines() == [("cup", 2, 0), ("mug", 1, 0)]
    assert shop.inbox() == ["order o-1"]


def test_an_older_version_after_a_newer_one_changes_nothing(shop: ShopSystem) -> None:
    """Neither the order nor the customer's contact data; a consent that it brings is still recorded."""
    shop.report(news_of(shop_order(version=5, total="60.00"), person(email="new@example.com")))
    old = news_of(shop_order(version=1), person(email="old@example.com"))
    assert shop.report(old) == "older"
    order = shop.order()
    assert order
    assert order.total == Decimal("60.00")
    assert [row.email for row in shop.rows(CustomerRow)] == ["new@example.com"]


def test_an_order_of_long_ago_starts_nothing(shop: ShopSystem) -> None:
    """A shop that has just been connected reports old orders when they are touched: they are history."""
    old = shop_order(placed_at=NOW - timedelta(days=31))
    assert shop.report(news_of(old)) == "history"
    assert shop.order()
    assert shop.inbox() == []
    assert shop.report(news_of(shop_order(placed_at=old.purchase.placed_at, version=3))) == "edited"
    assert shop.inbox() == []


def test_an_order_of_tomorrow_is_refused_whole(shop: ShopSystem) -> None:
    """Nothing of the event is kept: no customer, no event."""
    with pytest.raises(BadInput):
        shop.report(news_of(shop_order(placed_at=NOW + timedelta(days=3)), person()))
    assert shop.rows(CustomerRow) == []


def test_what_a_report_finds_an_order_to_be_is_news_once(shop: ShopSystem) -> None:
    """A shop that sends the whole order at each change does not move the time of its delivery."""
    shop.report(news_of(shop_order()))
    for at in (NOW, NOW + timedelta(hours=5)):
        delivered = OrderUpdate(status=OrderStatus.DELIVERED, at=at)
        shop.report(ShopNews(states=(("o-1", delivered),)), NOW + timedelta(hours=6))
    assert [row.at for row in shop.rows(OrderEventRow)] == [NOW]
    assert shop.inbox() == ["order o-1", "event o-1"]


def test_an_order_edited_before_its_campaign_starts_is_still_enrolled(shop: ShopSystem) -> None:
    """Its campaign was started with the total of before: that is no other order."""
    order = shop_order()
    shop.report(news_of(order))
    shop.report(news_of(shop_order(version=5, total="60.00")))
    request = EnrolRequest(purchase=order.purchase, run_id="run", now=NOW)
    assert not enrol(shop.database, default_definition(), request).duplicate
    other = order.purchase.model_copy(update={"currency": "EUR"})
    with pytest.raises(BadPurchase):
        enrol(shop.database, default_definition(), request.model_copy(update={"purchase": other}))
