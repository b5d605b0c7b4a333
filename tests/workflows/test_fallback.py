"""A message that was accepted and fails later: the other channel takes over, whenever that becomes known."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities import temporal
from campaign.contract import FAILURES_WORKFLOW, TASK_QUEUE
from campaign.delivery import ProviderEvent, Report
from campaign.facts import MessageState
from campaign.reasons import Channel, Reason
from intake.provider_reports import apply_reports
from storage.queries.campaigns.runs import steps_of
from storage.queries.messages.failures import unseen_failures
from storage.queries.messages.messages import get_message, message_id, move_message
from tests.shop import Shop, unique
from tests.workflows.orders import MINUTE, news, noon, purchase, start

pytestmark = pytest.mark.temporal
DAY = timedelta(days=1)
SENT_BOTH_WAYS = [("email", "failed"), ("sms", "sent")]


class Story:
    """A campaign of a customer who may be sent both, whose clock only the test moves on."""

    def __init__(self, shop: Shop) -> None:
        """Prepare the customer."""
        at = noon().isoformat()
        consents = [{"channel": "sms", "state": "granted", "source": "t", "at": at, "confirmed": True}]
        shop.save(phone="+12025550123", consents=consents)
        self.shop, self.order = shop, purchase(unique("o"))
        self.order_id = self.order["order_id"]
        self.skipper = TimeSkipper(shop.client, config=TimeSkippingConfig(enabled=False))

    async def begin(self) -> None:
        """Start the campaign of a processed order."""
        self.handle = await start(self.skipper.client, self.order, news("processed", noon()))

    async def until_sent(self, step: str, by: timedelta) -> None:
        """Move on until the step's email was sent."""
        while self.sent(step) != [("email", "sent")]:
            await self.skipper.fast_forward(self.handle, by)

    def sent(self, step: str) -> list[tuple[str, str]]:
        """The step's messages: channel and state."""
        return [(row.channel, row.state) for row in self.shop.messages(self.order_id) if row.step == step]

    def bounce(self, step: str) -> None:
        """Let the step's email fail in the database, as its provider's report does."""
        with self.shop.database.transaction() as session:
            row = get_message(session, message_id(self.order_id, step, Channel.EMAIL))
            move_message(session, row, MessageState.FAILED, noon(), Reason.FAILED)

    def report_bounce(self, step: str, at: datetime) -> None:
        """Let the step's email bounce by its provider's report, as the webhook records it."""
        report = Report(
            message_id=message_id(self.order_id, step, Channel.EMAIL), channel=Channel.EMAIL,
            event=ProviderEvent.BOUNCED, at=at, event_id=unique("bounce"), source="test",
        )  # fmt: skip
        self.shop.database.retrying(lambda session: apply_reports(session, [report]))

    def virtual_now(self) -> datetime:
        """When the campaign decided last, by its own clock."""
        with self.shop.database.transaction() as session:
            return max(row.decided_at for row in steps_of(session, self.order_id))

    async def turn(self) -> int:
        """Run what the schedule runs; return how many campaigns were signalled."""
        signalled: int = await self.shop.client.execute_workflow(
            FAILURES_WORKFLOW, id=unique("failures"), task_queue=TASK_QUEUE, result_type=int
        )
        return signalled

    async def to_last_step(self) -> None:
        """Move on until the last step's email was sent."""
        for step, by in (("thank-you", timedelta(hours=1)), ("loyalty", DAY), ("win-back-soft", DAY)):
            await self.until_sent(step, by)
        await self.until_sent("win-back-best", DAY)


