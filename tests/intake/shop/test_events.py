"""A shop's requests: each applied once, also ten times at once; what is not understood is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from campaign.errors import BadInput
from campaign.wire import OrderStatus
from dev.bench.statements import recorded_statements
from intake.shop.events import ShopRequest, keep_refused, kept_request, retry_shop_event
from shops.news import Ignored, PersonRequest, PrivacyRequest, ShopNews, ShopProduct, StockLevel
from storage.database import Database
from storage.tables import InboxRow, OrderRow, PersonRequestRow, ProductRow, ShopEventRow
from tests.shop_news import NOW, ShopSystem, became, news_of, person, shop_order
from tests.storage.test_stock import product

REQUEST = ShopRequest("shopify", "orders/paid", "orders/paid e-1", b'{"id": 1, "note": "\xff"}')
NEWS = news_of(shop_order(), person(), updates=became(OrderStatus.FULFILLED).updates)


@pytest.fixture
def shop(database: Database) -> ShopSystem:
    """A shop that reports to either database."""
    return ShopSystem(database)


@pytest.mark.parametrize(
    "again",
    [REQUEST, replace(REQUEST, event_id="other"), replace(REQUEST, body=b"other", topic="orders/create")],
    ids=["the same", "the same content", "the same event"],
)
def test_what_was_here_before_changes_nothing(shop: ShopSystem, again: ShopRequest) -> None:
    """A duplicate is known by the shop's id of the event, and by its content."""
    assert shop.deliver(REQUEST, NEWS).outcome == "started"
    assert shop.deliver(again, news_of(shop_order("o-2"))).duplicate
    assert [row.id for row in shop.rows(OrderRow)] == ["o-1"]
    assert [row.outcome for row in shop.rows(ShopEventRow)] == ["started"]


def test_the_same_content_of_another_topic_is_another_event(shop: ShopSystem) -> None:
    """Shopify sends one body for orders/create and orders/paid."""
    shop.deliver(REQUEST, ShopNews(ignored=Ignored.TOPIC))
    other = replace(REQUEST, topic="orders/create", event_id="orders/create e-1")
    assert not shop.deliver(other, NEWS).duplicate


def test_ten_at_once_apply_once(shop: ShopSystem) -> None:
    """Whoever comes second finds it done: one order, one row of the inbox, nine duplicates, no error."""
    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(lambda _: shop.deliver(REQUEST, NEWS), range(10)))
    assert sorted(outcome.duplicate for outcome in outcomes) == [False] + [True] * 9
    assert shop.inbox() == ["order o-1", "event o-1"]


def test_different_events_of_one_order_at_once_all_count(shop: ShopSystem) -> None:
    """All of an order's events at the same moment: one campaign, and everything that became of it."""
    reports = [news_of(shop_order(version=n), person()) for n in range(4)]
    reports += [became(OrderStatus.PROCESSED), became(OrderStatus.FULFILLED), became(OrderStatus.DELIVERED)]
    with ThreadPoolExecutor(len(reports)) as pool:
        list(pool.map(shop.report, reports))
    assert shop.events() == ["delivered", "fulfilled", "processed"]
    assert sorted(shop.inbox()) == ["event o-1"] * 3 + ["order o-1"]
    assert shop.inbox()[0] == "order o-1"


def test_nothing_is_remembered_of_what_failed(shop: ShopSystem) -> None:
    """An event that cannot be applied leaves no trace, so that it is not taken for a duplicate."""
    tomorrow = shop_order(placed_at=NOW.replace(year=2027))
    with pytest.raises(BadInput):
        shop.deliver(REQUEST, news_of(tomorrow))
    assert shop.rows(ShopEventRow) == []


def test_what_is_not_understood_is_kept_and_applied_later(shop: ShopSystem) -> None:
    """The request is kept to the byte, once; applied by hand it is done, and its body is gone."""
    with shop.database.transaction() as session:
        assert keep_refused(session, REQUEST, NOW).outcome == "refused"
        assert keep_refused(session, REQUEST, NOW).duplicate
    (row,) = shop.rows(InboxRow)
    assert (row.kind, row.state, row.why) == ("shop_event", "refused", "not_understood")
    assert kept_request(row) == REQUEST
    with shop.database.transaction() as session:
        assert retry_shop_event(session, row, lambda _: NEWS, NOW).outcome == "started"
    (kept,) = (one for one in shop.rows(InboxRow) if one.kind == "shop_event")
    assert (kept.state, kept.why, kept.body) == ("done", None, None)
    assert shop.inbox() == ["order o-1", "event o-1"]
    assert [one.outcome for one in shop.rows(ShopEventRow)] == ["started"]


def test_a_request_about_a_person_is_recorded_once(shop: ShopSystem) -> None:
    """It is in the database when the shop gets its answer; the worker does it."""
    request = PersonRequest(PrivacyRequest.ERASE, customer_id="c-1", email="ada@example.com")
    assert shop.report(ShopNews(privacy=(request,))) == "applied"
    assert shop.report(ShopNews(privacy=(request,))) == "applied"
    (row,) = shop.rows(PersonRequestRow)
    assert (row.kind, row.source, row.state, row.settled_at) == ("erase", "shopify", "approved", None)


def test_the_catalogue_is_kept_up_to_date(shop: ShopSystem) -> None:
    """Products with their stock, and what was taken off sale."""
    products = tuple(ShopProduct(product(sku), item=f"i-{sku}") for sku in "cab")
    shop.report(ShopNews(products=products))
    shop.report(ShopNews(stock=(StockLevel("i-a", "north", 0, NOW),), removed_skus=("b",)))
    assert {row.sku: row.available for row in shop.rows(ProductRow)} == {"a": False, "b": False, "c": True}


def test_an_event_costs_the_same_whatever_the_customer_has_bought(shop: ShopSystem) -> None:
    """A paid order with contact data, consent and news: 27 statements at most, however many orders before."""
    consent = {"channel": "email", "state": "granted", "source": "shopify", "at": NOW.isoformat()}
    counts = []
    for before in (1, 40):
        for number in range(before):
            shop.report(news_of(shop_order(f"past-{before}-{number}"), person()))
        news = news_of(
            shop_order(f"o-{before}"),
            person(consents=[consent]),
            updates=became(OrderStatus.FULFILLED, f"o-{before}").updates,
        )
        with recorded_statements(shop.database) as found:
            shop.report(news)
        counts.append(found.sent.total())
    assert counts[0] == counts[1] <= 27
