"""What a campaign says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activities.interface import ClaimedMessage, ReceivedSignal
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel, Reason
from campaign.wire import OrderStatus, OrderUpdate
from workflows.status import Status, decision_summary

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PROCESSED = ReceivedSignal(update=OrderUpdate(status=OrderStatus.PROCESSED, at=AT))


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (Reason.UNCONFIRMED, MessageState.UNCONFIRMED),
        (Reason.FAILED, MessageState.FAILED),
        (Reason.SENT, MessageState.SENT),
        (Reason.TOO_LATE, MessageState.SKIPPED),
        (Reason.REPURCHASED, MessageState.SKIPPED),
    ],
)
def test_a_message_left_open_is_settled_with_its_step(reason: Reason, state: MessageState) -> None:
    """An operator is not shown "claimed" of a message that will never go; what was settled stays."""
    status = Status("o-1")
    for step, known in (("loyalty", "claimed"), ("loyalty", "sent"), ("thank-you", "claimed")):
        identifier = f"{step}-{known}"
        status.messages[identifier] = {"id": identifier, "step": step, "channel": "email", "state": known}
    status.close_step("loyalty", reason)
    assert [message["state"] for message in status.messages.values()] == [state, "sent", "claimed"]


def test_an_order_that_got_nothing_says_why_for_each_step() -> None:
    """Current details name each step's reason, and the end is not only "every step was settled"."""
    status = Status("o-1", exit_reason=Reason.COMPLETED)
    status.close_step("thank-you", Reason.NO_ADDRESS)
    status.close_step("loyalty", Reason.TOO_LATE)
    status.close_step("win-back", Reason.AWAITING_EVENT)
    shown = status.as_markdown().splitlines()
    assert shown == [
        "**Ended: every step was settled; nothing was sent**",
        "",
        "- thank-you: nothing sent, no address for the customer's channel",
        "- loyalty: nothing sent, its window has passed",
        "- win-back: nothing sent, no news of the order in time",
    ]
    assert [(entry["step"], entry["reason"]) for entry in status.as_json()["skipped"]] == [
        ("thank-you", "no_address"),
        ("loyalty", "too_late"),
        ("win-back", "awaiting_event"),
    ]


def test_the_opt_in_question_is_not_shown_as_the_steps_message() -> None:
    """A message that only requests a confirmation says so, in the details and in the query."""
    status = Status("o-1")
    question = ClaimedMessage(id="m-1", channel=Channel.SMS, latest=AT, purpose=Purpose.OPT_IN)
    status.record_message("thank-you", question, MessageState.SENT)
    status.record_message(
        "loyalty", ClaimedMessage(id="m-2", channel=Channel.SMS, latest=AT), MessageState.SENT
    )
    assert status.as_markdown().splitlines()[2:] == [
        "- thank-you: opt-in question by sms: sent",
        "- loyalty: by sms: sent",
    ]
    assert [m.get("purpose") for m in status.as_json()["messages"]] == ["opt_in", None]


def test_a_step_that_was_sent_and_looked_at_again_is_no_skip() -> None:
    """Looked at again after its message went out, a step is not shown as one that sent nothing."""
    status = Status("o-1")
    message = ClaimedMessage(id="m-1", channel=Channel.EMAIL, latest=AT)
    status.record_message("thank-you", message, MessageState.SENT)
    status.close_step("thank-you", Reason.SENT)
    assert status.as_json()["skipped"] == []


def test_news_is_named_with_its_status() -> None:
    """Details and the decision's summary say which status an `order_updated` brought."""
    status = Status("o-1")
    status.record_signals([PROCESSED])
    assert "- order: processed 02 Mar 2026 15:00 UTC" in status.as_markdown()
    assert decision_summary("Thank you", [PROCESSED]) == "Thank you (order processed)"


def test_another_currency_is_named() -> None:
    """An order in euros in a dollar shop does not pass without a word."""
    status = Status("o-1", currencies=("EUR", "USD"))
    assert "- the order is in EUR, the shop's offers and amounts in USD" in status.as_markdown()
