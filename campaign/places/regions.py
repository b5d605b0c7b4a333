"""Where an address or a number may lie: states and provinces, and the time zones they can have.

The tables are ``campaign/places/data/regions.toml`` for the USA and Canada (its sources stand in it), CLDR's
zones of a country by Babel, and libphonenumber's zones of a number everywhere else.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import phonenumbers
from babel.core import get_global
from phonenumbers.timezone import time_zones_for_number

Zones = tuple[str, ...]
TABLED = ("US", "CA")
#: The country codes of territories that are states of the table, so that federal law is theirs too.
TERRITORIES = ("PR", "VI", "GU", "MP", "AS")
_LONGEST_POSTAL = 5
_NANP = 1
_MANY = 12


@dataclass(frozen=True)
class Region:
    """A state or province, with all the zones that it lies in."""

    country: str
    code: str
    name: str
    zones: Zones


@dataclass(frozen=True)
class Found:
    """What a source says: the regions and the zones that are possible by it (both may be empty)."""

    zones: Zones = ()
    regions: tuple[Region, ...] = ()
    country: str | None = None


@dataclass(frozen=True)
class _Tables:
    regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    postal: dict[tuple[str, str], list[tuple[Region, Zones]]] = field(default_factory=dict)
    area_codes: dict[str, list[tuple[Region, Zones]]] = field(default_factory=dict)


def data_file(name: str) -> dict[str, Any]:
    """Read a table that ships with the rules (``campaign/places/data``)."""
    return tomllib.loads(files("campaign.places").joinpath("data", name).read_text("utf-8"))


@cache
def _tables() -> _Tables:
    tables, raw = _Tables(), data_file("regions.toml")
    for country in TABLED:
        for code, row in raw[country].items():
            region = Region(country, code, row["name"], tuple(row["zones"]))
            tables.regions[country, code] = region
            _enter(tables, region, row, region.zones, add=True)
            for zone, finer in row.get("finer", {}).items():
                _enter(tables, region, finer, (zone,), add=False)
    return tables


def _enter(tables: _Tables, region: Region, row: dict[str, Any], zones: Zones, *, add: bool) -> None:
    """Enter a row's codes. A code of several regions keeps all; ``finer`` (not add) replaces its own."""
    for prefix in expand(row.get("postal", "")):
        tables.postal.setdefault((region.country, prefix), [])
        _put(tables.postal[region.country, prefix], region, zones, add=add)
    for code in expand(row.get("area_codes", "")):
        _put(tables.area_codes.setdefault(code, []), region, zones, add=add)


def _put(entries: list[tuple[Region, Zones]], region: Region, zones: Zones, *, add: bool) -> None:
    if not add:
        entries[:] = [entry for entry in entries if entry[0] != region]
    entries.append((region, zones))


def expand(codes: str) -> Iterator[str]:
    """Write out ``"320-322 325"``: numbers keep their leading zeros."""
    for part in codes.split():
        first, _, last = part.partition("-")
        if not last:
            yield first
            continue
        yield from (str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))


def region_named(country: str, name: str | None) -> Region | None:
    """Return a state or province by its code (``FL``, ``US-FL``) or its name, in any case, accents or not."""
    letters = unicodedata.normalize("NFKD", name or "")
    spelled = "".join(char for char in letters if not unicodedata.combining(char)).strip().casefold()
    wanted = spelled.removeprefix(f"{country.casefold()}-")
    known = (region for (of, _), region in _tables().regions.items() if of == country)
    return next((r for r in known if wanted in (r.code.casefold(), r.name.casefold())), None)


@lru_cache(maxsize=4096)
def by_postal_code(country: str, postal_code: str) -> Found:
    """Return what the longest known start of a postal code says (USA and Canada)."""
    code = postal_code.strip().upper().replace(" ", "")
    if country == "US" and not (code[:5].isdecimal() and len(code) in (5, 9, 10)):
        return Found()
    for length in range(_LONGEST_POSTAL, 0, -1):
        entries = _tables().postal.get((country, code[:length]))
        if entries:
            return _found(entries)
    return Found()


@lru_cache(maxsize=4096)
def by_number(phone: str) -> Found:
    """Return what a number (E.164) says by its area code or its country's plan.

    Numbers of no place, such as +1 800, say nothing but their country.
    """
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return Found()
    entries = _area_code(number)
    if entries:
        return _found(entries)
    country = phonenumbers.region_code_for_number(number)
    names = tuple(zone for zone in time_zones_for_number(number) if zone != "Etc/Unknown")
    if number.country_code == _NANP and (country in (None, *TABLED) and len(names) > _MANY):
        return Found(country=country)
    if not names or len(names) > _MANY:
        names = zones_of_country(country or "")
    return Found(names, country=country)


def _area_code(number: phonenumbers.PhoneNumber) -> list[tuple[Region, Zones]] | None:
    if number.country_code != _NANP:
        return None
    return _tables().area_codes.get(str(number.national_number)[:3])


def _found(entries: Iterable[tuple[Region, Zones]]) -> Found:
    pairs = list(entries)
    zones = dict.fromkeys(zone for _, possible in pairs for zone in possible)
    regions = tuple(dict.fromkeys(region for region, _ in pairs))
    return Found(tuple(zones), regions, regions[0].country)


def zones_of_country(country: str) -> Zones:
    """Return all zones of a country (CLDR), or none for an unknown one."""
    return _country_zones().get(country, ())


@cache
def _country_zones() -> dict[str, Zones]:
    zones: dict[str, list[str]] = {}
    for zone, territory in get_global("zone_territories").items():
        zones.setdefault(territory, []).append(zone)
    return {territory: tuple(names) for territory, names in zones.items()}
