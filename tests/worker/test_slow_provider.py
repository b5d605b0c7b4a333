"""A provider that does not answer holds up its own channel only."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from campaign.reasons import Channel
from channels.protocol import Outgoing, Receipt
from storage.database import Database
from tests.shop import running_shop, unique
from tests.workflows.orders import due_at_once, news, start, texted_in_the_afternoon, zone_of_afternoon
from worker.run import workers

pytestmark = pytest.mark.temporal
CONCURRENCY = 2


class Hanging:
    """A provider that takes its time until the test lets it answer."""

    name = "hanging"

    def __init__(self) -> None:
        """Count who waits."""
        self.answers, self.waiting = threading.Event(), threading.Semaphore(0)

    def send(self, message: Outgoing) -> Receipt:
        """Answer when it is time."""
        self.waiting.release()
        self.answers.wait()
        return Receipt("p-1", message.at)

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:
        """Find what it will accept."""
        return Receipt(f"p-{message.id}", attempted_at)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_slow_provider_holds_up_its_own_channel_only(
    client: Client, database: Database, tmp_path: Path
) -> None:
    """All SMS that may be sent at once wait for their answers; campaigns begin, and emails go out."""
    async with running_shop(client, database, tmp_path, concurrency=CONCURRENCY) as shop:
        pass
    slow = Hanging()
    activities = replace(shop.activities, channels={**shop.activities.channels, Channel.SMS: slow})
    for number in range(CONCURRENCY):
        shop.save(customer_id=f"s-{number}", email=None, **texted_in_the_afternoon(number))
    shop.save(customer_id="mailed", time_zone=zone_of_afternoon())
    async with workers(client, shop.settings, activities):
        try:
            for number in range(CONCURRENCY):
                await start(client, due_at_once(unique("o"), customer_id=f"s-{number}"), news("processed"))
            for _ in range(CONCURRENCY):
                assert await asyncio.to_thread(slow.waiting.acquire, timeout=60)
            order = due_at_once(unique("o"), customer_id="mailed")
            handle = await start(client, order, news("processed"))
            async with asyncio.timeout(20):
                while not shop.outbox:
                    await handle.query("status")
                    await asyncio.sleep(0.1)
        finally:
            slow.answers.set()
