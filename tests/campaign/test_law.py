"""The law as data: a row holds from its date on, and what is done here keeps to every row at any date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from campaign.facts import ConsentEntry
from campaign.places.law import OptOutLaw, all_places, open_pixel_laws, opt_out_laws, places_of
from campaign.places.zones import whereabouts
from campaign.reasons import Channel
from campaign.rules.consent import permission
from campaign.rules.decision import Kind, decide
from tests.facts import customer, default_definition, facts, granted, message

DEFINITION = default_definition()
DAY = timedelta(days=1)


def at_noon(day: date, hour: int = 18) -> datetime:
    """An hour of a day, in UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_every_row_has_a_source_and_was_looked_at_lately() -> None:
    """Laws change: a row that nobody has looked at since 2025 fails here."""
    for law in (*all_places(), *opt_out_laws(), *open_pixel_laws().values()):
        assert law.source
        assert law.checked >= date(2026, 1, 1)


DATES = {"United States: one for all": date(2027, 1, 31), "Virginia: ten years": date(2026, 1, 1)}


@pytest.mark.parametrize("law", opt_out_laws(), ids=lambda law: law.name)
def test_a_law_about_opting_out_holds_from_its_date_on(law: OptOutLaw) -> None:
    """The day before it is not in force, on the day it is; and only where it binds."""
    begins = DATES[law.name]
    assert not law.holds(at_noon(begins - DAY, 23))
    assert law.holds(at_noon(begins, 0))
    assert law.binds(whereabouts(customer(time_zone=None, region="VA"), "US"))
    assert not law.binds(whereabouts(customer(time_zone=None, country="DE"), "US"))


@pytest.mark.parametrize("law", opt_out_laws(), ids=lambda law: law.name)
@pytest.mark.parametrize("days", [-400, -1, 0, 1])
@pytest.mark.parametrize("answers", ["marketing", "the opt-in question"])
def test_a_stop_is_kept_to_as_every_law_requires(law: OptOutLaw, days: int, answers: str) -> None:
    """On both sides of a law's date a STOP is for every text, whatever it answers, ten years and longer."""
    assert law.in_force
    stop = at_noon(law.in_force) + days * DAY
    consent = ConsentEntry(1, Channel.SMS, granted=True, at=stop - DAY, confirmed=answers == "marketing")
    who = customer(region="VA", consents=(consent, ConsentEntry(2, Channel.SMS, granted=False, at=stop)))
    for later in (timedelta(minutes=1), 30 * DAY, law.honoured_for or 30 * DAY, 30 * 365 * DAY):
        placed = stop + later - 21 * DAY
        known = facts(placed_at=placed, customer=who, orders=())
        decision = decide(DEFINITION, known, DEFINITION.step("loyalty"), stop + later)
        assert Channel.SMS not in (decision.send or {})
        assert not permission(DEFINITION, who, Channel.SMS).allowed
        assert not permission(DEFINITION, who, Channel.SMS).pending
    again = granted(Channel.SMS, stop + DAY, 3)
    assert permission(DEFINITION, customer(region="VA", consents=(*who.consents, again)), Channel.SMS).allowed


@pytest.mark.parametrize(
    ("day", "kind"), [(date(2025, 12, 30), Kind.SEND), (date(2026, 1, 6), Kind.WAIT)], ids=["before", "since"]
)
def test_hours_hold_from_their_date_on(day: date, kind: Kind) -> None:
    """Oregon's eight in the evening is law since 2026: half past eight was allowed before."""
    definition = DEFINITION.model_copy(update={"quiet_hours": {}})
    half_past_eight = at_noon(day + DAY, 4) + timedelta(minutes=30)
    who = customer(region="OR", time_zone="America/Los_Angeles", preferred="sms")
    known = facts(placed_at=half_past_eight - 22 * DAY, customer=who, orders=())
    assert decide(definition, known, definition.step("loyalty"), half_past_eight).kind is kind


@pytest.mark.parametrize(
    ("day", "kind"),
    [(date(2022, 10, 25), Kind.SEND), (date(2022, 11, 8), Kind.WAIT)],
    ids=["before", "since"],
)
def test_caps_hold_from_their_date_on(day: date, kind: Kind) -> None:
    """Oklahoma's three texts in 24 hours are law since November 2022: the fourth went before."""
    definition = DEFINITION.model_copy(update={"quiet_hours": {}, "caps": []})
    now = at_noon(day)
    past = tuple(
        message("loyalty", Channel.SMS, now - timedelta(hours=n), order_id=f"o-{n}") for n in (7, 8, 9)
    )
    who = customer(region="OK", time_zone="America/Chicago", preferred="sms")
    known = facts(placed_at=now - 22 * DAY, customer=who, orders=(), messages=past)
    assert decide(definition, known, definition.step("loyalty"), now).kind is kind


def test_places_to_come_are_known() -> None:
    """A customer's places hold rules of every date; which are in force is looked up at each decision."""
    oregon = places_of(whereabouts(customer(region="OR", time_zone=None), "US"))
    assert [place.holds(at_noon(date(2025, 6, 1))) for place in oregon] == [True, False]
