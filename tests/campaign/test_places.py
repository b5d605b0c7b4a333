"""Where a customer may be, by every source, and what is stricter there: rule by rule, by example."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
import pytest
from phonenumbers.timezone import time_zones_for_number

from campaign.definition.model import Definition, Hours
from campaign.facts import CustomerFacts, Facts, MessageState
from campaign.places.law import all_places, places_of
from campaign.places.regions import by_number, by_postal_code, data_file, expand, region_named
from campaign.places.zones import whereabouts
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind, decide
from campaign.rules.quiet_hours import next_allowed, next_decent
from campaign.wire import OrderStatus
from tests.facts import PLACED, ROOT, customer, default_definition, facts, message, order

DEFINITION = default_definition()
ANY_TIME = DEFINITION.model_copy(
    update={"quiet_hours": {Channel.SMS: Hours(start=time(0), end=time(23, 59))}, "caps": []}
)
EASTERN, CENTRAL, MOUNTAIN, PACIFIC = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
)  # fmt: skip
TUESDAY, SATURDAY, SUNDAY = date(2026, 7, 7), date(2026, 7, 11), date(2026, 7, 12)


def next_time(definition: Definition, who: CustomerFacts, channel: Channel, now: datetime) -> datetime | None:
    """The first decent time for a customer of a US shop."""
    where, own = whereabouts(who, "US"), definition.quiet_hours.get(channel)
    legal = [place.hours for place in places_of(where)] if channel is Channel.SMS else []
    return next_decent(own, legal, where, definition.shop.time_zone, now)


def zones(**known: Any) -> set[str]:
    """Every zone that a customer may be in."""
    return set(whereabouts(customer(**{"time_zone": None, **known}), "US").zones)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"time_zone": "Europe/Paris"}, {"Europe/Paris"}),
        ({"postal_code": "10001"}, {EASTERN}),
        ({"postal_code": "60601-1234"}, {CENTRAL}),
        ({"postal_code": "606011234"}, {CENTRAL}),
        ({"postal_code": "96799"}, {"Pacific/Pago_Pago"}),
        ({"postal_code": "96813"}, {"Pacific/Honolulu"}),
        ({"postal_code": "32405"}, {EASTERN, CENTRAL}),
        ({"postal_code": "32501"}, {CENTRAL}),
        ({"postal_code": "79901"}, {MOUNTAIN}),
        ({"postal_code": "86503"}, {"America/Phoenix", MOUNTAIN}),
        ({"postal_code": "85001"}, {"America/Phoenix"}),
        ({"region": "TN"}, {EASTERN, CENTRAL}),
        ({"region": "us-tn"}, {EASTERN, CENTRAL}),
        ({"region": " tennessee "}, {EASTERN, CENTRAL}),
        ({"region": "TN", "postal_code": "37201"}, {CENTRAL}),
        ({"phone": "+14235550100"}, {EASTERN, CENTRAL}),
        ({"phone": "+12125550100"}, {EASTERN}),
        ({"country": "CA", "postal_code": "V5K 0A1"}, zones(country="CA", region="BC")),
        ({"country": "CA", "postal_code": "x0a 0h0"}, zones(country="CA", region="NU")),
        ({"country": "CA", "region": "Ontario", "phone": "+14165550100"}, zones(country="CA", region="ON")),
        ({"country": "CA", "region": "Québec"}, zones(country="CA", region="QC")),
        ({"country": "DE"}, {"Europe/Berlin"}),
        ({"country": "GB", "phone": "+442079460000"}, {"Europe/London"}),
        ({"country": None, "phone": "+442079460000"}, {"Europe/London"}),
        ({"country": "GU"}, {"Pacific/Guam"}),
    ],
)  # fmt: skip
def test_each_source_alone(known: dict[str, Any], expected: set[str]) -> None:
    """Profile, ZIP, state, area code, country: all zones that are possible by it, and no more."""
    assert zones(**known) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"time_zone": EASTERN, "postal_code": "94105"}, {EASTERN, PACIFIC}),
        ({"postal_code": "94105", "phone": "+13125550100"}, {PACIFIC, CENTRAL}),
        ({"time_zone": EASTERN, "postal_code": "94105", "phone": "+13125550100"},
         {EASTERN, PACIFIC, CENTRAL}),
        ({"country": "DE", "phone": "+12125550100"}, {"Europe/Berlin", EASTERN}),
        ({"region": "NY", "postal_code": "94105"}, {EASTERN, PACIFIC}),
    ],
)  # fmt: skip
def test_sources_that_disagree_are_all_possible(known: dict[str, Any], expected: set[str]) -> None:
    """A move or a kept number: neither source is thrown away."""
    assert zones(**known) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"time_zone": "America/Detroit", "phone": "+12125550100"}, {"America/Detroit"}),
        ({"time_zone": CENTRAL, "postal_code": "32405"}, {CENTRAL}),
        ({"time_zone": EASTERN, "phone": "+18005550100"}, {EASTERN}),
        ({"postal_code": "33101", "phone": "+18505550100"}, {EASTERN}),
        ({"time_zone": "Australia/Sydney", "country": "AU", "phone": "+61412345678"}, {"Australia/Sydney"}),
    ],
)
def test_sources_that_agree_narrow_down(known: dict[str, Any], expected: set[str]) -> None:
    """A broader source that holds the narrower one adds nothing; nor does a number of no place."""
    assert zones(**known) == expected


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"country": None},
        {"postal_code": "00000"},
        {"postal_code": "09001"},
        {"postal_code": "12"},
        {"region": "Neverland"},
        {"phone": "+18005550100"},
        {"phone": "nonsense"},
    ],
)
def test_somewhere_in_the_us_is_one_to_eight_eastern(known: dict[str, Any]) -> None:
    """Nothing known but the country: 13:00 to 20:00 in New York, summer and winter, SMS and email."""
    who = customer(**{"time_zone": None, **known})
    for month, offset in ((1, 5), (7, 4)):
        early = datetime(2026, month, 7, 12, tzinfo=UTC)
        opening = datetime(2026, month, 7, 13 + offset, tzinfo=UTC)
        for channel in Channel:
            assert next_time(DEFINITION, who, channel, early) == opening
            last = opening + timedelta(hours=6, minutes=59)
            assert next_time(DEFINITION, who, channel, last) == last
            following = opening + timedelta(days=1)
            assert next_time(DEFINITION, who, channel, opening + timedelta(hours=7)) == following


def test_a_us_customer_with_a_foreign_number_is_both() -> None:
    """Somewhere in the US, or in London: only while it is decent in both."""
    who = customer(time_zone=None, phone="+442079460000")
    at = next_time(DEFINITION, who, Channel.SMS, datetime(2026, 1, 6, 12, tzinfo=UTC))
    assert at == datetime(2026, 1, 6, 18, tzinfo=UTC)
    late = datetime(2026, 1, 6, 20, tzinfo=UTC)
    assert next_time(DEFINITION, who, Channel.SMS, late) == datetime(2026, 1, 7, 18, tzinfo=UTC)


def test_hours_that_never_meet_leave_out_the_least_trusted_source() -> None:
    """Tokyo by profile, New York by number: Tokyo's hours and New York's law; in summer Tokyo's alone."""
    who = customer(time_zone="Asia/Tokyo", phone="+12125550100")
    winter = next_time(DEFINITION, who, Channel.SMS, datetime(2026, 1, 6, 3, tzinfo=UTC))
    assert winter == datetime(2026, 1, 7, 1, tzinfo=UTC)
    summer = next_time(DEFINITION, who, Channel.SMS, datetime(2026, 7, 6, 12, tzinfo=UTC))
    assert summer == datetime(2026, 7, 7, 1, tzinfo=UTC)


