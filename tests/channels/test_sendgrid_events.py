"""What SendGrid reports, understood without a database: what can be used of odd events is used."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaign.delivery import ProviderEvent
from channels.sendgrid.events import EVENTS, NOT_APPLIED, event_of, read_batch

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
BOUNCE = {"event": "bounce", "afterglow_message": "0f2a", "timestamp": 1_772_000_000, "sg_event_id": "e-1"}


@pytest.mark.parametrize(
    ("said", "event"),
    [
        (("processed",), ProviderEvent.ACCEPTED),
        (("bounce", "bounce"), ProviderEvent.BOUNCED),
        (("bounce", "blocked"), ProviderEvent.BLOCKED),
        (("bounce", "bounce", None, "Invalid Address"), ProviderEvent.INVALID),
        (("dropped", None, "Bounced Address"), ProviderEvent.BOUNCED),
        (("dropped", None, "Unsubscribed Address"), ProviderEvent.OPTED_OUT),
        (("dropped", None, "Spam Reporting Address"), ProviderEvent.COMPLAINED),
        (("dropped", None, "Recipient List over Package Quota"), ProviderEvent.MISCONFIGURED),
        (("group_unsubscribe",), ProviderEvent.UNSUBSCRIBED),
        (("group_resubscribe",), None),
    ],
)
def test_sendgrid_is_understood(said: tuple[str, ...], event: ProviderEvent | None) -> None:
    """Events with type, reason and classification become ours; drops by their reason."""
    assert event_of(*said) is event


@pytest.mark.parametrize(
    ("odd", "fields"),
    [
        ({"status": ""}, {}),
        ({"status": "5.1.1 no such user"}, {"status": 1}),
        ({"status": 511}, {"status": 1}),
        ({"timestamp": 1_772_000_000.25}, {}),
        ({"timestamp": "1772000000"}, {}),
        ({"timestamp": "soon"}, {"timestamp": 1}),
        ({"timestamp": None}, {"timestamp": 1}),
        ({"timestamp": 10**30}, {"timestamp": 1}),
        ({"sg_machine_open": None}, {}),
        ({"sg_machine_open": "no"}, {"sg_machine_open": 1}),
        ({"sg_event_id": None}, {}),
        ({"sg_event_id": "x" * 5_000}, {}),
        ({"sg_event_id": ["x"]}, {"sg_event_id": 1}),
        ({"sg_message_id": "a\x00b"}, {"sg_message_id": 1}),
        ({"sg_message_id": "x" * 201}, {"sg_message_id": 1}),
        ({"type": 7, "reason": {}}, {"type": 1, "reason": 1}),
        ({"reason": "x" * 100_000}, {}),
        ({"bounce_classification": False}, {"bounce_classification": 1}),
    ],
)
def test_an_odd_optional_field_does_not_lose_the_event(odd: dict[str, Any], fields: dict[str, int]) -> None:
    """B24: the bounce is used all the same; what could not be read is counted by its field's name."""
    batch = read_batch(json.dumps([{**BOUNCE, **odd}]), NOW)
    assert [(report.message_id, report.event) for report in batch.reports] == [
        ("0f2a", ProviderEvent.BOUNCED)
    ]
    assert batch.odd == fields
    assert batch.reports[0].at <= NOW


def test_times_are_seconds_and_never_ahead() -> None:
    """A fraction is kept, a time to come is now, one that cannot be read is now."""
    at = datetime.fromtimestamp(1_772_000_000, UTC)
    for given, read in ((1_772_000_000.5, at + timedelta(seconds=0.5)), (99_999_999_999, NOW), ("soon", NOW)):
        (report,) = read_batch(json.dumps([{**BOUNCE, "timestamp": given}]), NOW).reports
        assert report.at == read


@pytest.mark.parametrize(
    ("item", "odd"),
    [
        (7, {}),
        ({"event": "bounce"}, {}),
        ({**BOUNCE, "afterglow_message": "a\x00"}, {"afterglow_message": 1}),
        ({**BOUNCE, "event": "brand-new"}, {"event": 1}),
        ({**BOUNCE, "event": 1}, {"event": 1}),
        *(({**BOUNCE, "event": name}, {}) for name in NOT_APPLIED),
    ],
)
def test_what_cannot_be_used_is_counted(item: Any, odd: dict[str, int]) -> None:
    """Of other mail of the account nothing is said; what names our message and is odd is counted."""
    batch = read_batch(json.dumps([item]), NOW)
    assert (batch.events, batch.reports, batch.odd) == (1, (), odd)


def test_every_event_of_the_vendor_is_used_or_listed_as_not() -> None:
    """The event webhook's reference, 2026-11: each name is in one of both tables."""
    vendors = {
        "processed", "dropped", "delivered", "deferred", "bounce", "open", "click", "spamreport",
        "unsubscribe", "group_unsubscribe", "group_resubscribe", "account_status_change",
    }  # fmt: skip
    assert vendors == EVENTS.keys() | NOT_APPLIED.keys()
