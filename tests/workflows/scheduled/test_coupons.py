"""A campaign that waits for a code is woken once its offer has some: on a Temporal server, by a schedule."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.worker import Replayer

from campaign.contract import COUPONS_WORKFLOW, TASK_QUEUE
from campaign.offers.coupons import CouponState, Origin
from starter import clock
from starter.timeline.explanation import explain
from storage.database import Database
from storage.queries.coupons.stock import add_codes
from tests.facts import CAMPAIGN
from tests.shop import Shop, running_shop, unique
from tests.workflows.orders import purchase, start, waiting, zone_of_afternoon
from worker.plugin import afterglow_plugin

pytestmark = pytest.mark.temporal
DUE_AFTER = timedelta(days=90)
CODE = "BACK-BBBB-2222-CCCC"


@pytest.fixture
async def pool_shop(client: Client, database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop whose best offer has uploaded codes, of which there are none."""
    text = CAMPAIGN.read_text("utf-8")
    code = tomllib.loads(text)["offers"]["come-back"]["code"]
    campaign = tmp_path / "campaign.toml"
    campaign.write_text(text.replace(f'code = "{code}"', 'coupon = "pool"'), "utf-8")
    async with running_shop(client, database, tmp_path / "home", campaign=campaign) as running:
        yield running


class Waiting:
    """Campaigns whose best offer was due an hour ago, where it is afternoon, and that wait for a code."""

    def __init__(self, shop: Shop) -> None:
        """Wait with nobody yet."""
        self.shop = shop
        self.handles: dict[str, Any] = {}

    async def begin(self) -> str:
        """Start the campaign of another customer; once it waits, return its order."""
        customer, order_id = unique("c"), unique("o")
        contact = {"email": f"{customer}@example.com", "time_zone": zone_of_afternoon()}
        self.shop.save(customer_id=customer, **contact)
        placed = clock.now() - DUE_AFTER - timedelta(hours=1)
        order = purchase(order_id, customer, placed_at=placed.isoformat())
        self.handles[order_id] = await start(self.shop.client, order)
        assert (await waiting(self.handles[order_id]))["waiting"] == "no_coupon"
        return order_id

    async def status(self, order_id: str) -> dict[str, Any]:
        """What the campaign itself says."""
        found: dict[str, Any] = await self.handles[order_id].query("status")
        return found

    def add(self, *codes: str) -> None:
        """Upload codes."""
        with self.shop.database.transaction() as session:
            add_codes(session, "come-back", codes, Origin.POOL, CouponState.AVAILABLE, clock.now())

    async def turn(self) -> int:
        """Run what the schedule runs; return how many campaigns were signalled."""
        signalled: int = await self.shop.client.execute_workflow(
            COUPONS_WORKFLOW, id=unique("codes"), task_queue=TASK_QUEUE, result_type=int
        )
        return signalled


async def test_who_waits_is_woken_by_new_codes(pool_shop: Shop) -> None:
    """Explained as it stands; then a code comes: one of two is woken, and sends with it, before its look."""
    campaigns = Waiting(pool_shop)
    first, second = await campaigns.begin(), await campaigns.begin()
    looks = datetime.fromisoformat((await campaigns.status(first))["next_at"])
    with pool_shop.database.reading() as session:
        explained = explain(session, first, clock.now() + timedelta(minutes=30))
    assert (explained["now"]["until"], explained["now"]["coupon"]["looks_again_at"]) == (looks, looks)
    before = await campaigns.status(second)
    assert await campaigns.turn() == 0
    campaigns.add(CODE)
    assert await campaigns.turn() == 1
    assert (await campaigns.handles[first].result())["messages_sent"] == 1
    (sent,) = pool_shop.messages(first)
    assert CODE in (sent.text or "")
    assert (pool_shop.messages(second), await campaigns.status(second)) == ([], before)
    assert await campaigns.turn() == 0
    replayer = Replayer(workflows=[], plugins=[afterglow_plugin()])
    await replayer.replay_workflow(await campaigns.handles[first].fetch_history())
    await campaigns.handles[second].signal("stop", {"reason": "test"})
    assert (await campaigns.handles[second].result())["exit_reason"] == "stopped"