def test_a_country_too_wide_for_its_hours_gets_no_sms() -> None:
    """From Kaliningrad to Kamchatka no hour is decent for an SMS; a known zone helps."""
    who = customer(time_zone=None, country="RU")
    assert next_time(DEFINITION, who, Channel.SMS, PLACED) is None
    known = facts(customer=customer(time_zone=None, country="RU", preferred="sms"))
    decision = decide(DEFINITION, known, DEFINITION.step("loyalty"), PLACED + timedelta(days=21))
    assert (decision.kind, decision.reason) == (Kind.SKIP, Reason.QUIET_HOURS)
    moscow = customer(time_zone="Europe/Moscow", country="RU")
    assert next_time(DEFINITION, moscow, Channel.SMS, PLACED) is not None


#: Weekdays, Saturday, Sunday, as the sources of `campaign/places/data/places.toml` have them.
STRICTER = {
    "AL": ("08:00-20:00", "08:00-20:00", None),
    "CT": ("09:00-20:00", "09:00-20:00", "09:00-20:00"),
    "FL": ("08:00-20:00", "08:00-20:00", "08:00-20:00"),
    "KY": ("10:00-21:00", "10:00-21:00", "10:00-21:00"),
    "LA": ("08:00-20:00", "08:00-20:00", None),
    "MD": ("08:00-20:00", "08:00-20:00", "08:00-20:00"),
    "MA": ("08:00-20:00", "08:00-20:00", "08:00-20:00"),
    "MI": ("09:00-21:00", "09:00-21:00", "09:00-21:00"),
    "MN": ("09:00-21:00", "09:00-21:00", "09:00-21:00"),
    "MS": ("08:00-20:00", "08:00-20:00", None),
    "NV": ("09:00-20:00", "09:00-20:00", "09:00-20:00"),
    "NJ": ("08:00-20:00", "08:00-20:00", "08:00-20:00"),
    "NM": ("09:00-21:00", "09:00-21:00", "09:00-21:00"),
    "OK": ("08:00-20:00", "08:00-20:00", "08:00-20:00"),
    "OR": ("08:00-20:00", "08:00-20:00", "08:00-20:00"),
    "PA": ("08:00-21:00", "08:00-21:00", "08:00-21:00"),
    "RI": ("09:00-18:00", "10:00-17:00", None),
    "SD": ("09:00-21:00", None, None),
    "TX": ("09:00-21:00", "09:00-21:00", "12:00-21:00"),
    "UT": ("08:00-21:00", "08:00-21:00", None),
    "WA": ("08:00-20:00", "08:00-20:00", "08:00-20:00"),
    "WY": ("08:00-20:00", "08:00-20:00", "08:00-20:00"),
    "NY": ("08:00-21:00", "08:00-21:00", "08:00-21:00"),
    "PR": ("08:00-21:00", "08:00-21:00", "08:00-21:00"),
    "CA": ("09:00-21:30", "10:00-18:00", "10:00-18:00"),
    "FR": ("08:00-20:00", "08:00-20:00", None),
}
WHERE: dict[str, dict[str, Any]] = {
    "CA": {"country": "CA", "time_zone": "America/Toronto"},
    "FR": {"country": "FR"},
    "PR": {"country": "PR"},
}


