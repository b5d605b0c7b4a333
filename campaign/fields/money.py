"""Amounts and currencies. An amount is a decimal string, never a float."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from babel.core import get_global
from pydantic import AfterValidator, BeforeValidator, PlainSerializer

# Read at import, with all of CLDR's global data: a workflow's sandbox may not open files.
_CURRENCIES = frozenset(get_global("all_currencies"))


def _money(value: Any) -> Any:
    """Accept a decimal string only: a JSON float has lost cents before it gets here.

    Raises:
        ValueError: not a decimal string, negative, or absurdly large.
    """
    if isinstance(value, Decimal):
        amount = value
    elif isinstance(value, str) and re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", value):
        amount = Decimal(value)
    else:
        msg = f'write the amount as a decimal string, such as "19.90"{_fix(value)}'
        raise ValueError(msg)
    if not amount.is_finite() or amount < 0:
        msg = "must not be negative: write 0 or more"
        raise ValueError(msg)
    return amount


def _fix(value: Any) -> str:
    """Say what to change, where that is plain; never what was written."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ": put it in quotes"
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,12},\d{1,4}", value):
        return ": write a point, not a comma"
    if isinstance(value, str) and re.fullmatch(
        r"\D{1,4}\d{1,12}([.,]\d{1,4})?|\d{1,12}([.,]\d{1,4})?\D{1,4}", value
    ):
        return ": write it without the currency"
    return ""


def _write_money(value: Decimal) -> str:
    return f"{value:f}"


def _currency(value: str) -> str:
    """Refuse what is not a current or former ISO 4217 code (the list is CLDR's, by Babel).

    Raises:
        ValueError: no such currency.
    """
    if value not in _CURRENCIES:
        msg = 'not an ISO 4217 currency code: write three capitals, such as "USD"'
        raise ValueError(msg)
    return value


Money = Annotated[
    Decimal,
    BeforeValidator(_money, json_schema_input_type=str),
    PlainSerializer(_write_money, return_type=str),
]
CurrencyCode = Annotated[str, AfterValidator(_currency)]
