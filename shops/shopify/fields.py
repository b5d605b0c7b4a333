"""How Shopify writes things: nulls for objects, times with an offset, money in two currencies, tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from campaign.errors import BadInput, Problem
from campaign.fields.times import EARLIEST, TOO_LATE
from shops.values import amount_of, currency_of, text_of

Json = Mapping[str, Any]

_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")
_FIX = "send the body as Shopify does"


def object_of(value: Any) -> Json:
    """Return an object; an empty one for null and whatever else is none."""
    return value if isinstance(value, dict) else {}


def objects_of(value: Any) -> list[Json]:
    """Return the objects of a list; none for null and whatever else is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def code_of(value: Any) -> str | None:
    """Return a code in lower case; None where there is none."""
    text = text_of(value)
    return text.lower() if text else None


def time_of(*values: Any) -> datetime | None:
    """Return the first of the values that is a time, in UTC. Exports write ``2026-03-01 12:00:00 -0500``."""
    return next((at for value in values if (at := _time(value))), None)


def _time(value: Any) -> datetime | None:
    text = _OFFSET.sub("", value.strip()).replace(" UTC", "+00:00") if isinstance(value, str) else ""
    try:
        found = datetime.fromisoformat(text)
        at = found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return at if at and EARLIEST <= at < TOO_LATE else None


def shop_money(item: Json, name: str) -> Decimal | None:
    """Return an amount in the shop's own currency: ``<name>_set.shop_money``, else the plain field.

    The other amount, ``presentment_money``, is in the currency that the customer saw and paid. The
    shop's is taken everywhere: the catalogue and `min_lifetime_value` are in it, and sums of several
    orders have one currency.
    """
    amount = amount_of(object_of(object_of(item.get(f"{name}_set")).get("shop_money")).get("amount"))
    return amount if amount is not None else amount_of(item.get(name))


def shop_currency(item: Json, *names: str) -> str | None:
    """Return the shop's currency as one of an object's amounts has it."""
    sets = (object_of(object_of(item.get(f"{name}_set")).get("shop_money")) for name in names)
    return next((code for money in sets if (code := currency_of(money.get("currency_code")))), None)


def tags_of(value: Any) -> list[str]:
    """Return tags: Shopify writes them as one text with commas."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    found = [tag for part in parts if (tag := text_of(part))]
    return list(dict.fromkeys(found))


def missing(*, name: str, what: str = "is missing, or cannot be read", fix: str = _FIX) -> BadInput:
    """Return the error for a field without which a body says nothing."""
    return BadInput([Problem(name, what, fix)])
