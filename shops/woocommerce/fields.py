"""How WooCommerce writes things: PHP's arrays, dates without an offset, HTML in names, plugins' fields."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from campaign.fields.times import EARLIEST, TOO_LATE
from shops.values import text_of

Json = Mapping[str, Any]


def object_of(value: Any) -> Json:
    """Return an object; PHP writes an empty one as a list."""
    return value if isinstance(value, dict) else {}


def objects_of(value: Any) -> list[Json]:
    """Return a list of objects; PHP writes one with gaps in its numbering as an object."""
    entries: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, Iterable) else []


def words_of(value: Any, limit: int = 200) -> str | None:
    """Return a text as people read it: WordPress keeps `&` in names as `&amp;`, now and then twice."""
    text = text_of(value, 4 * limit)
    return text_of(html.unescape(html.unescape(text)), limit) if text else None


def meta_of(item: Json) -> dict[str, Any]:
    """Return what plugins keep with something, by key; a key of several entries has its last."""
    entries = objects_of(item.get("meta_data"))
    return {key: entry.get("value") for entry in entries if isinstance(key := entry.get("key"), str)}


def code_of(value: Any) -> str:
    """Return a code of a plugin's or a shop's, in lower case; an empty one where there is none."""
    return (text_of(value) or "").lower()


def time_of(item: Json, name: str, zone: str) -> datetime | None:
    """Return a time: ``<name>_gmt``, which is UTC, else the shop's local one; None for what is no time."""
    return parse_time(item.get(f"{name}_gmt"), "UTC") or parse_time(item.get(name), zone)


def parse_time(value: Any, zone: str) -> datetime | None:
    """Return a time in UTC; one without an offset is in ``zone``. Placeholders such as year 0 are none."""
    try:
        found = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        at = found and (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at and EARLIEST <= at < TOO_LATE else None
