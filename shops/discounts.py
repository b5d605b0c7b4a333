"""The discount codes that an order was placed with, as both shop systems name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from campaign.wire import MAX_CODES, DiscountCode
from shops.values import amount_of, text_of


def codes_of(entries: Iterable[Mapping[str, Any]], amount: str) -> list[DiscountCode]:
    """Return the codes of an order; ``amount`` names what each took off. What is no code is left out."""
    found = [(text_of(entry.get("code")), amount_of(entry.get(amount))) for entry in entries]
    return [
        DiscountCode.model_construct(code=code, amount=None if taken is None else abs(taken))
        for code, taken in found
        if code
    ][:MAX_CODES]
