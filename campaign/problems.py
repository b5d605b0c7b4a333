"""Pydantic's complaints as problems that a person can act on. Values are never repeated."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import ValidationError

from campaign.errors import Problem

CLOCKS_DIFFER = timedelta(days=2)
"""How far ahead of ours another's clock, or its idea of a zone, may be. A year mistyped is more: an order of
2031 would be the customer's newest until then, and end every other campaign."""

_FIXES = {
    "model_type": ("is not an object", "send a JSON object"),
    "dict_type": ("is not an object", "send a JSON object"),
    "extra_forbidden": ("unknown field", "remove it, or check its spelling"),
    "missing": ("is missing", "add it"),
    "timezone_aware": ("has no time zone", 'write an offset, such as "2026-03-01T12:00:00Z"'),
    "datetime_from_date_parsing": ("is not a time", 'write one such as "2026-03-01T12:00:00Z"'),
    "datetime_parsing": ("is not a time", 'write one such as "2026-03-01T12:00:00Z"'),
    "greater_than_equal": ("is too small", "it must be at least {ge}"),
    "less_than_equal": ("is too large", "it must be at most {le}"),
    "too_long": ("has too many entries", "it may have {max_length} at most"),
    "too_short": ("has too few entries", "it must have {min_length} at least"),
    "string_too_long": ("is too long", "{max_length} characters at most"),
    "string_too_short": ("is too short", "{min_length} characters at least"),
    "string_pattern_mismatch": ("has a form that is not accepted", "it must match {pattern}"),
    "literal_error": ("is not one of the possible values", "write {expected}"),
    "enum": ("is not one of the possible values", "write {expected}"),
}


def time_problems(where: str, at: datetime, now: datetime) -> list[Problem]:
    """Say what is wrong with a time that should have passed: nothing, or that it is far in the future."""
    if at <= now + CLOCKS_DIFFER:
        return []
    return [Problem(where, "is more than two days in the future", "send the time at which it happened")]


def problems_of(error: ValidationError, where: str = "") -> list[Problem]:
    """List every complaint with its key path (``lines[3].quantity``), after ``where``."""
    return [
        _problem(dict(details), where) for details in error.errors(include_url=False, include_input=False)
    ]


def _problem(details: dict[str, object], where: str) -> Problem:
    location = details["loc"]
    path = key_path(location if isinstance(location, tuple) else ())
    kind, context = str(details["type"]), details.get("ctx")
    values = context if isinstance(context, dict) else {}
    if kind in _FIXES:
        what, fix = _FIXES[kind]
        return Problem(_join(where, path), what, fix.format(**values))
    text = str(details["msg"]).removeprefix("Value error, ")
    if not path:
        path, _, text = text.partition(": ")
    what, _, fix = text.partition(": ")
    return Problem(_join(where, path), what, fix)


def key_path(location: tuple[int | str, ...]) -> str:
    """Write a location as a person would: ``("lines", 3, "sku")`` -> ``lines[3].sku``."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _join(where: str, path: str) -> str:
    return ": ".join(part for part in (where, path) if part) or "input"
