"""What Twilio reports, understood without a database; and what it has answered by itself."""

from __future__ import annotations

import pytest

from campaign.delivery import ProviderEvent
from channels.twilio.events import event_of
from channels.twilio.inbound import is_answered_by_default


@pytest.mark.parametrize(
    ("status", "code", "event"),
    [
        ("queued", None, ProviderEvent.ACCEPTED),
        ("delivered", "", ProviderEvent.DELIVERED),
        ("undelivered", "30003", ProviderEvent.UNDELIVERED),
        ("Undelivered", "30005", ProviderEvent.INVALID),
        ("undelivered", "30006", ProviderEvent.INVALID),
        ("failed", "21610", ProviderEvent.OPTED_OUT),
        ("undelivered", "30007", ProviderEvent.BLOCKED),
        ("undelivered", "30034", ProviderEvent.MISCONFIGURED),
        ("failed", "21635", ProviderEvent.INVALID),
        ("sent", "30005", ProviderEvent.ACCEPTED),
        ("received", None, None),
    ],
)
def test_twilio_is_understood(status: str, code: str | None, event: ProviderEvent | None) -> None:
    """Statuses with codes become our events; a code counts for failures only."""
    assert event_of(status, code) is event


def test_what_twilio_answers_itself() -> None:
    """Its default handling knows the bare words only."""
    assert is_answered_by_default(" Stop ")
    assert not is_answered_by_default("stop!")
    assert not is_answered_by_default("yes")