@pytest.mark.parametrize("place", STRICTER)
@pytest.mark.parametrize(("number", "day"), [(0, TUESDAY), (1, SATURDAY), (2, SUNDAY)])
def test_no_campaign_is_looser_than_a_place(place: str, number: int, day: date) -> None:
    """A campaign that would text at any time is held to each place's own hours, day by day."""
    known = WHERE.get(place, {"country": "US", "region": place})
    who = customer(**{"time_zone": None, **known})
    (zone, *_) = whereabouts(who, "US").zones
    midnight = datetime.combine(day, time(0), tzinfo=ZoneInfo(zone))
    quarters = [midnight.astimezone(UTC) + timedelta(minutes=15 * n) for n in range(96)]
    zones_ = [ZoneInfo(name) for name in whereabouts(who, "US").zones]
    hours = STRICTER[place][number]
    for at in quarters:
        local = [at.astimezone(each) for each in zones_]
        expected = hours is not None and all(
            each.date() == day and hours[:5] <= f"{each:%H:%M}" < hours[6:] for each in local
        )
        assert (next_time(ANY_TIME, who, Channel.SMS, at) == at) is expected, local


def test_every_place_is_in_that_table() -> None:
    """No place without its example; each names its source, and every one of them is checked this year."""
    named = {place.region or place.country for place in all_places()}
    assert named - {"US"} == set(STRICTER) - {"NY", "PR"}
    for place in all_places():
        assert place.source
        assert place.checked >= date(2026, 1, 1), f"{place.name}: look whether its law has changed"


@pytest.mark.parametrize(
    "known",
    [
        {"region": "FL"},
        {"postal_code": "33101"},
        {"phone": "+13055550100"},
        {"phone": "+13055550100", "postal_code": "10001", "time_zone": EASTERN},
        {"phone": "+14055550100"},
        {"phone": "+14105550100"},
    ],
)
def test_a_place_is_known_by_any_source(known: dict[str, Any]) -> None:
    """State, ZIP or area code: any of them brings the three SMS in 24 hours."""
    places = places_of(whereabouts(customer(**{"time_zone": None, **known}), "US"))
    (cap,) = (cap for place in places for cap in place.sms_caps)
    assert (cap.channel, cap.messages, cap.per) == (Channel.SMS, 3, timedelta(days=1))


def test_only_three_places_count_messages() -> None:
    """Florida, Oklahoma and Maryland, and nowhere else."""
    counting = {place.region for place in all_places() if place.caps}
    assert counting == {"FL", "OK", "MD"}


