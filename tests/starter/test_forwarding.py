"""From the inbox to a real Temporal server: what is forwarded twice is one campaign."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from campaign.wire import OrderUpdate, Purchase
from intake.orders import Lease, receive_event, receive_orders
from starter import clock
from starter.client import Campaigns
from starter.forwarding import forward_jobs, record_turn
from storage.queries.inbox.forwarding import Job
from storage.queries.inbox.states import State, Why
from storage.tables import InboxRow, RunRow
from tests.shop import Shop, unique
from tests.workflows.orders import purchase, waiting

pytestmark = pytest.mark.temporal


async def test_a_start_that_is_repeated_is_one_campaign(shop: Shop) -> None:
    """A forwarder dies between start and mark, another does it again: one run, also after its end."""
    shop.save()
    order, now = Purchase.model_validate(purchase(unique("o"))), clock.now()
    campaigns, lease = Campaigns(shop.client), Lease(now + timedelta(hours=1))
    with shop.database.transaction() as session:
        (outcome,) = receive_orders(session, [order], now, lease=lease)
    job = Job(outcome.leased or 0, order.order_id, purchase=order)
    for _ in range(2):
        turn = await forward_jobs(campaigns, [job])
        assert [one.state for one in turn.tried] == [State.DONE]
    handle = shop.handle(order.order_id)
    first = (await handle.describe()).run_id
    await waiting(handle)
    await campaigns.stop(order.order_id, "test")
    await handle.result()
    record_turn(shop.database, await forward_jobs(campaigns, [job]), now)
    assert (await handle.describe()).run_id == first
    with shop.database.reading() as session:
        assert [row.order_id for row in session.exec(select(RunRow))] == [order.order_id]
        assert [row.state for row in session.exec(select(InboxRow))] == ["done"]


async def test_news_of_an_ended_campaign_is_done(shop: Shop) -> None:
    """Temporal says that it has ended: the news is recorded, and nothing more has to be signalled."""
    shop.save()
    order, now = Purchase.model_validate(purchase(unique("o"))), clock.now()
    campaigns, lease = Campaigns(shop.client), Lease(now + timedelta(hours=1))
    await campaigns.start(order)
    await waiting(shop.handle(order.order_id))
    await campaigns.stop(order.order_id, "test")
    await shop.handle(order.order_id).result()
    update = OrderUpdate.model_validate({"status": "refunded", "at": now})
    with shop.database.transaction() as session:
        outcome = receive_event(session, order.order_id, update, now, lease=lease)
    turn = await forward_jobs(campaigns, [Job(outcome.leased or 0, order.order_id, update=update)])
    assert [(one.state, one.why) for one in turn.tried] == [(State.DONE, Why.CAMPAIGN_ENDED)]
