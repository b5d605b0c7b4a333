"""In which time zones a customer may be, and in which places: every source counts.

Sources, the most trusted first: the profile's zone; the shipping address (ZIP or postal code, then
state or province, then country); the number. A source that shares a zone with those before it agrees
with them and adds nothing. One that does not, disagrees: its zones are possible too, since a customer
who moved or kept a number may be in either, and a wrong guess is a message at night.

That someone lives in the USA or Canada says too little beside the profile or a number of that country;
alone, it means every zone of Canada, and `campaign.rules.quiet_hours.UNKNOWN_US` for the USA.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from campaign.facts import CustomerFacts
from campaign.places.public_holidays import Calendar
from campaign.places.regions import (
    TABLED,
    TERRITORIES,
    Found,
    Region,
    Zones,
    by_number,
    by_postal_code,
    region_named,
    zones_of_country,
)

_FROM = datetime(2025, 1, 1, tzinfo=UTC)
_WEEKS = 12 * 52

_Clock = tuple[timedelta | None, ...]


@dataclass(frozen=True)
class Whereabouts:
    """Where a customer may be.

    ``sources`` has the zones of each source that disagrees with those before it, the most trusted first.
    ``somewhere_in_us``: no source is narrower than that the customer lives in the USA. ``regions`` are
    all the states and provinces, and ``countries`` the countries, that any source names: the law of
    each is kept. ``calendars``: whose public holidays count.
    """

    sources: tuple[Zones, ...]
    regions: tuple[Region, ...]
    countries: tuple[str, ...]
    somewhere_in_us: bool = False
    calendars: tuple[Calendar, ...] = ()

    @property
    def zones(self) -> Zones:
        """Every possible zone."""
        return tuple(zone for zones in self.sources for zone in zones)


def whereabouts(customer: CustomerFacts, shop_country: str) -> Whereabouts:
    """Return where a customer may be. One of unknown country is taken to live in the shop's."""
    return _whereabouts(
        customer.time_zone,
        customer.country,
        customer.region,
        customer.postal_code,
        customer.phone,
        shop_country,
    )


@lru_cache(maxsize=4096)
def _whereabouts(
    time_zone: str | None,
    country: str | None,
    region: str | None,
    postal_code: str | None,
    phone: str | None,
    shop_country: str,
) -> Whereabouts:
    number = by_number(phone) if phone else Found()
    lives_in = country or number.country or shop_country
    address = _address(lives_in, region, postal_code)
    at_home = number.country == lives_in and bool(number.zones)
    vague = not (time_zone or at_home or any(found.zones for found in address))
    if vague and lives_in != "US":
        address = [Found(zones_of_country(lives_in))]
    found = [Found((time_zone,) if time_zone else ()), *address, number]
    regions = dict.fromkeys(each for one in found for each in one.regions)
    countries = dict.fromkeys([*_with_federation(lives_in), *_with_federation(number.country)])
    return Whereabouts(
        sources=_disagreeing(one.zones for one in found),
        regions=tuple(regions),
        countries=tuple(countries),
        somewhere_in_us=vague and lives_in == "US",
        calendars=tuple(_calendars(regions, countries, (lives_in, region))),
    )


def _calendars(
    regions: Iterable[Region], countries: Iterable[str], lives_in: tuple[str, str | None]
) -> Iterator[Calendar]:
    """Return each region's calendar, which has its country's days too; without a region the country's."""
    tabled = {region.country for region in regions}
    yield from ((region.country, region.code) for region in regions)
    for country in countries:
        if country not in tabled:
            yield lives_in if country == lives_in[0] else (country, None)


def _address(country: str, region: str | None, postal_code: str | None) -> list[Found]:
    """Return what the shipping address says, the most exact first."""
    table, state = ("US", country) if country in TERRITORIES else (country, region)
    if table not in TABLED:
        return [Found(zones_of_country(country))]
    named = region_named(table, state)
    by_code = by_postal_code(table, postal_code) if postal_code else Found()
    return [by_code, Found(named.zones, (named,)) if named else Found()]


def _with_federation(country: str | None) -> Iterable[str]:
    if country in TERRITORIES:
        yield "US"
    if country:
        yield country


def _disagreeing(sources: Iterable[Zones]) -> tuple[Zones, ...]:
    """Keep the sources that name no zone of those before them; of zones with equal clocks keep one."""
    kept: list[Zones] = []
    known: set[_Clock] = set()
    for zones in sources:
        clocks = {_clock(zone): zone for zone in reversed(zones)}
        if clocks and not clocks.keys() & known:
            kept.append(tuple(reversed(clocks.values())))
            known |= clocks.keys()
    return tuple(kept)


@lru_cache(maxsize=1024)
def _clock(zone: str) -> _Clock:
    """Return what sets zones apart, their offsets week by week: Detroit's clock is New York's."""
    info = ZoneInfo(zone)
    return tuple((_FROM + timedelta(weeks=week)).astimezone(info).utcoffset() for week in range(_WEEKS))
