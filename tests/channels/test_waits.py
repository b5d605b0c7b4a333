"""Busy providers and lost answers on the real Temporal server: waited for and queried, in the window."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from campaign.errors import ChannelBusy
from campaign.reasons import Channel
from channels.outbox.send import Outbox
from channels.protocol import MessageChannel, Outgoing, Receipt
from settings import Settings
from storage.database import Database
from tests.channels.test_twilio import channel
from tests.facts import PLACED
from tests.fakes.provider import Fault, serving
from tests.fakes.twilio_api import TwilioApi
from tests.shop import Shop, unique
from tests.workflows.orders import MINUTE, news, purchase, start
from worker.run import make_activities, workers

pytestmark = pytest.mark.temporal


class Busy(Outbox):
    """An outbox that has no time for the thank-you, so often, and wants to be waited for."""

    def __init__(self, folder: Path, wait: timedelta, times: int) -> None:
        """Want a pause so many times, then accept."""
        super().__init__(folder)
        self.wait, self.times = wait, times
        self.attempts: list[datetime] = []

    def send(self, message: Outgoing) -> Receipt:
        """Want a pause, or accept."""
        if message.step == "thank-you":
            self.attempts.append(message.at)
            if len(self.attempts) <= self.times:
                msg = "busy"
                raise ChannelBusy(msg, self.wait)
        return super().send(message)


async def run(
    client: Client, database: Database, home: Path, channel: MessageChannel, **contact: Any
) -> list[tuple[str, Any, Any]]:
    """Run one campaign to its end; return its messages' states and reasons."""
    settings = Settings(home=home, database_url=database.url, shutdown_seconds=5)
    activities = replace(make_activities(settings, database), channels=dict.fromkeys(Channel, channel))
    async with workers(client, settings, activities):
        shop = Shop(settings, database, client, activities)
        shop.save(**contact)
        order = purchase(unique("o"))
        placed = datetime.fromisoformat(order["placed_at"])
        handle = await start(TimeSkipper(client).client, order, news("processed", placed + 5 * MINUTE))
        await handle.result()
        return [(row.step, row.state, row.reason) for row in shop.messages(order["order_id"])]


async def test_a_busy_provider_is_waited_for(client: Client, database: Database, tmp_path: Path) -> None:
    """Made to wait an hour, the next attempt comes an hour later, and the message goes out."""
    busy = Busy(tmp_path / "outbox", timedelta(hours=1), 1)
    messages = await run(client, database, tmp_path, busy)
    assert messages[0] == ("thank-you", "sent", None)
    assert timedelta(hours=1) <= busy.attempts[1] - busy.attempts[0] < timedelta(hours=1, minutes=1)


async def test_a_wait_past_the_window_is_not_a_loop(
    client: Client, database: Database, tmp_path: Path
) -> None:
    """Made to wait a year each time, a message is tried a few times in its window, then skipped."""
    busy = Busy(tmp_path / "outbox", timedelta(days=365), 1_000)
    messages = await run(client, database, tmp_path, busy)
    assert messages[0] == ("thank-you", "skipped", "too_late")
    assert [state for _, state, _ in messages[1:]] == ["sent"] * 3
    assert len(busy.attempts) <= 4


async def test_lost_answers_are_looked_up(client: Client, database: Database, tmp_path: Path) -> None:
    """Twilio takes each SMS and its answer is lost: the next attempt finds it, and sends nothing again."""
    api = TwilioApi()
    api.now += timedelta(days=3_650)  # later than any attempt, for the fake's clock does not skip
    api.plan = lambda: Fault.DROPPED_AFTER
    consent = {"channel": "sms", "state": "granted", "source": "checkout", "confirmed": True,
               "at": PLACED.isoformat()}  # fmt: skip
    contact = {"phone": "+12025550123", "preferred_channel": "sms", "consents": [consent]}
    with serving(api), closing(channel(api.base)) as twilio:
        messages = await run(client, database, tmp_path, twilio, **contact)
    assert [state for _, state, _ in messages] == ["sent"] * 4
    assert len({text.message_id for text in api.accepted}) == len(api.accepted) == 4
