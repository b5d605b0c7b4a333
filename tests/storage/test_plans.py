"""No statement scans a table that grows with the shop: every one that is sent is explained on PostgreSQL.

Statements are recorded as they are sent, by everything that happens in a shop, so that a new query is
explained without being named here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import SQLModel

from activities.close import close
from activities.interface import CloseRequest
from campaign.offers.coupons import CouponState, Origin
from campaign.reasons import Channel, Reason
from campaign.reviews.imported import ImportedReview
from campaign.reviews.states import Move, ReviewState
from campaign.tokens import TokenUse, make_token
from campaign.wire import Customer, OrderStatus, OrderUpdate, Product, Purchase, Refund
from dev.bench.fill import fill_products, fill_repeat_gaps, fill_shop
from dev.bench.statements import recorded_statements
from intake.imports.batches import How, apply_batch
from intake.imports.formats import Group
from intake.orders import receive_event
from intake.person.approved import do_next_request
from intake.person.erasure import erase_person
from intake.person.export import export_person
from intake.person.requests import receive_person_request
from intake.refunds import record_refund
from intake.reviews.importing import apply_reviews
from intake.reviews.moderation import Decision, moderate
from intake.reviews.writing import Posted, write_review
from shops.guests import guest_id
from shops.news import PersonRequest, PrivacyRequest, ShopNews, ShopProduct, StockLevel
from starter import clock
from starter.client import Started
from starter.forwarding import forward_turn
from storage.database import Database
from storage.inserts import insert_or_update
from storage.migrate import upgrade
from storage.queries.campaigns.facts import load_facts
from storage.queries.coupons import reserving
from storage.queries.coupons.awaiting import awaiting_codes
from storage.queries.coupons.filling import keep_stock
from storage.queries.coupons.listing import list_coupons
from storage.queries.coupons.pushing import codes_to_push, push_refused_now, record_refused
from storage.queries.coupons.redeeming import Use, redeem_coupon
from storage.queries.coupons.settling import give_back, issue_coupon, release_coupon, void_coupon
from storage.queries.coupons.stock import add_codes, all_stocks, make_known
from storage.queries.imports.candidates import superseded_orders
from storage.queries.imports.progress import Progress, begin_import, move_import
from storage.queries.inbox.listing import backlog, discard_rows, order_in_inbox, retry_rows, waiting_orders
from storage.queries.inbox.receiving import add_rows
from storage.queries.messages.failures import unseen_failures
from storage.queries.models.fits import LIFETIME_VALUE, Score, fitted_since, save_scores, store_fit
from storage.queries.people.customers import save_customer
from storage.queries.privacy.erasing import second_look
from storage.queries.privacy.finding import messages_of_orders
from storage.queries.privacy.jobs import claim_job, count_jobs, end_job, postpone_job
from storage.queries.privacy.requests import waiting_requests
from storage.queries.privacy.retention import Cutoffs, erase_old
from storage.queries.reviews.reviews import Wanted, list_reviews
from storage.queries.shop.events import event_seen, last_of_topics, newest_events, refused_requests
from storage.queries.shop.examples import newest_orders, orders_of
from storage.queries.shop.statistics import refresh_statistics
from storage.tables import MessageRow, StepRow
from tests.activities.coupons.shop import CODES, definition_with
from tests.callbacks import PHONE, TOKEN, Notified, Providers, add_sending, providers
from tests.facts import PLACED
from tests.mail import LOYALTY, SECRET, Mail, mailing, preferences, unsubscribe
from tests.shop import OPT_OUT_KEYS, new_postgres_database
from tests.shop_news import NOW, ShopSystem, became, line, news_of, person, shop_order
from web.receiving.receiver import Receiver
from worker.forwarder import Forwarder
from worker.health import health_app

ORDERS, PRODUCTS = 20_000, 20_000
#: These stay small however large the shop becomes.
BOUNDED = {
    "best_sellers",
    "campaign_definitions",
    "channel_stops",
    "erasure_jobs",
    "offer_stocks",
    "shop_models",
    "statistics",
}
GROWING = {table.name for table in SQLModel.metadata.sorted_tables} - BOUNDED
OLD = PersonRequest(PrivacyRequest.ERASE, email="old@example.com", phone="+12025550197")
EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


class Temporal(Notified):
    """Campaigns that take everything, without a server."""

    namespace = "default"

    async def start(self, purchase: Purchase) -> Started:
        """Start nothing."""
        return Started(purchase.order_id, purchase.order_id, known=False)

    async def order_updated(self, order_id: str, update: OrderUpdate) -> None:
        """Signal nothing."""

    async def status(self, _order_id: str) -> dict[str, Any]:
        """Know nothing."""
        return {}


@pytest.fixture(scope="module")
def large_shop(postgres_url: str | None) -> Iterator[Database]:
    """A shop with past orders, its statistics counted, and PostgreSQL's own statistics of it."""
    if postgres_url is None:
        pytest.skip("no PostgreSQL on this machine: install Debian's package postgresql")
    database = Database(new_postgres_database(postgres_url), opt_out_keys=OPT_OUT_KEYS)
    upgrade(database)
    with database.transaction() as session:
        fill_products(session, PLACED, PRODUCTS)
    fill_shop(database, 0, ORDERS - 1, PLACED)
    refresh_statistics(database, PLACED)
    with database.transaction() as session:
        fill_repeat_gaps(session, PRODUCTS)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    yield database
    database.close()


