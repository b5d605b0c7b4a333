"""Which channel a customer is spoken to on: preference, consent, engagement, the shop's default."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaign.definition.model import Definition
from campaign.facts import ConsentEntry, CustomerFacts, MessageState, PastMessage
from campaign.reasons import Channel, Reason
from campaign.rules.consent import may_track_opens
from campaign.rules.decision import Decision, Kind, decide
from tests.facts import PLACED, customer, default_definition, facts, granted, message, revoked

DEFINITION = default_definition()
DUE = timedelta(days=21)
AT = PLACED + DUE
CLICKED_SMS = message("thank-you", Channel.SMS, PLACED - timedelta(days=5), order_id="o-0", clicked=True)
PLAIN_SMS = ConsentEntry(7, Channel.SMS, granted=True, at=PLACED - timedelta(days=2))


def changed(step: dict[str, Any] | None = None, **tables: Any) -> Definition:
    """The campaign with another loyalty step or other tables."""
    values = DEFINITION.model_dump(mode="json")
    values["steps"][1] |= step or {}
    for name, table in tables.items():
        values[name] |= table
    return Definition.model_validate(values)


def decide_on(
    who: CustomerFacts,
    *messages: PastMessage,
    after: timedelta = DUE + timedelta(hours=2),
    definition: Definition = DEFINITION,
) -> Decision:
    """Decide the loyalty step."""
    return decide(
        definition, facts(customer=who, messages=messages), definition.step("loyalty"), PLACED + after
    )


def test_engagement_goes_before_the_shops_order() -> None:
    """Who reads SMS and not emails, and named no channel, gets an SMS."""
    assert set(decide_on(customer(), CLICKED_SMS).send or {}) == {Channel.SMS}


def test_consent_goes_before_engagement() -> None:
    """A channel without consent is not used, however engaged the customer is there."""
    who = customer(consents=(granted(Channel.EMAIL),))
    assert set(decide_on(who, CLICKED_SMS).send or {}) == {Channel.EMAIL}


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.SKIPPED])
def test_a_hard_failure_falls_back(state: MessageState) -> None:
    """The email failed for good: the SMS goes, if the customer named no channel and the shop wants it."""
    failed = message("loyalty", Channel.EMAIL, AT, state=state)
    assert set(decide_on(customer(), failed).send or {}) == {Channel.SMS}
    assert decide_on(customer(preferred="email"), failed).kind is Kind.SKIP
    assert decide_on(customer(), failed, definition=changed(shop={"fallback": False})).kind is Kind.SKIP


@pytest.mark.parametrize("state", [MessageState.SENDING, MessageState.UNCONFIRMED])
def test_the_unknown_never_falls_back(state: MessageState) -> None:
    """As long as it is not known what became of the email, no SMS goes instead."""
    decision = decide_on(customer(), message("loyalty", Channel.EMAIL, AT, state=state))
    assert Channel.SMS not in (decision.send or {})


def test_a_lost_consent_falls_back() -> None:
    """The email was claimed, then unsubscribed from: it does not go, and the SMS does."""
    who = customer(consents=(granted(Channel.SMS), revoked(Channel.EMAIL, at=AT)))
    claimed = message("loyalty", Channel.EMAIL, AT, state=MessageState.CLAIMED)
    assert set(decide_on(who, claimed).send or {}) == {Channel.SMS}


def test_the_sms_follows_an_email_that_was_not_clicked() -> None:
    """Of email_then_sms the SMS waits two days, and goes only if the email was not clicked."""
    definition = changed({"channels": "email_then_sms"})
    first = decide_on(customer(), definition=definition)
    assert set(first.send or {}) == {Channel.EMAIL}
    assert first.more
    sent = message("loyalty", Channel.EMAIL, AT)
    waits = decide_on(customer(), sent, definition=definition)
    assert (waits.kind, waits.reason, waits.until) == (
        Kind.WAIT,
        Reason.AWAITING_CLICK,
        AT + timedelta(days=2),
    )
    later = timedelta(days=23, hours=3)
    assert set(decide_on(customer(), sent, after=later, definition=definition).send or {}) == {Channel.SMS}
    clicked = message("loyalty", Channel.EMAIL, AT, clicked=True)
    skipped = decide_on(customer(), clicked, after=later, definition=definition)
    assert (skipped.kind, (skipped.blocked or {})[Channel.SMS]) == (Kind.SKIP, Reason.ENGAGED)


@pytest.mark.parametrize("state", [MessageState.CLAIMED, MessageState.SENDING])
def test_the_sms_waits_for_an_email_that_is_held_up(state: MessageState) -> None:
    """The pause counts from when the email was sent: both do not go at once when an outage of days ends."""
    definition = changed({"channels": "email_then_sms"})
    held_up = message("loyalty", Channel.EMAIL, AT, state=state)
    decision = decide_on(customer(), held_up, after=timedelta(days=23, hours=3), definition=definition)
    assert Channel.SMS not in (decision.send or {})
    assert decision.more or decision.reason is Reason.AWAITING_CLICK


def test_an_open_is_no_click() -> None:
    """An opened email does not hold the SMS back: without open tracking nobody would know of it."""
    definition = changed({"channels": "email_then_sms"})
    opened = message("loyalty", Channel.EMAIL, AT, opened=True)
    decision = decide_on(customer(), opened, after=timedelta(days=23, hours=3), definition=definition)
    assert set(decision.send or {}) == {Channel.SMS}


@pytest.mark.parametrize(
    ("country", "opens_in", "channel"),
    [
        ("US", [], Channel.EMAIL),
        ("US", ["US"], Channel.SMS),
        ("FR", ["US"], Channel.EMAIL),
        (None, ["US"], Channel.EMAIL),
    ],
)
def test_opens_count_only_where_they_may_be_tracked(
    country: str | None, opens_in: list[str], channel: Channel
) -> None:
    """By default no open counts as engagement; where the shop allows it, it does."""
    definition = changed(tracking={"opens_in": opens_in})
    who = customer(country=country)
    read = message("thank-you", Channel.SMS, PLACED - timedelta(days=5), order_id="o-0", opened=True)
    assert may_track_opens(definition, who) is (channel is Channel.SMS)
    assert set(decide_on(who, read, definition=definition).send or {}) == {channel}


def test_the_sms_does_not_wait_for_an_email_that_cannot_go() -> None:
    """Of email_then_sms the SMS goes at once where there is no address for the email, or it failed."""
    definition = changed({"channels": "email_then_sms"})
    assert set(decide_on(customer(reachable={Channel.SMS}), definition=definition).send or {}) == {
        Channel.SMS
    }
    failed = message("loyalty", Channel.EMAIL, AT, state=MessageState.FAILED)
    assert set(decide_on(customer(), failed, definition=definition).send or {}) == {Channel.SMS}


def test_no_sms_follows_an_email_of_unknown_fate() -> None:
    """Of email_then_sms nothing follows an unconfirmed email: it may have been read."""
    unknown = message("loyalty", Channel.EMAIL, AT, state=MessageState.UNCONFIRMED)
    decision = decide_on(
        customer(), unknown, after=timedelta(days=24), definition=changed({"channels": "email_then_sms"})
    )
    assert decision.kind is Kind.SKIP


def test_an_unconfirmed_consent_is_requested_once() -> None:
    """With double opt-in the first SMS is the question; sent once, nothing follows until it is answered."""
    who = customer(preferred="sms", consents=(PLAIN_SMS,))
    (permission,) = (decide_on(who).send or {}).values()
    assert permission.pending
    waiting = decide_on(customer(preferred="sms", consents=(PLAIN_SMS,), opt_in_requested=True))
    assert (waiting.kind, waiting.reason) == (Kind.SKIP, Reason.NOT_CONFIRMED)
    off = changed(consent={"sms_double_opt_in": False})
    (permission,) = (decide_on(who, definition=off).send or {}).values()
    assert permission.allowed


def test_an_unconfirmed_number_gets_no_question_while_email_may_be_used() -> None:
    """Who named no channel and may be emailed is not bothered with the question."""
    assert set(decide_on(customer(consents=(PLAIN_SMS,))).send or {}) == {Channel.EMAIL}


def test_a_consent_for_another_number_does_not_count() -> None:
    """A customer's new number has not consented, and a grant older than an opt-out is void."""
    old = ConsentEntry(1, Channel.SMS, granted=True, at=PLACED, confirmed=True, elsewhere=True)
    assert decide_on(customer(preferred="sms", consents=(old,))).reason is Reason.NO_CONSENT
    void = (granted(Channel.SMS), revoked(Channel.SMS, at=PLACED))
    assert decide_on(customer(preferred="sms", consents=void)).reason is Reason.NO_CONSENT


def test_a_suppressed_address_is_not_written_to() -> None:
    """A bounced address stops that channel, whatever the consent; the other one takes over."""
    who = customer(suppressed=frozenset({Channel.EMAIL}))
    assert set(decide_on(who).send or {}) == {Channel.SMS}
    only = customer(suppressed=frozenset({Channel.EMAIL}), preferred="email")
    assert decide_on(only).reason is Reason.SUPPRESSED


def test_less_is_honoured_over_all_campaigns() -> None:
    """Who chose fewer messages gets at most one in thirty days, of whatever campaign."""
    earlier = message("win-back-soft", Channel.SMS, AT - timedelta(days=10), order_id="o-0")
    assert decide_on(customer(), earlier).kind is Kind.SEND
    assert decide_on(customer(less=True), earlier).kind is Kind.SKIP
