"""Public holidays as quiet time: by law and by the campaign's own word; each on both sides of its day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaign.definition.model import Definition, Hours
from campaign.places.law import all_places
from campaign.places.public_holidays import holidays_of, is_public_holiday
from campaign.places.zones import whereabouts
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind, decide
from campaign.rules.quiet_hours import next_decent
from tests.facts import customer, default_definition, facts

DAY = timedelta(days=1)
ANY_TIME = Hours(start=time(0), end=time(23, 59))
LAW_ONLY = default_definition().model_copy(update={"quiet_hours": {}, "caps": []})
QUIET = ANY_TIME.model_copy(update={"holidays": "quiet"})

# A holiday of each place whose law closes them, on a weekday that is open the day before and after.
LEGAL = {
    "Alabama": ({"region": "AL"}, "America/Chicago", date(2026, 11, 11)),
    "Louisiana": ({"region": "LA"}, "America/Chicago", date(2026, 11, 3)),
    "Mississippi": ({"region": "MS"}, "America/Chicago", date(2026, 11, 26)),
    "Pennsylvania": ({"region": "PA"}, "America/New_York", date(2026, 11, 11)),
    "Rhode Island": ({"region": "RI"}, "America/New_York", date(2026, 11, 11)),
    "Utah": ({"region": "UT"}, "America/Denver", date(2026, 7, 24)),
    "France": ({"country": "FR"}, "Europe/Paris", date(2026, 7, 14)),
}


def decided(
    definition: Definition, place: Mapping[str, Any], zone: str, day: date, channel: str = "sms"
) -> tuple[Kind, Reason]:
    """How the loyalty message is decided at noon of a day."""
    noon = datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)
    who = customer(**{"time_zone": zone, "preferred": channel, "phone": None, **place})
    known = facts(placed_at=noon - 22 * DAY, customer=who, orders=())
    decision = decide(definition, known, definition.step("loyalty"), noon)
    return decision.kind, decision.reason


def shop_says(channel: Channel) -> Definition:
    """A campaign that is quiet on public holidays, on one channel."""
    return LAW_ONLY.model_copy(update={"quiet_hours": {channel: QUIET}})


def test_every_place_of_the_law_is_tried() -> None:
    """A row that closes holidays has its day here, with its source in the table."""
    assert {place.name for place in all_places() if place.hours.holidays == "quiet"} == set(LEGAL)


@pytest.mark.parametrize("name", LEGAL)
def test_the_law_closes_a_holiday_and_opens_the_days_beside_it(name: str) -> None:
    """No setting of the campaign loosens it; the day before and the day after are days like others."""
    place, zone, day = LEGAL[name]
    number = "+33612345678" if name == "France" else "+12025550123"
    where = {**place, "phone": number, "country": place.get("country", "US")}
    assert decided(LAW_ONLY, where, zone, day) == (Kind.WAIT, Reason.QUIET_HOURS)
    for beside in (day - DAY, day + DAY):
        assert decided(LAW_ONLY, where, zone, beside)[0] is Kind.SEND, beside


def test_elsewhere_a_holiday_is_a_day_like_others() -> None:
    """Thanksgiving in New York: federal law does not close it, and the campaign does not either."""
    new_york = {"region": "NY", "phone": "+12125550123"}
    assert decided(LAW_ONLY, new_york, "America/New_York", date(2026, 11, 26))[0] is Kind.SEND


@pytest.mark.parametrize(
    ("place", "zone", "day", "kind"),
    [
        ({"country": "US", "region": "NY"}, "America/New_York", date(2026, 11, 26), Kind.WAIT),
        ({"country": "US", "region": "NY"}, "America/New_York", date(2026, 11, 27), Kind.SEND),
        ({"country": "US", "region": None}, "America/New_York", date(2026, 7, 3), Kind.WAIT),  # observed
        ({"country": "DE", "region": "Bayern"}, "Europe/Berlin", date(2026, 1, 6), Kind.WAIT),
        ({"country": "DE", "region": "de-by"}, "Europe/Berlin", date(2026, 1, 6), Kind.WAIT),
        ({"country": "DE", "region": "Hamburg"}, "Europe/Berlin", date(2026, 1, 6), Kind.SEND),
        ({"country": "DE", "region": "nowhere"}, "Europe/Berlin", date(2026, 10, 3), Kind.WAIT),
        ({"country": "GB", "region": "Scotland"}, "Europe/London", date(2026, 11, 30), Kind.WAIT),
        ({"country": "GB", "region": "England"}, "Europe/London", date(2026, 11, 30), Kind.SEND),
        ({"country": "PR", "region": None}, "America/Puerto_Rico", date(2026, 1, 6), Kind.WAIT),
    ],
)
def test_the_campaign_closes_holidays_where_the_customer_lives(
    place: dict[str, Any], zone: str, day: date, kind: Kind
) -> None:
    """By country and region, however the region is written; a region's holiday is none elsewhere."""
    assert decided(shop_says(Channel.EMAIL), place, zone, day, "email")[0] is kind


