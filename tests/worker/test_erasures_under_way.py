"""A person is erased while something of theirs is under way: a send, a start, another erasure, a report."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError

from campaign.reasons import Channel
from campaign.wire import Customer, Purchase
from channels.outbox.reports import waiting as reports_waiting
from intake.contacts import SentOrder, receive_sent_orders
from intake.person.erasure import erase_person
from shops.news import PersonRequest, PrivacyRequest
from starter import clock
from starter.client import Campaigns
from starter.forwarding import LEASE, forward_jobs, record_turn
from storage.database import Database
from storage.queries.inbox.forwarding import claim_jobs
from tests.persons import everything
from tests.shop import Shop, running_shop, unique
from tests.worker.test_erasures import Ada, gone, outbox, temporal, traces, work_off
from tests.worker.test_slow_provider import Hanging
from tests.workflows.orders import due_at_once, news, purchase, start, zone_of_afternoon
from worker.erasures import SECOND_LOOK
from worker.run import workers

pytestmark = pytest.mark.temporal


@pytest.fixture
async def shop(client: Client, database: Database, tmp_path: Path) -> Shop:
    """A shop whose worker does not run yet."""
    async with running_shop(client, database, tmp_path / "home") as made:
        pass
    return made


def erase(shop: Shop, ada: Ada) -> None:
    """Erase by the address."""
    request = PersonRequest(PrivacyRequest.ERASE, email=ada.email)
    shop.database.retrying(lambda session: erase_person(session, request, "test", clock.now()))


async def sent(shop: Shop) -> None:
    """Wait until the one message's attempt has ended."""
    async with asyncio.timeout(30):
        while everything(shop.database)["messages"][0]["state"] != "sent":  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0.05)


async def looked_twice(shop: Shop) -> None:
    """Do what the worker does at once, and a quarter of an hour later."""
    await work_off(shop, clock.now)
    await work_off(shop, lambda: clock.now() + SECOND_LOOK)


def left(shop: Shop, ada: Ada) -> set[str]:
    """What is found of the person in the database and the outbox."""
    return traces(ada, everything(shop.database)) | traces(ada, outbox(shop))


async def test_a_message_that_is_being_sent(shop: Shop) -> None:
    """The provider answers after the erasure: it was sent once, and nothing of the person is written down."""
    ada, begun, slow = Ada(), clock.now(), Hanging()
    shop.save(customer_id=ada.id, **{**ada.contact, "phone": None, "time_zone": zone_of_afternoon()})
    activities = replace(shop.activities, channels={**shop.activities.channels, Channel.EMAIL: slow})
    async with workers(shop.client, shop.settings, activities):
        try:
            handle = await start(shop.client, due_at_once(unique("o"), customer_id=ada.id), news("processed"))
            assert await asyncio.to_thread(slow.waiting.acquire, timeout=60)
            await asyncio.to_thread(erase, shop, ada)
        finally:
            slow.answers.set()
        await sent(shop)
        await looked_twice(shop)
        await gone(shop, handle.id.removeprefix("post-purchase/"))
    assert not slow.waiting.acquire(blocking=False)
    (message,) = everything(shop.database)["messages"]
    assert (message["state"], message["provider_id"], message["text"]) == ("sent", None, None)
    assert left(shop, ada) == set()
    assert traces(ada, await temporal(shop.client, begun)) == set()


async def test_a_campaign_that_is_just_being_started(shop: Shop) -> None:
    """The forwarder holds the order as it erases: the campaign is refused, and its history goes as well."""
    ada, begun = Ada(), clock.now()
    order = Purchase.model_validate(purchase(unique("o"), ada.id))
    contact = Customer.model_validate({"customer_id": ada.id, **ada.contact})
    with shop.database.transaction() as session:
        receive_sent_orders(session, [SentOrder(order, contact)], clock.now())
    with shop.database.transaction() as session:
        jobs = claim_jobs(session, clock.now(), clock.now() + LEASE, 10)
    assert [job.order_id for job in jobs] == [order.order_id]
    await asyncio.to_thread(erase, shop, ada)
    async with workers(shop.client, shop.settings, shop.activities):
        turn = await forward_jobs(Campaigns(shop.client), jobs)
        record_turn(shop.database, turn, clock.now())
        with pytest.raises(WorkflowFailureError):
            await shop.handle(order.order_id).result()
        await looked_twice(shop)
        await gone(shop, order.order_id)
    rows = everything(shop.database)
    assert [(row["state"], row["why"]) for row in rows["inbox"]] == [("discarded", "erased")]
    assert rows["campaign_runs"] == []
    assert left(shop, ada) == set()
    assert traces(ada, await temporal(shop.client, begun)) == set()


