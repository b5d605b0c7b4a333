"""Contact data from a shop: one person by address, and nothing is written to what cannot be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from activities.enrol import enrol
from activities.interface import EnrolRequest
from campaign.reasons import Channel
from intake.shop.events import ShopRequest, receive_shop_event
from shops.guests import guest_id
from storage.database import Database
from storage.queries.people.customers import ensure_customers
from storage.tables import ConsentRow, CustomerRow, OrderRow, RunRow
from tests.facts import default_definition
from tests.shop_news import HOUR, NOW, ShopSystem, news_of, person, shop_order

KEY, OLD_KEY = "a-key-of-twenty-characters", "the-one-before-that-one"
ADA = "email:ada@example.com"
PHONE = "+12025550123"


@pytest.fixture
def shop(database: Database) -> ShopSystem:
    """A shop that reports to either database."""
    return ShopSystem(database)


def order_as(shop: ShopSystem, customer_id: str, order_id: str = "o-1") -> str:
    """Report an order of somebody with Ada's address; return whose it became."""
    shop.report(news_of(shop_order(order_id, customer_id), person(customer_id)))
    with shop.database.reading() as session:
        return session.get_one(OrderRow, order_id).customer_id


def test_a_guests_orders_are_one_persons(shop: ShopSystem) -> None:
    """Two orders without an account: one customer."""
    guest = guest_id(KEY, ADA)
    assert {order_as(shop, guest), order_as(shop, guest, "o-2")} == {guest}
    assert [row.id for row in shop.rows(CustomerRow)] == [guest]


def test_a_guest_with_an_account_is_its_owner(shop: ShopSystem) -> None:
    """The order counts for the account: a repurchase ends its campaign, as it should."""
    shop.report(news_of(None, person("c-7", "Ada@Example.com")))
    assert order_as(shop, guest_id(KEY, ADA)) == "c-7"
    assert [row.id for row in shop.rows(CustomerRow)] == ["c-7"]


def test_a_guest_keeps_the_id_when_the_secret_key_changes(shop: ShopSystem) -> None:
    """The key makes new ids only for people who are new."""
    before = order_as(shop, guest_id(OLD_KEY, ADA))
    assert order_as(shop, guest_id(KEY, ADA), "o-2") == before


def test_other_accounts_with_the_address_stay_apart(shop: ShopSystem) -> None:
    """An account's own order is its own, whoever has the same address."""
    shop.report(news_of(None, person("c-7")))
    assert order_as(shop, "c-8") == "c-8"


def test_rubbish_replaces_an_address(shop: ShopSystem) -> None:
    """What the shop has now is kept as given, and nobody is written to any more; until it is good again."""
    shop.report(news_of(None, person(phone="+12025550123")))
    bad = {Channel.EMAIL: "ada at example", Channel.SMS: "ask my son"}
    shop.report(news_of(None, person(email=None, unreachable=bad)))
    (row,) = shop.rows(CustomerRow)
    assert (row.email, row.email_key, row.phone) == (None, None, None)
    assert (row.email_as_given, row.phone_as_given) == ("ada at example", "ask my son")
    shop.report(news_of(None, person(email="ada@example.org")))
    (row,) = shop.rows(CustomerRow)
    assert (row.email, row.email_as_given, row.phone_as_given) == ("ada@example.org", None, "ask my son")


def test_older_contact_data_that_comes_late_changes_nothing(shop: ShopSystem) -> None:
    """An address that the customer has left is not written to again; consents are recorded all the same."""
    consent = {"channel": "email", "state": "granted", "source": "shopify", "at": NOW.isoformat()}
    newer = replace(person(email="new@example.com"), changed_at=NOW)
    older = replace(person(email="old@example.com", consents=[consent]), changed_at=NOW - HOUR)
    shop.report(news_of(None, newer))
    shop.report(news_of(None, older))
    shop.report(news_of(shop_order(placed_at=NOW - 2 * HOUR), person(email="older@example.com")))
    (row,) = shop.rows(CustomerRow)
    assert (row.email, row.changed_at) == ("new@example.com", NOW)
    assert len(shop.rows(ConsentRow)) == 1


def test_a_consent_of_an_older_version_is_recorded_all_the_same(shop: ShopSystem) -> None:
    """The ledger goes by the consents' own times: one that comes late is not lost."""
    consent = {"channel": "email", "state": "granted", "source": "shopify", "at": NOW.isoformat()}
    shop.report(news_of(shop_order(version=5), person()))
    shop.report(news_of(shop_order(version=1), person(email="old@example.com", consents=[consent])))
    assert [(row.state, row.address) for row in shop.rows(ConsentRow)] == [("granted", "ada@example.com")]