@pytest.fixture
async def mail(large_shop: Database, tmp_path: Path) -> AsyncIterator[Mail]:
    """A customer of the large shop, with one open campaign."""
    async with mailing(large_shop, tmp_path / "outbox") as made:
        yield made


async def test_no_statement_scans_what_grows_with_the_shop(mail: Mail, tmp_path: Path) -> None:
    """With 20,000 orders campaign, callbacks, replies, pages, API, health, failures read by index only."""
    calls = providers(mail.database, tmp_path, api_token=SecretStr(TOKEN))
    campaigns = calls.app.state.campaigns = Temporal()
    calls.app.state.receiver = Receiver(mail.database, campaigns)  # type: ignore[arg-type]
    with recorded_statements(mail.database) as found:
        await run_campaign(mail)
        await call_back(calls)
        await use_api(calls)
        await calls.app.state.receiver.finished()
        await use_inbox(mail.database, campaigns)
        await look_at_health(mail.database)
        report_refunds(mail.database)
        report_as_shop(mail.database)
        import_history(mail.database)
        keep_scores(mail.database)
        use_coupons(mail.database)
        erase_persons(mail.database)
        find_orders(mail.database)
        with mail.database.reading() as session:
            unseen_failures(session, PLACED)
    explained = {text: scans(mail.database, text, values) for text, values in found.texts.items()}
    assert len(explained) > 40
    assert {text: tables for text, tables in explained.items() if tables} == {}


def test_a_scan_is_found(large_shop: Database) -> None:
    """The test above can fail: a query without an index is named, one by key is not."""
    without, by_key = "SELECT id FROM orders WHERE total > 5", "SELECT id FROM orders WHERE id = 'past-7'"
    assert scans(large_shop, without, ()) == {"orders"}
    assert scans(large_shop, by_key, ()) == set()


async def run_campaign(mail: Mail) -> None:
    """Everything a workflow has done, and a customer who reads, clicks and leaves."""
    mail.save()
    mail.enrol()
    message = mail.claim()
    mail.deliver(message)
    mail.decide()
    await mail.http.get(unsubscribe(message))
    await mail.http.get(preferences(message))
    link = (message.text or "").partition("/c/")[2][:8]
    await mail.http.get(f"/c/{link}")
    await mail.http.post(unsubscribe(message))
    await mail.prefer(message, email="less", sms="yes")
    await use_reviews(mail, message)
    mail.enrol("o-2")
    close(mail.database, CloseRequest(order_id="o-1", reason=Reason.COMPLETED, now=PLACED))