async def test_a_late_failure_falls_back_to_the_other_channel(shop: Shop) -> None:
    """An email that was accepted and then bounced: signalled, the step's SMS is sent instead."""
    story = Story(shop)
    await story.begin()
    await story.until_sent("thank-you", timedelta(hours=1))
    story.bounce("thank-you")
    for step in ("thank-you", "no-such-step", "loyalty", "win-back-best"):
        await story.handle.signal("delivery_failed", {"step": step})
    await story.skipper.fast_forward(story.handle, 5 * DAY)
    assert story.sent("thank-you") == SENT_BOTH_WAYS
    assert (await story.handle.query("status"))["step"] == "loyalty"
    await story.handle.signal("stop", {"reason": "test"})
    assert (await story.handle.result())["exit_reason"] == "stopped"


async def test_a_failure_whose_signal_was_lost_falls_back_at_the_next_decision(shop: Shop) -> None:
    """Nobody signals the failure; the next decision, whatever wakes it, reads it among the facts."""
    story = Story(shop)
    await story.begin()
    await story.until_sent("thank-you", timedelta(hours=1))
    story.bounce("thank-you")
    await story.handle.signal(*news("fulfilled", noon()))
    await story.skipper.fast_forward(story.handle, 5 * DAY)
    assert story.sent("thank-you") == SENT_BOTH_WAYS
    assert story.sent("loyalty") == []
    await story.handle.signal("stop", {"reason": "test"})


@pytest.mark.parametrize("signalled", [True, False])
async def test_a_failure_after_the_last_step_falls_back(shop: Shop, *, signalled: bool) -> None:
    """The campaign is still there when the last email bounces, with the signal or without it."""
    story = Story(shop)
    await story.begin()
    await story.to_last_step()
    status = await story.handle.query("status")
    assert (status["waiting"], status["exit_reason"]) == ("awaiting_reports", None)
    story.bounce("win-back-best")
    if signalled:
        await story.handle.signal("delivery_failed", {"step": "win-back-best"})
    await story.skipper.fast_forward(story.handle, 5 * DAY)
    assert story.sent("win-back-best") == SENT_BOTH_WAYS
    assert (await story.handle.result())["exit_reason"] == "completed"


async def test_without_a_failure_the_campaign_ends_with_its_last_window(shop: Shop) -> None:
    """Where another channel could have taken over and had not to, the campaign completes by itself."""
    story = Story(shop)
    await story.begin()
    await story.to_last_step()
    await story.skipper.fast_forward(story.handle, 20 * DAY)
    assert await story.handle.result() == {"exit_reason": "completed", "messages_sent": 4}


async def test_where_nothing_can_take_over_nothing_is_waited_for(shop: Shop) -> None:
    """A customer with one address: the last message ends the campaign, with no timer after it."""
    shop.save()
    placed = noon() + DAY
    order = purchase(unique("o"), placed_at=placed.isoformat())
    handle = await start(shop.skipping, order, news("processed", placed + 5 * MINUTE))
    assert (await handle.result())["messages_sent"] == 4
    kinds: list[Any] = [event.event_type for event in (await handle.fetch_history()).events]
    timers = [n for n, kind in enumerate(kinds) if kind == EventType.EVENT_TYPE_TIMER_STARTED]
    sends = [n for n, kind in enumerate(kinds) if kind == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED]
    assert timers[-1] < sends[-1]


async def test_a_lost_signal_is_sent_again_by_the_schedule(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The webhook could not signal, and nothing wakes the campaign: the schedule's next turn does."""
    story = Story(shop)
    await story.begin()
    await story.until_sent("thank-you", timedelta(hours=1))
    at = story.virtual_now() + timedelta(minutes=5)
    story.report_bounce("thank-you", at)
    # The campaign's clock is ahead of the server's, by which the schedule's workflow runs.
    monkeypatch.setattr(
        temporal,
        "unseen_failures",
        lambda session, _now: unseen_failures(session, at + timedelta(minutes=10)),
    )
    assert await story.turn() == 1
    while story.sent("thank-you") != SENT_BOTH_WAYS:
        await story.skipper.fast_forward(story.handle, timedelta(hours=1))
    assert await story.turn() == 0
    await story.handle.signal("stop", {"reason": "test"})