def test_email_is_not_bound_by_laws_on_texts() -> None:
    """Rhode Island's hours are for SMS; the campaign's are for email."""
    who = customer(time_zone=None, region="RI")
    sunday = datetime(2026, 7, 12, 15, tzinfo=UTC)
    assert next_time(DEFINITION, who, Channel.EMAIL, sunday) == sunday
    assert next_time(DEFINITION, who, Channel.SMS, sunday) == datetime(2026, 7, 13, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "span", "before", "expected"),
    [
        # 02:15-02:45 does not exist on the day the clocks go forward: the next day it is.
        (EASTERN, ("02:15", "02:45"), "2026-03-08T05:00Z", "2026-03-09T06:15Z"),
        # 02:30-05:00 begins in the gap: from the first reading that is surely past it.
        (EASTERN, ("02:30", "05:00"), "2026-03-08T05:00Z", "2026-03-08T07:30Z"),
        # 01:30-05:00 when 01:30 comes twice: from the second time on.
        (EASTERN, ("01:30", "05:00"), "2026-11-01T04:00Z", "2026-11-01T06:30Z"),
        # 00:30-01:30 when 01:30 comes twice: until the first time.
        (EASTERN, ("00:30", "01:30"), "2026-11-01T05:30Z", "2026-11-02T05:30Z"),
        # Half an hour on Lord Howe, and midnight itself in Cairo and Santiago.
        ("Australia/Lord_Howe", ("10:00", "20:00"), "2026-04-04T12:00Z", "2026-04-04T23:30Z"),
        ("Africa/Cairo", ("00:00", "06:00"), "2026-04-23T20:00Z", "2026-04-23T22:00Z"),
        ("America/Santiago", ("23:30", "23:45"), "2026-04-05T02:00Z", "2026-04-06T03:30Z"),
        # Either side of the date line.
        ("Pacific/Kiritimati", ("10:00", "20:00"), "2026-05-01T06:00Z", "2026-05-01T20:00Z"),
        ("Pacific/Pago_Pago", ("10:00", "20:00"), "2026-05-01T07:00Z", "2026-05-01T21:00Z"),
    ],
)
def test_days_of_clock_changes(zone: str, span: tuple[str, str], before: str, expected: str) -> None:
    """A local time that is missing or double closes the hours rather than opens them."""
    hours = Hours.model_validate({"start": span[0], "end": span[1]})
    at = next_allowed([(hours, ZoneInfo(zone))], datetime.fromisoformat(before))
    assert at == datetime.fromisoformat(expected)


def test_the_end_is_not_within() -> None:
    """At eight sharp it is over, a moment before it is not."""
    rule = (DEFINITION.quiet_hours[Channel.SMS], ZoneInfo(EASTERN))
    end = datetime(2026, 7, 8, 0, tzinfo=UTC)
    assert next_allowed([rule], end - timedelta(microseconds=1)) == end - timedelta(microseconds=1)
    assert next_allowed([rule], end) == end + timedelta(hours=14)