async def test_a_campaign_that_was_refused(shop: Shop) -> None:
    """An order that the database does not know, started by an SDK and refused: found by its customer."""
    ada, begun = Ada(), clock.now()
    late = (clock.now() + timedelta(days=30)).isoformat()
    async with workers(shop.client, shop.settings, shop.activities):
        handle = await start(shop.client, purchase(unique("o"), ada.id, placed_at=late))
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        await listed(shop, ada)
        request = PersonRequest(PrivacyRequest.ERASE, customer_id=ada.id)
        shop.database.retrying(lambda session: erase_person(session, request, "test", clock.now()))
        await looked_twice(shop)
        await gone(shop, handle.id.removeprefix("post-purchase/"))
    assert traces(ada, await temporal(shop.client, begun)) == set()


async def listed(shop: Shop, ada: Ada) -> None:
    """Wait until the server's list, which lags, has the customer."""
    async with asyncio.timeout(20):
        while not [one async for one in shop.client.list_workflows(f'CustomerId = "{ada.id}"')]:  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0.05)


def test_two_erasures_and_orders_at_once(shop: Shop) -> None:
    """Sixteen erasures of one person while orders come in: each ends, and the last one holds."""
    ada = Ada()
    shop.save(customer_id=ada.id, **ada.contact)
    contact = Customer.model_validate({"customer_id": ada.id, **ada.contact, "consents": []})

    def order(number: int) -> None:
        sent = SentOrder(Purchase.model_validate(purchase(f"{ada.id}-{number}", ada.id)), contact)
        shop.database.retrying(lambda session: receive_sent_orders(session, [sent], clock.now()))

    def either(number: int) -> None:
        (order if number % 2 else lambda _: erase(shop, ada))(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(either, range(32)))
    erase(shop, ada)
    rows = everything(shop.database)
    orders = {row["id"]: row["customer_id"] for row in rows["orders"]}
    assert len(orders) == 16
    assert all(who.startswith("erased-") for who in orders.values())
    personal = [rows["customers"], [{**row, "key": "", "order_id": ""} for row in rows["inbox"]]]
    assert traces(ada, personal) == set()
    assert {row["state"] for row in rows["inbox"]} == {"discarded"}


def test_an_old_order_that_comes_again_brings_nobody_back(shop: Shop) -> None:
    """The shop sends the erased person's order again, with contact data: answered, and nothing is saved."""
    ada = Ada()
    sent = SentOrder(
        Purchase.model_validate(purchase(unique("o"), ada.id)),
        Customer.model_validate({"customer_id": ada.id, **ada.contact}),
    )
    for _ in range(2):
        with shop.database.transaction() as session:
            (outcome,) = receive_sent_orders(session, [sent], clock.now())
        assert outcome.error is None
        erase(shop, ada)
    rows = everything(shop.database)
    assert (len(rows["erasures"]), outcome.erased) == (1, True)
    del rows["erasure_jobs"]
    assert traces(ada, rows) == set()


async def test_reports_of_the_outbox_that_wait(shop: Shop) -> None:
    """Reports that nobody has applied hold the recipient: they go with the files."""
    ada = Ada()
    ada.email = f"bounced+{ada.email.split('@')[0]}@outbox.test"
    contact = {"email": ada.email, "phone": None, "time_zone": zone_of_afternoon()}
    shop.save(customer_id=ada.id, **{**ada.contact, **contact})
    async with workers(shop.client, shop.settings, shop.activities):
        handle = await start(shop.client, due_at_once(unique("o"), customer_id=ada.id), news("processed"))
        async with asyncio.timeout(30):
            while not list(reports_waiting(shop.settings.outbox)):
                await handle.query("status")
                await asyncio.sleep(0.05)
        await asyncio.to_thread(erase, shop, ada)
        await looked_twice(shop)
    assert [path for path in shop.settings.outbox.rglob("*") if path.is_file()] == []
    assert left(shop, ada) == set()
