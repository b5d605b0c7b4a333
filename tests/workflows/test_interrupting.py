"""News and cancellations that come while a message waits for its delivery or its rendering."""

from __future__ import annotations

import shutil
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError

from activities.temporal import Activities
from campaign.errors import ChannelBusy, ChannelError, ChannelPending
from campaign.reasons import Channel
from channels.protocol import Outgoing, Receipt
from content.sources import read_folder
from storage.database import Database
from storage.queries.campaigns.runs import get_run
from storage.queries.messages.channel_stops import stop_channel
from tests.facts import ROOT
from tests.shop import Shop, running_shop, unique
from tests.workflows.orders import due_at_once, news, start, until_event, zone_of_afternoon
from worker.run import campaign_worker, delivery_worker, workers

pytestmark = pytest.mark.temporal
SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED


class Provider:
    """A provider that fails as it is set, and counts what it was handed."""

    name = "test"

    def __init__(self, error: ChannelError | None = None) -> None:
        """Accept, unless there is an error to raise."""
        self.error, self.sends = error, 0
        self.reached, self.answers = threading.Event(), threading.Event()
        self.answers.set()

    def send(self, message: Outgoing) -> Receipt:
        """Take a message; answer when it is time."""
        self.sends += 1
        self.reached.set()
        self.answers.wait()
        if self.error:
            raise self.error
        return Receipt(f"p-{message.id}", message.at)

    def find(self, _message: Outgoing, _attempted_at: datetime) -> Receipt | None:
        """Never know."""
        raise ChannelPending("not known yet", timedelta(minutes=10))  # noqa: EM101


@asynccontextmanager
async def held(way: str, client: Client, database: Database, home: Path) -> AsyncIterator[Shop]:
    """A shop whose messages wait: for the rate, a 429, a stopped channel, an outage, or a template."""
    folder = shutil.copytree(ROOT / "content" / "default", home / "content")
    errors = {"429": ChannelBusy("wait", timedelta(minutes=10)), "outage": ChannelError("not reached")}
    async with AsyncExitStack() as stack:
        async with running_shop(client, database, home / "idle", templates=folder) as idle:
            channels = dict.fromkeys(Channel, Provider(errors.get(way)))
            activities = replace(idle.activities, channels=channels)
        if way == "template":
            (folder / "email" / "thank_you.mjml.j2").unlink()
            activities = replace(activities, texts=read_folder(folder))
        if way == "stopped":
            with database.transaction() as session:
                stop_channel(session, Channel.EMAIL, "401", datetime.now(UTC))  # noqa: TID251 - real time
        await stack.enter_async_context(
            campaigns_only(client, idle, activities)
            if way == "rate"
            else workers(client, idle.settings, activities)
        )
        yield Shop(idle.settings, database, client, activities)


@asynccontextmanager
async def campaigns_only(client: Client, shop: Shop, activities: Activities) -> AsyncIterator[None]:
    """Run a worker that takes no delivery, so that they all stay in their queue."""
    with ThreadPoolExecutor(16) as executor:
        async with campaign_worker(client, shop.settings, activities, executor):
            yield


async def waiting_message(shop: Shop) -> Any:
    """A campaign whose thank-you waits."""
    shop.save(time_zone=zone_of_afternoon())
    handle = await start(shop.client, due_at_once(unique("o")), news("processed"))
    await until_event(handle, SCHEDULED)
    return handle


def state_of(shop: Shop, handle: Any) -> tuple[str | None, list[str]]:
    """Why the order's run has ended, and its messages' states."""
    order_id = handle.id.partition("/")[2]
    with shop.database.transaction() as session:
        reason = get_run(session, order_id).exit_reason
    return reason, [row.state for row in shop.messages(order_id)]


@pytest.mark.parametrize("way", ["rate", "429", "stopped", "outage", "template"])
async def test_a_message_that_waits_gives_way_to_stop(
    way: str, client: Client, database: Database, tmp_path: Path
) -> None:
    """However it is held up, a message that waits is not sent after `stop`, and the campaign ends now."""
    async with held(way, client, database, tmp_path) as shop:
        handle = await waiting_message(shop)
        await handle.signal("stop", {"reason": "test"})
        assert await handle.result() == {"exit_reason": "stopped", "messages_sent": 0}
        assert state_of(shop, handle) == ("stopped", ["skipped"])


