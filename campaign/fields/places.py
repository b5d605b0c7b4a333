"""Where somebody is, and what they speak: countries, time zones, languages."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global
from pydantic import AfterValidator

from campaign.problems import Form

# Read at import, with all of CLDR's global data: a workflow's sandbox may not open files.
# CLDR gives every country a zone but for the two where nobody lives, and adds some that are none.
_COUNTRIES = frozenset(get_global("zone_territories").values()) - {"ZZ", "001"} | {"BV", "HM", "XK"}


def _time_zone(value: str) -> str:
    """Refuse what is not an IANA zone.

    Raises:
        ValueError: no such zone.
    """
    if value not in _zones():
        msg = 'not an IANA time zone: write one such as "America/New_York"'
        raise ValueError(msg)
    ZoneInfo(value)
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _country(value: str) -> str:
    """Refuse what is no country in ISO 3166-1 (CLDR's list, by Babel).

    Raises:
        ValueError: no such country.
    """
    if value not in _COUNTRIES:
        msg = 'not a country of ISO 3166: write two capitals, such as "US"'
        raise ValueError(msg)
    return value


TimeZone = Annotated[str, AfterValidator(_time_zone)]
Country = Annotated[str, AfterValidator(_country)]
Language = Annotated[
    str, Form(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", 'write a language tag such as "en" or "pt-BR"')
]
