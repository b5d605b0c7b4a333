"""Money, dates and numbers as the people of a language and country write them (CLDR, by Babel)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from campaign.languages.tags import locale_of

DateLength = Literal["short", "medium", "long", "full"]


# A shop's prices, ratings and days come again and again, and CLDR's patterns take long to apply.
_KEPT = 4_096


@lru_cache(maxsize=_KEPT)
def money(tag: str, amount: Decimal, currency: str) -> str:
    """Write an amount: ``$19.90``, ``19,90 €``."""
    return format_currency(amount, currency, locale=locale_of(tag))


def day(tag: str, value: datetime, length: DateLength = "long") -> str:
    """Write a date: ``March 5, 2026``, ``5. März 2026``."""
    return _day(tag, value.date(), length)


@lru_cache(maxsize=_KEPT)
def _day(tag: str, value: date, length: DateLength) -> str:
    return format_date(value, length, locale=locale_of(tag))


@lru_cache(maxsize=_KEPT)
def number(tag: str, value: Decimal | float) -> str:
    """Write a number: ``4.8``, ``4,8``, ``2,140``."""
    return format_decimal(value, locale=locale_of(tag))
