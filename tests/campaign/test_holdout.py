"""The holdout: nothing is sent, and the ghosts are what would have been, when, and on which channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaign.definition.model import Definition
from campaign.facts import ConsentEntry, Facts, MessageState, PastMessage, Purpose
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Decision, Kind, decide
from tests.facts import PLACED, customer, default_definition, facts, granted, message

DEFINITION = default_definition()
DUE = timedelta(days=21)


def decide_on(
    known: Facts, after: timedelta, step: str = "loyalty", definition: Definition = DEFINITION
) -> Decision:
    """Decide a step some time after the order was placed."""
    return decide(definition, known, definition.step(step), PLACED + after)


@pytest.mark.parametrize(
    ("changes", "after", "reason"),
    [
        ({}, timedelta(days=1), Reason.NOT_DUE),
        ({}, timedelta(days=40), Reason.TOO_LATE),
        ({"customer": customer(preferred="sms", consents=())}, DUE, Reason.NO_CONSENT),
        ({"customer": customer(reachable=frozenset())}, DUE, Reason.NO_ADDRESS),
        ({"customer": customer(preferred="sms")}, DUE + timedelta(hours=11), Reason.QUIET_HOURS),
        ({"messages": (message("thank-you", Channel.EMAIL, PLACED + DUE),)}, DUE, Reason.SPACED),
        ({"stopped": True}, DUE, Reason.STOPPED),
    ],
)
def test_the_holdout_is_decided_last(changes: dict[str, Any], after: timedelta, reason: Reason) -> None:
    """Who would have got nothing anyway is not held out: the decision is the treated customer's."""
    treated = facts(**changes)
    assert decide_on(treated, after).reason is reason
    assert decide_on(replace(treated, holdout=True), after) == decide_on(treated, after)


def test_a_ghost_is_what_would_have_been_sent_now() -> None:
    """Where a treated customer is sent a message, a held-out one has a ghost: same channel, same consent."""
    sent = decide_on(facts(), DUE)
    held = decide_on(facts(holdout=True), DUE)
    assert (held.kind, held.reason, held.send) == (Kind.SKIP, Reason.HOLDOUT, None)
    assert held.ghost == sent.send
    assert sent.ghost is None


def ghost(step: str, channel: Channel, at: datetime, **changes: Any) -> PastMessage:
    """A recorded ghost of the order."""
    return message(step, channel, at, state=MessageState.HELD_OUT, **changes)


def test_of_two_channels_each_has_its_ghost_in_its_time() -> None:
    """The email's ghost at nine in the morning, the SMS's at ten; then the step is settled, and stays so."""
    who = customer(preferred="both")
    nine, ten = timedelta(days=21, hours=22), timedelta(days=21, hours=23)
    first = decide_on(facts(customer=who, holdout=True), nine)
    assert (first.kind, first.reason, set(first.ghost or {})) == (
        Kind.WAIT, Reason.QUIET_HOURS, {Channel.EMAIL},
    )  # fmt: skip
    assert first.until == PLACED + ten
    email = ghost("loyalty", Channel.EMAIL, PLACED + nine)
    second = decide_on(facts(customer=who, holdout=True, messages=(email,)), ten)
    assert (second.kind, second.reason, set(second.ghost or {})) == (
        Kind.SKIP, Reason.HOLDOUT, {Channel.SMS},
    )  # fmt: skip
    sms = ghost("loyalty", Channel.SMS, PLACED + ten)
    again = decide_on(facts(customer=who, holdout=True, messages=(email, sms)), ten)
    assert (again.kind, again.reason, again.ghost) == (Kind.SKIP, Reason.HOLDOUT, None)


def test_ghosts_keep_their_distance_from_each_other() -> None:
    """A ghost counts against caps and gaps of a held-out customer as its message would have."""
    at = PLACED + timedelta(days=30)
    sent = message("loyalty", Channel.EMAIL, at - timedelta(hours=20))
    held_out = ghost("loyalty", Channel.EMAIL, at - timedelta(hours=20))
    treated = decide_on(facts(messages=(sent,)), timedelta(days=30), "win-back-soft")
    held = decide_on(facts(messages=(held_out,), holdout=True), timedelta(days=30), "win-back-soft")
    assert (held.kind, held.reason, held.until) == (treated.kind, treated.reason, treated.until)
    assert held.reason is Reason.SPACED


def test_a_ghost_counts_for_nobody_who_is_not_held_out() -> None:
    """Once the customer is not held out any more, what was never sent holds nothing back."""
    at = PLACED + timedelta(days=30)
    past = ghost("loyalty", Channel.EMAIL, at - timedelta(hours=1), order_id="o-0")
    assert not past.state.counts
    assert decide_on(facts(messages=(past,)), timedelta(days=30), "win-back-soft").kind is Kind.SEND


def test_the_ghost_of_a_question_is_put_once() -> None:
    """Under double opt-in a held-out customer has one ghost of the one question."""
    plain = ConsentEntry(7, Channel.SMS, granted=True, at=PLACED)
    who = customer(preferred="sms", consents=(plain,))
    first = decide_on(facts(customer=who, holdout=True), DUE)
    assert (first.ghost or {})[Channel.SMS].pending
    question = ghost("loyalty", Channel.SMS, PLACED + DUE, purpose=Purpose.OPT_IN)
    later = decide_on(
        facts(customer=who, holdout=True, messages=(question,)), timedelta(days=30), "win-back-soft"
    )
    assert (later.kind, later.reason) == (Kind.SKIP, Reason.NOT_CONFIRMED)


def test_the_ghost_of_an_email_is_followed_by_that_of_an_sms() -> None:
    """Of email_then_sms nobody clicks a ghost, so that the SMS's follows in its time."""
    values = DEFINITION.model_dump(mode="json")
    values["steps"][1]["channels"] = "email_then_sms"
    definition = Definition.model_validate(values)
    who = customer(consents=(granted(Channel.EMAIL), granted(Channel.SMS)))
    first = decide_on(facts(customer=who, holdout=True), DUE + timedelta(hours=2), definition=definition)
    assert (first.kind, first.reason) == (Kind.WAIT, Reason.AWAITING_CLICK)
    email = ghost("loyalty", Channel.EMAIL, PLACED + DUE + timedelta(hours=2))
    then = decide_on(
        facts(customer=who, holdout=True, messages=(email,)),
        DUE + timedelta(days=2, hours=2),
        definition=definition,
    )
    assert set(then.ghost or {}) == {Channel.SMS}