def test_an_erased_persons_order_brings_nothing_back(shop: ShopSystem) -> None:
    """The shop reports it again, with the contact data that it still has: none of it is saved."""
    shop.report(news_of(shop_order(), person()))
    with shop.database.transaction() as session:
        ensure_customers(session, ["erased-7"])
        session.get_one(OrderRow, "o-1").customer_id = "erased-7"
        session.delete(session.get_one(CustomerRow, "c-1"))
    assert shop.report(news_of(shop_order(version=5), person())) == "edited"
    assert [(row.id, row.email) for row in shop.rows(CustomerRow)] == [("erased-7", None)]


def test_a_guest_who_gets_an_account_has_bought_again(shop: ShopSystem) -> None:
    """Campaigns of the orders placed as a guest end; that of a stranger, and of a later order, does not."""
    guest, stranger = guest_id(KEY, ADA), guest_id(KEY, "email:bob@example.com")
    orders = {
        "o-1": (shop_order("o-1", guest), person(guest)),
        "o-2": (shop_order("o-2", stranger), person(stranger, "bob@example.com")),
        "o-3": (shop_order("o-3", guest, placed_at=NOW + 3 * HOUR), person(guest)),
    }
    for order, buyer in orders.values():
        shop.report(news_of(order, buyer))
        request = EnrolRequest(purchase=order.purchase, run_id="run", now=NOW + 3 * HOUR)
        enrol(shop.database, default_definition(), request)
    shop.report(news_of(shop_order("o-4", "c-7", placed_at=NOW), person("c-7", "Ada@example.com")))
    ended = {row.order_id: row.repurchased_by for row in shop.rows(RunRow)}
    assert ended == {"o-1": "o-4", "o-2": None, "o-3": None}


def test_a_household_shares_a_phone_and_nothing_else(shop: ShopSystem) -> None:
    """Who gave the phone alone gets an id of their own: nobody else gets mail about their products."""
    bob, ann = guest_id(KEY, "email:bob@example.com"), guest_id(KEY, f"sms:{PHONE}")
    shop.report(news_of(shop_order("o-1", bob), person(bob, "bob@example.com", phone=PHONE)))
    shop.report(news_of(shop_order("o-2", ann), person(ann, None, phone=PHONE)))
    shop.report(news_of(shop_order("o-3", ann), person(ann, None, phone=PHONE)))
    assert [row.customer_id for row in shop.rows(OrderRow)] == [bob, ann, ann]


def test_an_accounts_order_ends_no_campaign_of_its_household(shop: ShopSystem) -> None:
    """The same phone under another e-mail address is another buyer; under none it is this one."""
    bob, phone = guest_id(KEY, "email:bob@example.com"), guest_id(KEY, f"sms:{PHONE}")
    for order_id, buyer in {"o-1": person(bob, "bob@example.com"), "o-2": person(phone, None)}.items():
        order = shop_order(order_id, buyer.customer.customer_id)
        shop.report(news_of(order, person(buyer.customer.customer_id, buyer.customer.email, phone=PHONE)))
        enrol(
            shop.database, default_definition(), EnrolRequest(purchase=order.purchase, run_id="run", now=NOW)
        )
    shop.report(news_of(shop_order("o-3", "c-7", placed_at=NOW), person("c-7", phone=PHONE)))
    ended = {row.order_id: row.repurchased_by for row in shop.rows(RunRow)}
    assert ended == {"o-1": None, "o-2": "o-3"}


def test_guests_and_their_account_never_wait_in_a_circle(shop: ShopSystem) -> None:
    """Orders of both at once: each is applied at the first try, since the account's locks are taken first."""
    guest = guest_id(KEY, ADA)
    shop.report(news_of(None, person("c-7", phone=PHONE)))

    def report(number: int) -> None:
        buyer = person("c-7", phone=PHONE) if number % 2 else person(guest)
        order = shop_order(f"o-{number}", buyer.customer.customer_id)
        request = ShopRequest("shopify", "orders/paid", f"e-{number}", str(number).encode())
        with shop.database.transaction() as session:
            receive_shop_event(session, request, news_of(order, buyer), NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(report, range(24)))
    assert {row.customer_id for row in shop.rows(OrderRow)} == {"c-7"}
