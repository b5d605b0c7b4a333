"""Timelines as lines of text: at most 80 columns, times in the customer's zone."""

from __future__ import annotations

import textwrap
from datetime import datetime
from zoneinfo import ZoneInfo

WIDTH = 80


def day(value: datetime | None, zone: ZoneInfo) -> str:
    """Write a time for people, where the customer is."""
    return f"{value.astimezone(zone):%a %d %b %Y %H:%M}" if value else "-"


def wrapped(text: str, indent: int, hanging: int = 4) -> list[str]:
    """Break a line into several; those after the first stand further in."""
    first, rest = " " * indent, " " * (indent + hanging)
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
