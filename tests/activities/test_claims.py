"""A claim is decided again before it goes out: purpose, consent and address must still be what it was for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activities.interface import RenderRequest
from activities.render import render
from campaign.errors import ChannelError
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from content.rendering import render_sms
from storage.database import Database
from tests.activities.test_activities import CONTENT, LOYALTY, Shop
from tests.facts import PLACED, default_definition

OLD, NEW = "+12025550123", "+12025550188"


def consent(**changes: Any) -> dict[str, Any]:
    """A confirmed grant for SMS from the checkout."""
    values = {"channel": "sms", "state": "granted", "source": "checkout", "at": PLACED.isoformat()}
    return {**values, "confirmed": True, **changes}


@pytest.fixture
def shop(database: Database) -> Shop:
    """A customer who wants text messages, confirmed; one order."""
    made = Shop(database)
    made.customer(phone=OLD, preferred_channel="sms", consents=[consent()])
    made.enrol()
    return made


def claim(shop: Shop) -> str:
    """Claim and render the loyalty text; return its id."""
    (message,) = shop.decide().messages
    render(shop.database, CONTENT, RenderRequest(message_id=message.id, now=LOYALTY))
    return message.id


def test_marketing_never_goes_to_a_number_that_was_only_to_confirm(shop: Shop) -> None:
    """The number changes after the claim, its grant unconfirmed: the question goes there, not the offer."""
    assert default_definition().consent.sms_double_opt_in
    identifier = claim(shop)
    offer = shop.message(identifier).text
    later = consent(confirmed=False, at=LOYALTY.isoformat(), source="account")
    shop.customer(phone=NEW, consents=[later])
    assert shop.deliver(identifier) is MessageState.CLAIMED
    assert shop.provider.accepted == {}
    answer = shop.decide()
    assert (answer.kind, [message.id for message in answer.messages]) == (Kind.SEND, [identifier])
    row = shop.message(identifier)
    assert (row.purpose, row.address, row.text) == (Purpose.OPT_IN.value, NEW, None)
    render(shop.database, CONTENT, RenderRequest(message_id=identifier, now=LOYALTY))
    assert shop.deliver(identifier) is MessageState.SENT
    sent = shop.provider.accepted[identifier]
    assert sent.to == NEW
    assert sent.text != offer
    assert "YES" in sent.text


def test_a_text_that_was_written_for_another_claim_is_not_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number changes while the offer is being written: the offer does not go out as the question."""
    (message,) = shop.decide().messages

    def meanwhile(*args: Any) -> Any:
        later = consent(confirmed=False, at=LOYALTY.isoformat(), source="account")
        shop.customer(phone=NEW, consents=[later])
        shop.decide()
        return render_sms(*args)

    monkeypatch.setattr("writing.message.render_sms", meanwhile)
    render(shop.database, CONTENT, RenderRequest(message_id=message.id, now=LOYALTY))
    assert shop.message(message.id).text is None
    assert shop.deliver(message.id) is MessageState.CLAIMED
    assert shop.provider.accepted == {}


def test_a_claim_names_the_consent_it_goes_out_under(shop: Shop) -> None:
    """A newer grant after the claim: the message is recorded under the one in force when it is sent."""
    identifier = claim(shop)
    first = shop.message(identifier).consent_id
    shop.customer(consents=[consent(source="account", at=LOYALTY.isoformat())])
    assert shop.deliver(identifier) is MessageState.CLAIMED
    shop.decide()
    render(shop.database, CONTENT, RenderRequest(message_id=identifier, now=LOYALTY))
    assert shop.deliver(identifier) is MessageState.SENT
    assert shop.message(identifier).consent_id not in (None, first)


def test_a_message_without_content_is_not_sent(shop: Shop) -> None:
    """Claimed, never rendered: delivery gives it back to be decided."""
    (message,) = shop.decide().messages
    assert message.channel is Channel.SMS
    assert shop.deliver(message.id) is MessageState.CLAIMED
    assert shop.provider.accepted == {}


def test_a_win_back_that_never_gets_through_is_given_up(database: Database) -> None:
    """Of a provider that is out, no attempt moves the end of the window: it is not sent weeks too late."""
    shop = Shop(database)
    shop.customer()
    shop.enrol()
    due, window = PLACED + timedelta(days=30), timedelta(days=14)
    for days in (0, 7, 13):
        now = due + timedelta(days=days)
        (message,) = shop.decide("win-back-soft", now).messages
        assert message.latest == due + window
        render(database, CONTENT, RenderRequest(message_id=message.id, now=now))
        shop.provider.failures = [ChannelError("out")]
        with pytest.raises(ChannelError):
            shop.deliver(message.id, now)
    late = due + window + timedelta(minutes=1)
    assert shop.deliver(message.id, late) is MessageState.CLAIMED
    decision = shop.decide("win-back-soft", late)
    assert (decision.kind, decision.reason) == (Kind.SKIP, Reason.TOO_LATE)


def test_an_offer_that_waited_for_a_provider_ends_in_the_future(database: Database) -> None:
    """Held back for eight days, the text with the code's last day is written anew; not for mere news."""
    shop = Shop(database)
    shop.customer()
    shop.enrol()
    due = PLACED + timedelta(days=90)
    (first,) = shop.decide("win-back-best", due).messages
    assert first.latest == due + timedelta(days=7)
    render(database, CONTENT, RenderRequest(message_id=first.id, now=due))
    (again,) = shop.decide("win-back-best", due + timedelta(days=6)).messages
    assert again == first
    assert "June 14" in (shop.message(first.id).text or "")
    later = due + timedelta(days=8)
    (anew,) = shop.decide("win-back-best", later).messages
    assert shop.message(first.id).text is None
    render(database, CONTENT, RenderRequest(message_id=anew.id, now=later))
    assert "June 22" in (shop.message(first.id).text or "")
    assert shop.deliver(anew.id, later) is MessageState.SENT
