"""Quiet hours: the next moment at which it is a decent time of day where the customer lives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from campaign.definition import Definition, Hours
from campaign.facts import CustomerFacts

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HORIZON_DAYS = 9


def zones_of(definition: Definition, customer: CustomerFacts) -> tuple[ZoneInfo, ...]:
    """Return every zone the customer may live in.

    The profile's zone; else all zones of the customer's country (CLDR's table), because a wrong
    guess is a message at night; else the shop's.
    """
    if customer.time_zone:
        return (ZoneInfo(customer.time_zone),)
    names = _country_zones().get(customer.country or "", (definition.shop.time_zone,))
    return tuple(ZoneInfo(name) for name in names)


@cache
def _country_zones() -> dict[str, tuple[str, ...]]:
    zones: dict[str, list[str]] = {}
    for zone, territory in get_global("zone_territories").items():
        zones.setdefault(territory, []).append(zone)
    return {territory: tuple(names) for territory, names in zones.items()}


def next_allowed(hours: Hours | None, zones: tuple[ZoneInfo, ...], now: datetime) -> datetime | None:
    """Return the first instant from ``now`` on that is within the hours in every zone.

    None when there is none within nine days: the hours of zones far apart may never meet. Local
    times are those of the zone's offset at the instant in question, so days of a clock change are right.
    """
    if hours is None:
        return now
    at = now
    while at < now + timedelta(days=_HORIZON_DAYS):
        following = [_next_in_zone(hours, zone, at) for zone in zones]
        if None in following:
            return None
        latest = max(moment for moment in following if moment is not None)
        if latest == at:
            return at
        at = latest
    return None


def _next_in_zone(hours: Hours, zone: ZoneInfo, now: datetime) -> datetime | None:
    today = now.astimezone(zone).date()
    for offset in range(_HORIZON_DAYS):
        opening = _opening(hours, today + timedelta(days=offset), zone)
        if opening and now < opening[1]:
            return max(now, opening[0])
    return None


def _opening(hours: Hours, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    window = hours.days.get(_DAYS[day.weekday()], (hours.start, hours.end))  # type: ignore[call-overload]
    if window == "never":
        return None
    start, end = (datetime.combine(day, time, tzinfo=zone).astimezone(UTC) for time in window)
    return start, end