async def use_reviews(mail: Mail, message: MessageRow) -> None:
    """A customer looks and reviews, a moderator lists and decides, a file is imported."""
    link = f"/review/{make_token(SECRET, TokenUse.REVIEW, message.id)}"
    assert (await mail.http.get(link)).status_code in (200, 410)
    await mail.http.post(link, data={"item": "mug", "stars": "4"})
    review = {
        "sku": "p-7",
        "rating": 4,
        "written_at": NOW,
        "order_id": "past-7",
        "email": "past7@example.com",
    }
    with mail.database.transaction() as session:
        write_review(session, message.id, Posted("mug", 4, "Keeps warm."), LOYALTY)
        news = ShopNews(reviews=(ImportedReview.model_validate(review),))
        apply_reviews(session, [Group((), news)])
    with mail.database.transaction() as session:
        for wanted in (Wanted(ReviewState.PENDING), Wanted(sku="p-7"), Wanted(ReviewState.PUBLISHED, "p-7")):
            rows = list_reviews(session, wanted, 10)
        moderate(session, rows[0].id or 0, Decision(Move.HIDE), NOW)


def use_coupons(database: Database) -> None:
    """A coupon's whole life, its stock and its lists."""
    definition, now = definition_with(coupon="single_use", keep_ready=5), PLACED
    wanted = reserving.Wanted("come-back", "o-1", "win-back-best", "c-1", now, now, Decimal(1))
    limit = reserving.DayLimit("2026-03-02", 5, Decimal(50))
    with database.transaction() as session:
        add_codes(session, "come-back", CODES, Origin.POOL, CouponState.AVAILABLE, now)
        for settle in (issue_coupon, release_coupon):
            taken = reserving.take_coupon(session, wanted)
            assert taken
            assert reserving.count_given(session, "come-back", Decimal(1), limit)
            settle(session, taken.id, now)
            void_coupon(session, taken.id, now)
        reserving.uncount_given(session, "come-back", Decimal(1), limit.day)
        reserving.record_empty(session, "come-back", now)
        taken = reserving.take_coupon(session, wanted)
        assert taken
        give_back(session, taken.id, "come-back")
        redeem_coupon(session, Use(CODES[0], "o-9", now))
        add_codes(session, "come-back", ["MADE-1"], Origin.GENERATED, CouponState.MADE, now)
        record_refused(session, "come-back", {"MADE-1": "INVALID"}, now - timedelta(days=1))
        assert codes_to_push(session, "come-back", now, 250) == ["MADE-1"]
        push_refused_now(session, "come-back")
        make_known(session, "come-back", CODES)
        list_coupons(session, "come-back", CouponState.ISSUED, 10)
        all_stocks(session)
        insert_or_update(session, StepRow, order_id="o-1", step="win-back-best", kind="wait",
                         reason="no_coupon", decided_at=now, awaits_offer="come-back")  # fmt: skip
        awaiting_codes(session, now)
    keep_stock(database, definition, None, now)


def report_refunds(database: Database) -> None:
    """A part of a known order, and of one that is not here."""
    back = {"refund_id": "r-1", "amount": "1.00", "at": PLACED, "lines": [{"sku": "mug", "quantity": 1}]}
    for order_id in ("o-1", "o-1", "unknown"):
        with database.transaction() as session:
            record_refund(session, order_id, Refund.model_validate(back), PLACED)


def import_history(database: Database) -> None:
    """A batch of a file, where it goes on, and what a backfill reads of each order."""
    who = person("past-7", email="past7@example.com", phone="+12025550198")
    news = became(OrderStatus.DELIVERED, "i-1").updates
    group = Group((), news_of(shop_order("i-1", "past-7"), who, updates=news))
    with database.transaction() as session:
        begin_import(session, "digest", "orders", NOW)
        apply_batch(session, [group, Group((), news_of(shop_order("past-8", "past-1")))], How(own=False))
        move_import(session, "digest", "orders", 0, Progress(1, 1, 1))
    with database.reading() as session:
        load_facts(session, ["past-7", "past-8"])
        superseded_orders(session, ["past-7", "past-8"])


