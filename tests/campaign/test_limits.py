"""Until when a text may arrive: the end of the hours it is sent in, in every zone of the customer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaign.definition.model import Tracking
from campaign.reasons import Channel
from campaign.rules.limits import limits_of
from campaign.rules.question import Question
from tests.facts import customer, default_definition, facts

DEFINITION = default_definition()
FAR = datetime(2026, 6, 1, tzinfo=UTC)


def local(text: str, zone: str) -> datetime:
    """A wall clock's time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def question(now: datetime, definition: Any = DEFINITION, **contact: Any) -> Question:
    """The loyalty step of a customer."""
    known = customer(**{"country": "US", "phone": "+12125550123", **contact})
    return Question(definition, facts(customer=known), definition.step("loyalty"), now)


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        # The campaign's hours end at 20:00 and the law's at 21:00: the earlier one counts.
        ("America/New_York", local("2026-03-04T19:59", "America/New_York"),
         local("2026-03-04T20:00", "America/New_York")),
        # Living in Los Angeles with a number of New York: New York's evening comes first.
        ("America/Los_Angeles", local("2026-03-04T12:00", "America/Los_Angeles"),
         local("2026-03-04T20:00", "America/New_York")),
        # The evening before clocks change.
        ("America/New_York", local("2026-03-07T18:00", "America/New_York"),
         local("2026-03-07T20:00", "America/New_York")),
    ],
)  # fmt: skip
def test_a_text_may_arrive_until_its_hours_end(zone: str, now: datetime, end: datetime) -> None:
    """B26: the first end among all hours that have to be kept."""
    assert limits_of(question(now, time_zone=zone), Channel.SMS, FAR).deliver_by == end


def test_the_window_may_end_before_the_hours() -> None:
    """A message's latest time is kept too."""
    now = local("2026-03-04T12:00", "America/New_York")
    latest = now + timedelta(minutes=5)
    assert limits_of(question(now), Channel.SMS, latest).deliver_by == latest


def test_an_email_waits_for_its_reader() -> None:
    """Only its window ends it: mail does not ring at night."""
    now = local("2026-03-04T12:00", "America/New_York")
    assert limits_of(question(now), Channel.EMAIL, FAR).deliver_by == FAR


@pytest.mark.parametrize(
    ("country", "channel", "tracked"),
    [
        ("US", Channel.EMAIL, True),
        ("FR", Channel.EMAIL, False),
        (None, Channel.EMAIL, False),
        ("US", Channel.SMS, False),
    ],
)
def test_opens_are_tracked_where_the_campaign_says_so(
    country: str | None, channel: Channel, tracked: bool
) -> None:
    """B11: in the countries of `[tracking] opens_in`, for emails alone."""
    definition = DEFINITION.model_copy(update={"tracking": Tracking(opens_in=["US"])})
    now = local("2026-03-04T12:00", "America/New_York")
    assert limits_of(question(now, definition, country=country), channel, FAR).track_opens is tracked