@pytest.mark.parametrize(
    ("signal", "reason"),
    [(news("cancelled"), "cancelled"), (("repurchased", {"order_id": "newer"}), "repurchased")],
)
@pytest.mark.parametrize("way", ["rate", "template"])
async def test_a_message_that_waits_gives_way_to_news(
    way: str, signal: Any, reason: str, client: Client, database: Database, tmp_path: Path
) -> None:
    """A cancelled order and a newer one end the campaign while its message waits."""
    async with held(way, client, database, tmp_path) as shop:
        handle = await waiting_message(shop)
        await handle.signal(*signal)
        assert (await handle.result())["exit_reason"] == reason
        assert state_of(shop, handle) == (reason, ["skipped"])


@pytest.mark.parametrize("way", ["rate", "429", "template"])
async def test_a_message_that_waits_gives_way_to_a_cancellation(
    way: str, client: Client, database: Database, tmp_path: Path
) -> None:
    """Cancelled in the Web UI, a campaign whose message waits is closed, and the message skipped."""
    async with held(way, client, database, tmp_path) as shop:
        handle = await waiting_message(shop)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        assert state_of(shop, handle) == ("stopped", ["skipped"])


async def test_other_news_leaves_a_waiting_message_where_it_is(
    client: Client, database: Database, tmp_path: Path
) -> None:
    """News that changes nothing is recorded at once and costs the message no place in its queue."""
    async with held("rate", client, database, tmp_path) as shop:
        handle = await waiting_message(shop)
        await handle.signal(*news("fulfilled"))
        await until_event(handle, EventType.EVENT_TYPE_MARKER_RECORDED, 4)  # enrol, segment, render, segment
        with ThreadPoolExecutor(16) as executor:
            async with delivery_worker(client, shop.settings, shop.activities, executor, Channel.EMAIL, 50):
                await until_event(handle, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
        history = await handle.fetch_history()
        assert sum(event.event_type == SCHEDULED for event in history.events) == 1
        assert state_of(shop, handle) == (None, ["sent"])
        await handle.terminate()


@pytest.mark.parametrize("by", ["stop", "cancel"])
async def test_a_send_under_way_ends_in_a_known_state(
    by: str, client: Client, database: Database, tmp_path: Path
) -> None:
    """Stopped while its provider is answering, the campaign waits for the answer: sent once, and known."""
    async with held("none", client, database, tmp_path) as shop:
        provider = shop.activities.channels[Channel.EMAIL]
        assert isinstance(provider, Provider)
        provider.answers.clear()
        handle = await waiting_message(shop)
        while not provider.reached.is_set():
            await handle.query("status")
        if by == "stop":
            await handle.signal("stop", {"reason": "test"})
        else:
            await handle.cancel()
        await until_event(handle, EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
        provider.answers.set()
        if by == "stop":
            assert await handle.result() == {"exit_reason": "stopped", "messages_sent": 1}
        else:
            with pytest.raises(WorkflowFailureError):
                await handle.result()
        assert state_of(shop, handle) == ("stopped", ["sent"])
        assert provider.sends == 1


async def test_a_send_whose_reply_was_lost_is_settled_by_a_cancellation(
    client: Client, database: Database, tmp_path: Path
) -> None:
    """Cancelled while nobody knows whether a message got through, the message is `unconfirmed`."""
    async with held("none", client, database, tmp_path) as shop:
        provider = shop.activities.channels[Channel.EMAIL]
        assert isinstance(provider, Provider)
        provider.error = ChannelPending("lost", timedelta(minutes=10))
        handle = await waiting_message(shop)
        while [row.state for row in shop.messages(handle.id.partition("/")[2])] != ["sending"]:
            await handle.query("status")
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        assert state_of(shop, handle) == ("stopped", ["unconfirmed"])


@pytest.mark.parametrize("activity", ["enrol", "segment"])
async def test_cancelled_while_a_decision_retries_the_run_is_closed(
    activity: str, client: Client, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled while a bug keeps an activity retrying, the run does not stay open in the database."""

    def broken(*_: Any) -> None:
        raise KeyError(activity)

    monkeypatch.setattr(f"activities.temporal.{activity}", broken)
    async with running_shop(client, database, tmp_path / "home") as shop:
        shop.save()
        handle = await start(shop.client, due_at_once(unique("o")), news("processed"))
        await until_event(handle, SCHEDULED)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        assert (await handle.query("status"))["exit_reason"] == "stopped"
        if activity == "segment":
            assert state_of(shop, handle) == ("stopped", [])