def test_hours_that_open_once_a_week_or_never() -> None:
    """One hour on Mondays is found from any day of the week; never is never."""
    days = ["tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    mondays = Hours.model_validate({"start": "10:00", "end": "11:00", "days": dict.fromkeys(days, "never")})
    for day in range(14):
        at = next_allowed(
            [(mondays, ZoneInfo(EASTERN))], datetime(2026, 7, 6, 15, tzinfo=UTC) + timedelta(day)
        )
        assert at is not None
        assert at.weekday() == 0
    never = Hours.model_validate(
        {"start": "10:00", "end": "11:00", "days": dict.fromkeys([*days, "monday"], "never")}
    )
    assert next_allowed([(never, ZoneInfo(EASTERN))], PLACED) is None
    assert next_allowed([], PLACED) == PLACED


def two_campaigns(state: MessageState, **changes: Any) -> Facts:
    """A new order, while the win-back of the one before it is in some state."""
    held = message("win-back-soft", Channel.SMS, PLACED - timedelta(hours=1), order_id="o-0", state=state)
    return facts(
        {OrderStatus.PROCESSED: PLACED},
        customer=customer(preferred="sms"),
        orders=(order(0, days=-30), order(1)),
        **{"messages": (held,), **changes},
    )


def test_a_thank_you_goes_before_the_win_back_that_an_older_campaign_still_holds() -> None:
    """The older campaign's claim will not be sent any more, so that it takes no slot from the thank-you."""
    later = PLACED + timedelta(hours=3)
    decision = decide(DEFINITION, two_campaigns(MessageState.CLAIMED), DEFINITION.step("thank-you"), later)
    assert decision.kind is Kind.SEND


@pytest.mark.parametrize("state", [MessageState.SENDING, MessageState.SENT, MessageState.UNCONFIRMED])
def test_what_may_have_reached_the_customer_keeps_its_slot(state: MessageState) -> None:
    """A win-back that is on its way, or was, counts: the thank-you waits inside its window."""
    by_day = DEFINITION.model_copy(update={"quiet_hours": {}})
    later = PLACED + timedelta(hours=3)
    decision = decide(by_day, two_campaigns(state), DEFINITION.step("thank-you"), later)
    assert (decision.kind, decision.reason) == (Kind.WAIT, Reason.CAPPED)
    assert decision.until == PLACED + timedelta(hours=23)


def test_the_win_back_of_an_older_order_gives_way() -> None:
    """Decided while the newer order's thank-you is claimed, the older campaign ends."""
    claimed = message("thank-you", Channel.SMS, PLACED, state=MessageState.CLAIMED)
    known = two_campaigns(MessageState.CLAIMED, order_id="o-0", placed_at=order(0, days=-30).placed_at,
                          messages=(claimed,))  # fmt: skip
    decision = decide(DEFINITION, known, DEFINITION.step("win-back-soft"), PLACED + timedelta(hours=3))
    assert (decision.kind, decision.reason) == (Kind.EXIT, Reason.REPURCHASED)


def test_a_claim_of_an_order_that_nobody_knows_counts() -> None:
    """Where it is not known whether a claim is still good, it is."""
    strange = message("loyalty", Channel.SMS, PLACED, order_id="strange", state=MessageState.CLAIMED)
    known = two_campaigns(MessageState.CLAIMED, messages=(strange,))
    decision = decide(DEFINITION, known, DEFINITION.step("thank-you"), PLACED + timedelta(hours=3))
    assert decision.reason is Reason.CAPPED


def test_the_table_of_regions_is_sound() -> None:
    """Zones exist, finer ones are the region's own, no code is in two states; sources are named."""
    known = available_timezones()
    shared = {"867", "782", "902"}  # by several provinces and territories of Canada
    for country, others in (("US", set()), ("CA", shared)):
        codes: list[str] = []
        for row in data_file("regions.toml")[country].values():
            assert set(row["zones"]) <= known
            own = set(expand(row.get("postal", ""))), set(expand(row.get("area_codes", "")))
            for zone, finer in row.get("finer", {}).items():
                assert zone in row["zones"]
                assert set(expand(finer.get("postal", ""))) <= own[0]
                assert set(expand(finer.get("area_codes", ""))) <= own[1]
            codes += [*(f"postal {code}" for code in own[0]), *own[1] - others]
        assert len(codes) == len(set(codes))
    text = (ROOT / "campaign" / "places" / "data" / "regions.toml").read_text("utf-8")
    assert isinstance(tomllib.loads(text)["written"], date)
    assert "NANPA" in text


LIBRARY_IS_WRONG = {"689"}  # Orlando, with 407: Eastern


def test_area_codes_agree_with_libphonenumber() -> None:
    """Every area code lies in the country that libphonenumber has, and none of its zones is left out."""
    for country in ("US", "CA"):
        for row in data_file("regions.toml")[country].values():
            for code in expand(row.get("area_codes", "")):
                number = phonenumbers.parse(f"+1{code}5550100")
                found = by_number(f"+1{code}5550100")
                assert found.country == country
                theirs = {zone for zone in time_zones_for_number(number) if zone in row["zones"]}
                assert theirs <= set(found.zones) or code in LIBRARY_IS_WRONG, code


def test_codes_are_read_as_people_write_them() -> None:
    """Ranges keep zeros; half a ZIP, letters or another country's code say nothing."""
    assert list(expand("005 010-012 K")) == ["005", "010", "011", "012", "K"]
    assert by_postal_code("US", "ABCDE").zones == ()
    assert by_postal_code("DE", "10115").zones == ()
    assert region_named("CA", "quebec") == region_named("CA", "QC") is not None
    assert region_named("US", None) is None
    assert region_named("US", "") is None


def test_places_are_found_once() -> None:
    """A customer with every source in Florida is bound by the country's and the state's rules, once each."""
    who = customer(time_zone=None, region="FL", postal_code="33101", phone="+13055550100")
    assert [place.name for place in places_of(whereabouts(who, "US"))] == ["United States", "Florida"]