def keep_scores(database: Database) -> None:
    """Some customers' scores, and which fit is the newest."""
    quality: dict[str, Any] = {"parameters": {}, "quality": {}}
    with database.transaction() as session:
        fit = store_fit(session, LIFETIME_VALUE, NOW, serves="model", why=None, **quality)
        scores = [Score(f"past-{number}", Decimal(7), 1.5, 0.5) for number in range(2)]
        assert save_scores(session, fit, scores, NOW) == len(scores)
    assert fitted_since(database, NOW)


def test_an_erasure_reads_by_index_only(large_shop: Database) -> None:
    """What no plan shows is counted: the checks of references to rows that go scan no table that grows."""
    add_old_customer(large_shop)
    with large_shop.transaction() as session:
        assert erase_person(session, OLD, "test", PLACED).found
        scanned = text("SELECT relname FROM pg_stat_xact_user_tables WHERE seq_scan > 0")
        found = set(session.connection().execute(scanned).scalars())
    assert found & GROWING == set()


def add_old_customer(database: Database) -> None:
    """Save a customer with consents and a message, and kept opt-outs of others."""
    consents = [
        {"channel": channel.value, "state": "granted", "source": "checkout", "at": PLACED.isoformat()}
        for channel in Channel
    ]
    contact = {
        "customer_id": "old",
        "email": "old@example.com",
        "phone": "+12025550197",
        "consents": consents,
    }
    with database.transaction() as session:
        save_customer(session, Customer.model_validate(contact))


def erase_persons(database: Database) -> None:
    """A person is exported and erased, requested by a shop and an operator; the worker looks twice."""
    add_old_customer(database)
    for kind in (PrivacyRequest.EXPORT, PrivacyRequest.ERASE):
        with database.transaction() as session:
            receive_person_request(session, replace(OLD, kind=kind), NOW, "shopify")
    with database.reading() as session:
        waiting_requests(session)
        export_person(session, PersonRequest(PrivacyRequest.EXPORT, customer_id="past-8"), NOW)
    assert do_next_request(database, NOW)
    with database.transaction() as session:
        job = claim_job(session, NOW)
        assert job
        messages_of_orders(session, ["past-7"])
        second_look(session, ["past-7"])
        postpone_job(session, job, NOW, failed=False)
        end_job(session, job)
        count_jobs(session)
    erase_old(database, Cutoffs(*[PLACED - timedelta(days=89)] * 3))


def report_as_shop(database: Database) -> None:
    """Orders of an account and a guest, an edit, early news, contact data, the catalogue; what is shown."""
    shop, guest = ShopSystem(database), guest_id("key", "email:past7@example.com")
    entry = Product(sku="p-7", name="Mug", url="https://x.example.com", price=Decimal(1), currency="USD")
    for news in (
        news_of(shop_order("s-1"), person(phone="+12025550199")),
        news_of(shop_order("s-1", version=5, lines=[line("cup", 2)]), person(email="new@example.com")),
        news_of(shop_order("s-2", guest), person(guest, "past7@example.com")),
        news_of(None, person(email=None, unreachable={Channel.EMAIL: "none"})),
        ShopNews(
            updates=became(OrderStatus.FULFILLED, "s-1").updates,
            states=became(OrderStatus.DELIVERED, "s-3").updates,
        ),
        ShopNews(products=(ShopProduct(entry, "i-7"),), removed_skus=("p-8",)),
        ShopNews(stock=(StockLevel("i-7", "here", 0, NOW),)),
    ):
        shop.report(news)
    with database.reading() as session:
        last_of_topics(session, "shopify", ["orders/paid"])
        newest_events(session, "shopify", 10)
        refused_requests(session, "shopify")
        event_seen(session, "shopify", "past-1")


def find_orders(database: Database) -> None:
    """What the shop's people look for on the preview's page."""
    with database.reading() as session:
        for wanted in ("past-7", "past7@example.com", "nobody"):
            orders_of(session, wanted, 10)
        newest_orders(session, 10)


