"""Durations as people write them: ``"30 days"``, ``"4 hours"``, ``"1 day 12 hours"``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_PART = r"\d+(?:\.\d+)?\s*(?:minute|hour|day|week)s?"
PATTERN = rf"^\s*{_PART}(?:(?:\s*,\s*|\s+and\s+|\s+){_PART})*\s*$"
_PARTS = re.compile(r"(\d+(?:\.\d+)?)\s*(minute|hour|day|week)s?")


def parse_duration(value: Any) -> timedelta:
    """Read a duration written for people.

    Raises:
        ValueError: the text is not a number with minutes, hours, days or weeks.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not re.match(PATTERN, value):
        msg = 'not a duration: write a number and a unit, such as "30 days" or "4 hours"'
        raise ValueError(msg)
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(value)))


def format_duration(value: timedelta) -> str:
    """Write a duration so that `parse_duration` reads back the same one (to the second)."""
    left = int(value.total_seconds())
    parts = []
    for unit in ("day", "hour", "minute"):
        number, left = divmod(left, _SECONDS[unit])
        if number:
            parts.append(f"{number} {unit}{'s' if number != 1 else ''}")
    return " ".join(parts) or "0 minutes"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["30 days", "4 hours"]}),
]
