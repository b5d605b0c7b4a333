"""Money, dates and numbers as the people of a language and country write them (CLDR, by Babel)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from campaign.languages.tags import locale_of

DateLength = Literal["short", "medium", "long", "full"]


def money(tag: str, amount: Decimal, currency: str) -> str:
    """Write an amount: ``$19.90``, ``19,90 €``."""
    return format_currency(amount, currency, locale=locale_of(tag))


def day(tag: str, value: datetime, length: DateLength = "long") -> str:
    """Write a date: ``March 5, 2026``, ``5. März 2026``."""
    return format_date(value, length, locale=locale_of(tag))


def number(tag: str, value: Decimal | float) -> str:
    """Write a number: ``4.8``, ``4,8``, ``2,140``."""
    return format_decimal(value, locale=locale_of(tag))