async def call_back(calls: Providers) -> None:
    """What both providers report of two messages, and what a customer replies."""
    email, text = (add_sending(calls.database, channel, step="win-back-soft") for channel in Channel)
    for number, name in enumerate(("processed", "delivered", "open", "click", "bounce", "spamreport")):
        event = {"email": "ada@example.com", "event": name, "afterglow_message": email}
        ids = {"sg_event_id": f"e-{number}", "sg_message_id": "sg-1.filter", "timestamp": 1_772_000_000}
        assert (await calls.sendgrid({**event, **ids})).is_success
    for state in ("sent", "delivered", "undelivered"):
        assert (await calls.status(text, state)).is_success
    for words in ("STOP", "START", "YES", "HELP", "when does my parcel come"):
        assert (await calls.sms(words, PHONE)).is_success


async def use_api(calls: Providers) -> None:
    """What an order service does."""
    line = {"sku": "p-1", "quantity": 1, "unit_price": "20.00"}
    order = {"order_id": "o-9", "customer_id": "c-9", "placed_at": clock.now().isoformat(), "currency": "USD"}
    event = {"status": "delivered", "at": clock.now().isoformat()}
    transport = httpx.ASGITransport(calls.app)
    key = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=key) as http:
        for answer in (
            await http.put("/customers/c-9", json={"email": "grace@example.com", "phone": "+12025550199"}),
            await http.put("/customers/c-9/loyalty", json={"tier": "gold"}),
            await http.post("/orders", json={**order, "total": "20.00", "lines": [line]}),
            await http.post("/orders/o-1/events", json=event),
            await http.get("/orders/o-1"),
            await http.get("/customers/c-1/consents"),
            await http.get("/readyz"),
        ):
            assert answer.is_success, answer.text


async def use_inbox(database: Database, campaigns: Any) -> None:
    """What waits is forwarded, matched, listed, tried again and discarded, of a backlog of thousands."""
    now = clock.now()
    with database.transaction() as session:
        waiting = [
            {
                "key": f"event:x-{n}", "kind": "event", "order_id": f"x-{n}",
                "customer_id": f"past-{n}" if n % 2 else None,
                "body": '{"status": "delivered", "at": "2026-03-02T15:00:00Z"}', "state": "waiting",
                "attempts": 0, "received_at": now, "due_at": now + timedelta(days=1), "leased_until": None,
            }
            for n in range(5_000)
        ]  # fmt: skip
        add_rows(session, waiting)
        session.connection().exec_driver_sql("ANALYZE inbox")
        receive_event(session, "o-1", OrderUpdate(status=OrderStatus.FULFILLED, at=now), now)
        receive_event(session, "o-7", OrderUpdate(status=OrderStatus.FULFILLED, at=now), now)
    await Forwarder(database, campaigns).turn()
    await forward_turn(database, campaigns, now)
    await forward_turn(database, campaigns, now, ["o-1"])
    with database.transaction() as session:
        order_in_inbox(session, "o-9")
        waiting_orders(session, ["o-9"])
        backlog(session, now)
        retry_rows(session, [1], now)
        discard_rows(session, [1], now)


async def look_at_health(database: Database) -> None:
    """What an operator's monitor reads of the worker."""
    transport = httpx.ASGITransport(health_app(database, lambda: True))
    async with httpx.AsyncClient(transport=transport, base_url="http://worker") as http:
        assert (await http.get("/readyz")).is_success


def scans(database: Database, statement: str, values: Any) -> set[str]:
    """Return the growing tables that PostgreSQL would read from end to end for a statement."""
    if not statement.lstrip().upper().startswith(EXPLAINED):
        return set()
    one = values[0] if isinstance(values, list) else values
    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", one).scalar_one()
    return set(_scanned(plan[0]["Plan"])) & GROWING


def _scanned(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for part in node.get("Plans", []):
        yield from _scanned(part)
