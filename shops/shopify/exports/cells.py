"""The cells of Shopify's CSV files: column names that have changed, texts after an apostrophe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shops.values import text_of

Cells = Mapping[str, Any]

_LIMIT = 2_000


def cells_of(row: Mapping[str, Any]) -> Cells:
    """Return a row by lower-case column names."""
    return {name.strip().lower(): value for name, value in row.items() if isinstance(name, str)}


def cell(cells: Cells, *names: str) -> str | None:
    """Return the text below the first of the columns that has one.

    Shopify writes ids, phone numbers and postal codes after an apostrophe, lest a spreadsheet take them
    for numbers.
    """
    found = (text_of(value, _LIMIT) for name in names if (value := cells.get(name)))
    return next((text.removeprefix("'") for text in found if text and text != "'"), None)


def is_yes(text: str | None) -> bool:
    """Say whether a cell says yes."""
    return (text or "").lower() in {"yes", "true"}