def test_each_channel_has_its_own_setting() -> None:
    """Quiet for SMS alone: an email goes on Thanksgiving."""
    day, home = date(2026, 11, 26), {"country": "US", "region": "NY"}
    assert decided(shop_says(Channel.SMS), home, "America/New_York", day, "email")[0] is Kind.SEND


def test_a_message_waits_for_the_day_after() -> None:
    """Christmas and Boxing Day in Britain, then a Sunday and the day in lieu: Tuesday 29 December it is."""
    zone = ZoneInfo("Europe/London")
    noon = datetime(2026, 12, 25, 12, tzinfo=zone)
    hours = Hours.model_validate(
        {"start": "10:00", "end": "20:00", "days": {"sunday": "never"}, "holidays": "quiet"}
    )
    definition = LAW_ONLY.model_copy(update={"quiet_hours": {Channel.EMAIL: hours}})
    who = customer(country="GB", region="England", time_zone=zone.key, preferred="email", phone=None)
    known = facts(placed_at=noon.astimezone(UTC) - 22 * DAY, customer=who, orders=())
    decision = decide(definition, known, definition.step("loyalty"), noon.astimezone(UTC))
    assert decision.until == datetime(2026, 12, 29, 10, tzinfo=zone)


def test_who_may_be_in_two_places_keeps_the_holidays_of_both() -> None:
    """An address in New York and a number of Utah: Pioneer Day counts."""
    where = whereabouts(customer(country="US", region="NY", phone="+18015550123", time_zone=None), "US")
    assert is_public_holiday(date(2026, 7, 24), where.calendars)
    assert not is_public_holiday(date(2026, 7, 23), where.calendars)


def test_a_country_that_nobody_knows_has_none() -> None:
    """No error: there is nothing to keep to."""
    assert holidays_of("XX", None, 2026) == frozenset()
    assert holidays_of("XX", "Somewhere", 2026) == frozenset()


def test_a_year_is_read_once() -> None:
    """Decisions look days up in a set: the library is called once for a country, region and year."""
    holidays_of.cache_clear()
    for day in range(365):
        is_public_holiday(date(2026, 1, 1) + day * DAY, [("DE", "BY"), ("FR", None)])
    assert holidays_of.cache_info().misses == 2


def test_ten_holidays_in_a_row_are_waited_for() -> None:
    """Russia's turn of the year: what is due on its eve goes when it is over; it is not skipped."""
    eve = datetime(2025, 12, 30, 18, 30, tzinfo=UTC)
    hours = Hours(start=time(9), end=time(21), holidays="quiet", days={"sunday": "never"})
    where = whereabouts(customer(country="RU", time_zone="Europe/Moscow", phone=None), "RU")
    assert next_decent(hours, [], where, "Europe/Moscow", eve) == datetime(2026, 1, 10, 6, tzinfo=UTC)
