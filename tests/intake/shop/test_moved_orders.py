"""A guest's order whose shop corrects its address, or gives it to an account: the right one is written to."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from activities.enrol import enrol
from activities.interface import EnrolRequest, SegmentRequest
from activities.segment import segment
from campaign.errors import BadInput
from campaign.wire import OrderStatus
from shops.guests import guest_id
from shops.news import ShopCustomer
from shops.woocommerce import read_event
from storage.database import Database
from storage.tables import CustomerRow, InboxRow, MessageRow, OrderRow, RunRow
from tests.facts import default_definition
from tests.shop_news import HOUR, NOW, ShopSystem, became, line, news_of, person, shop_order
from tests.shop_payloads import an_id, woocommerce_order
from tests.shops.woocommerce.news import a_context

TYPO, ADA = (guest_id("a-key-of-twenty-characters", f"email:ada@{at}.com") for at in ("exmaple", "example"))
PLACED = NOW - HOUR
ZONE = "America/New_York"
DUE = NOW + 4 * HOUR


@pytest.fixture
def shop(database: Database) -> ShopSystem:
    """A shop to which somebody has given a wrong address."""
    system = ShopSystem(database)
    system.report(news_of(shop_order(customer_id=TYPO), person(TYPO, "ada@exmaple.com", time_zone=ZONE)))
    system.report(became(OrderStatus.PROCESSED, at=PLACED))
    return system


def correct(shop: ShopSystem, version: int = 5, buyer: ShopCustomer | None = None) -> str:
    """Report the order with another buyer."""
    buyer = buyer or person(ADA, time_zone=ZONE)
    return shop.report(news_of(shop_order(customer_id=buyer.customer.customer_id, version=version), buyer))


def start(shop: ShopSystem) -> None:
    """Start the order's campaign as it was forwarded at first."""
    purchase = shop_order(customer_id=TYPO).purchase
    enrol(shop.database, default_definition(), EnrolRequest(purchase=purchase, run_id="run", now=NOW))


def claim(shop: ShopSystem) -> list[tuple[str, str | None]]:
    """Decide about the thank-you; return whom it is claimed for: customer and address."""
    segment(shop.database, SegmentRequest(order_id="o-1", step="thank-you", now=DUE))
    return [(row.customer_id, row.address) for row in shop.rows(MessageRow)]


def test_a_message_that_waits_goes_to_the_corrected_address(shop: ShopSystem) -> None:
    """Never to the wrong one, which is a stranger's; what else waits for the order goes with it."""
    start(shop)
    assert claim(shop) == [(TYPO, "ada@exmaple.com")]
    assert correct(shop) == "edited"
    assert claim(shop) == [(ADA, "ada@example.com")]
    for table in (OrderRow, RunRow):
        assert [row.customer_id for row in shop.rows(table)] == [ADA]
    assert {row.customer_id for row in shop.rows(InboxRow)} == {ADA}


def test_an_order_is_corrected_between_its_start_and_its_enrolment(shop: ShopSystem) -> None:
    """The workflow names the wrong customer for ever; the database decides who is written to."""
    correct(shop)
    start(shop)
    assert claim(shop) == [(ADA, "ada@example.com")]


def test_an_older_version_moves_nothing(shop: ShopSystem) -> None:
    """One with the wrong address that comes late."""
    correct(shop)
    assert correct(shop, 3, person(TYPO, "ada@exmaple.com")) == "older"
    assert [row.customer_id for row in shop.rows(OrderRow)] == [ADA]


def test_an_account_takes_its_guests_order_and_keeps_its_own(shop: ShopSystem) -> None:
    """WooCommerce gives an account the orders of its owner; an order of an account becomes no guest's."""
    correct(shop, 5, person("7", time_zone=ZONE))
    correct(shop, 6)
    assert [row.customer_id for row in shop.rows(OrderRow)] == ["7"]


def test_a_change_of_an_old_order_brings_no_old_address_back(database: Database) -> None:
    """WooCommerce keeps with each order what it was billed to: what the account has said since is newer."""
    shop, order = ShopSystem(database), an_id()
    placed = NOW - timedelta(days=3)

    def report(topic: str, body: object) -> None:
        shop.report(read_event(topic, json.dumps(body).encode(), a_context()), NOW)

    report("order.updated", woocommerce_order(order, placed, customer_id=7))
    changed = (NOW - HOUR).replace(tzinfo=None).isoformat()
    report("customer.updated", {"id": 7, "email": "new@example.com", "date_modified_gmt": changed})
    done = {"status": "completed", "date_completed_gmt": NOW.replace(tzinfo=None).isoformat()}
    report("order.updated", woocommerce_order(order, placed, 3 * 24 * 60, customer_id=7, **done))
    assert [row.email for row in shop.rows(CustomerRow)] == ["new@example.com"]


def test_an_id_of_another_systems_order_changes_nothing(shop: ShopSystem) -> None:
    """Two systems that count from 1: the later order is refused, so that nobody gets mail about it."""
    other = shop_order(customer_id="7", placed_at=NOW - timedelta(days=3), version=9000, lines=[line("vase")])
    with pytest.raises(BadInput, match="another customer's order"):
        shop.report(news_of(other, person("7", "eve@example.com")))
    assert shop.lines() == [("mug", 1, 0)]
    assert [row.id for row in shop.rows(CustomerRow)] == [TYPO]
