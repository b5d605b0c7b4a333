"""Public holidays, by country and region. The days are the data of python-holidays, with its sources.

Read once for each country, region and year: a decision looks a day up in a set.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache

import holidays

Calendar = tuple[str, str | None]
"""A country (ISO 3166-1), and a region by code or name; None for what holds in the whole country."""


def is_public_holiday(day: date, calendars: Iterable[Calendar]) -> bool:
    """Return whether a day is a public holiday by any of the calendars, also one that is observed on it."""
    return any(day in holidays_of(country, region, day.year) for country, region in calendars)


@lru_cache(maxsize=4096)
def holidays_of(country: str, region: str | None, year: int) -> frozenset[date]:
    """Return a year's public holidays; of an unknown region the country's, of an unknown country none."""
    try:
        found = holidays.country_holidays(country, subdiv=_code(country, region), years=year)
    except NotImplementedError:
        return frozenset()
    return frozenset(found)


@cache
def _code(country: str, region: str | None) -> str | None:
    """Return the library's code of a region, of its code (``BY``, ``DE-BY``) or name, in any case."""
    if region is None:
        return None
    known = holidays.country_holidays(country)
    wanted = region.strip().casefold().removeprefix(f"{country.casefold()}-")
    names = {code.casefold(): code for code in known.subdivisions}
    names |= {name.casefold(): code for name, code in known.subdivisions_aliases.items()}
    return names.get(wanted)
