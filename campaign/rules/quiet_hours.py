"""Quiet hours: the next moment at which it is a decent time of day wherever the customer may be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from campaign.definition.model import Hours
from campaign.places.public_holidays import Calendar, is_public_holiday
from campaign.places.regions import Zones
from campaign.places.zones import Whereabouts

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HORIZON_DAYS = 15
"""Ten days in a row are public holidays in Russia at the turn of the year, and a Sunday may follow."""
#: From ten in the morning in Los Angeles to eight in the evening in New York.
UNKNOWN_US = Hours(start=time(13), end=time(20))
_EASTERN = ZoneInfo("America/New_York")
#: Stands for the zone of a customer of whom no more is known: `UNKNOWN_US` in Eastern time.
SOMEWHERE_IN_US = "US"

#: Hours, and the zone in whose local time they are meant.
LocalHours = tuple[Hours, ZoneInfo]


def next_decent(
    own: Hours | None, legal: Sequence[Hours], where: Whereabouts, shop_zone: str, now: datetime
) -> datetime | None:
    """Return the first instant from ``now`` on that is decent on a channel.

    Decent is what the campaign's ``own`` hours and the ``legal`` ones (of the places that the customer may
    be in) allow in every zone that the customer may be in. Where those never meet, the campaign's hours are
    kept in the zones of the more trusted sources only, in the end in the first one's; where that gives no
    time either, the legal ones too. None when even then there is none within fifteen days. Hours whose
    ``holidays`` are quiet are closed on the public holidays of every place that the customer may be in.
    """
    for zones, legal_zones in _more_and_more_trusted(where, shop_zone):
        at = next_allowed(_in_zones([own] if own else [], zones, legal, legal_zones), now, where.calendars)
        if at is not None:
            return at
    return None


def decent_until(
    own: Hours | None, legal: Sequence[Hours], where: Whereabouts, shop_zone: str, now: datetime
) -> datetime | None:
    """Return when the decent hours end that ``now`` lies in; None where nothing ends them.

    By the rules of `next_decent`: what is handed over in these hours may not arrive after them.
    """
    for zones, legal_zones in _more_and_more_trusted(where, shop_zone):
        hours_there = _in_zones([own] if own else [], zones, legal, legal_zones)
        if next_allowed(hours_there, now, where.calendars) is not None:
            ends = (_closing(hours, zone, now, where.calendars) for hours, zone in hours_there)
            return min((end for end in ends if end is not None), default=None)
    return None


def _in_zones(
    own: Sequence[Hours], zones: Zones, legal: Sequence[Hours], legal_zones: Zones
) -> list[LocalHours]:
    rules = [(hours, zone) for hours in own for zone in zones]
    rules += [(hours, zone) for hours in legal for zone in legal_zones]
    if rules and SOMEWHERE_IN_US in zones:
        rules.append((UNKNOWN_US, SOMEWHERE_IN_US))
    return [(hours, _EASTERN if zone == SOMEWHERE_IN_US else ZoneInfo(zone)) for hours, zone in rules]


def _more_and_more_trusted(where: Whereabouts, shop_zone: str) -> list[tuple[Zones, Zones]]:
    """Return the zones to keep the campaign's hours in, and those for the law's, strictest first."""
    first: list[Zones] = [(SOMEWHERE_IN_US,)] if where.somewhere_in_us else []
    sources = [*first, *where.sources] or [(shop_zone,)]
    fewer = [
        tuple(zone for zones in sources[:count] for zone in zones) for count in range(len(sources), 0, -1)
    ]
    return [(zones, fewer[0]) for zones in fewer] + [(zones, zones) for zones in fewer[1:]]


def next_allowed(
    rules: Sequence[LocalHours], now: datetime, calendars: Sequence[Calendar] = ()
) -> datetime | None:
    """Return the first instant from ``now`` on that all rules allow. ``calendars``: whose holidays count.

    None when there is none within fifteen days: the hours of zones far apart may never meet. On a day of
    a clock change a local time that does not exist or comes twice closes the hours rather than opens
    them: they open at its later reading and close at its earlier one.
    """
    at = now
    while at < now + timedelta(days=_HORIZON_DAYS):
        following = [_next_in_zone(hours, zone, at, calendars) for hours, zone in rules]
        if None in following:
            return None
        latest = max((moment for moment in following if moment is not None), default=at)
        if latest == at:
            return at
        at = latest
    return None


def _next_in_zone(
    hours: Hours, zone: ZoneInfo, now: datetime, calendars: Sequence[Calendar]
) -> datetime | None:
    today = now.astimezone(zone).date()
    for offset in range(_HORIZON_DAYS):
        opening = _opening(hours, today + timedelta(days=offset), zone, calendars)
        if opening and now < opening[1]:
            return max(now, opening[0])
    return None


def _closing(hours: Hours, zone: ZoneInfo, now: datetime, calendars: Sequence[Calendar]) -> datetime | None:
    """Return the end of the day's hours that ``now`` lies in; None outside of them."""
    opening = _opening(hours, now.astimezone(zone).date(), zone, calendars)
    return opening[1] if opening and opening[0] <= now < opening[1] else None


def _opening(
    hours: Hours, day: date, zone: ZoneInfo, calendars: Sequence[Calendar]
) -> tuple[datetime, datetime] | None:
    window = hours.days.get(_DAYS[day.weekday()], (hours.start, hours.end))  # type: ignore[call-overload]
    if window == "never" or (hours.holidays == "quiet" and is_public_holiday(day, calendars)):
        return None
    return _stretch(window, day, zone)


@lru_cache(maxsize=16_384)
def _stretch(window: tuple[time, time], day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    start, end = max(_instants(day, window[0], zone)), min(_instants(day, window[1], zone))
    return (start, end) if start < end else None


def _instants(day: date, at: time, zone: ZoneInfo) -> list[datetime]:
    """Return both readings of a local time: they differ where clocks change."""
    return [datetime.combine(day, at.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1)]
