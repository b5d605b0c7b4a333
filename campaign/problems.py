"""Pydantic's complaints as problems that a person can act on. Values are never repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from campaign.errors import Problem

CLOCKS_DIFFER = timedelta(days=2)
"""How far ahead of ours another's clock, or its idea of a zone, may be. A year mistyped is more: an order of
2031 would be the customer's newest until then, and end every other campaign."""

_NO_OBJECT = ("is not an object", "send a JSON object")
_NO_LIST = ("is not a list", "write it in square brackets")
_NO_TEXT = ("is not a text", "write it in quotes")
_NO_WHOLE_NUMBER = ("is not a whole number", "write it without quotes and decimals")
_NO_NUMBER = ("is not a number", "write it without quotes")
_NO_TIME_OF_DAY = ("is not a time of day", "write one such as 08:00:00")
_NO_TIME = ("is not a time", 'write one such as "2026-03-01T12:00:00Z"')
_NO_CHOICE = ("is not one of the possible values", "write {expected}")
_NO_BOOLEAN = ("is not true or false", "write true or false")
UNKNOWN_FIELD = "unknown field"
_FIXES = {
    "model_type": _NO_OBJECT,
    "model_attributes_type": _NO_OBJECT,
    "dict_type": _NO_OBJECT,
    "list_type": _NO_LIST,
    "tuple_type": _NO_LIST,
    "extra_forbidden": (UNKNOWN_FIELD, "remove it, or check its spelling"),
    "missing": ("is missing", "add it"),
    "string_type": _NO_TEXT,
    "string_unicode": ("has characters that are none", "send UTF-8 text"),
    "int_type": _NO_WHOLE_NUMBER,
    "int_parsing": _NO_WHOLE_NUMBER,
    "int_parsing_size": ("is too large", "write a smaller number"),
    "int_from_float": _NO_WHOLE_NUMBER,
    "float_type": _NO_NUMBER,
    "float_parsing": _NO_NUMBER,
    "decimal_type": _NO_NUMBER,
    "decimal_parsing": _NO_NUMBER,
    "finite_number": _NO_NUMBER,
    "bool_type": _NO_BOOLEAN,
    "bool_parsing": _NO_BOOLEAN,
    "timezone_aware": ("has no time zone", 'write an offset, such as "2026-03-01T12:00:00Z"'),
    "time_type": _NO_TIME_OF_DAY,
    "time_parsing": _NO_TIME_OF_DAY,
    "datetime_type": _NO_TIME,
    "datetime_parsing": _NO_TIME,
    "datetime_object_invalid": _NO_TIME,
    "datetime_from_date_parsing": _NO_TIME,
    "greater_than": ("is too small", "it must be more than {gt}"),
    "greater_than_equal": ("is too small", "it must be at least {ge}"),
    "less_than": ("is too large", "it must be less than {lt}"),
    "less_than_equal": ("is too large", "it must be at most {le}"),
    "too_long": ("has too many entries", "it may have {max_length} at most"),
    "too_short": ("has too few entries", "it must have {min_length} at least"),
    "string_too_long": ("is too long", "{max_length} characters at most"),
    "string_too_short": ("is too short", "{min_length} characters at least"),
    "literal_error": _NO_CHOICE,
    "enum": _NO_CHOICE,
}
_KEY_PATH = re.compile(r"[\w.\[\]-]+")
"""What a check of a whole object begins its complaint with: one of a single value has words there."""
_OTHER = ("is not of the kind that is wanted here", "see its description in the docs")


@dataclass(frozen=True)
class Form:
    """What a text must look like, with the words for one that does not: nobody is answered with a pattern.

    ``pattern`` is a regular expression for the whole text, and stands in the JSON Schema; ``fix`` says what
    to write.
    """

    pattern: str
    fix: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after the text's own constraints."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add the pattern."""
        return {**handler(schema), "pattern": self.pattern}

    def _check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            msg = f"has a form that is not accepted: {self.fix}"
            raise ValueError(msg)
        return value


def time_problems(where: str, at: datetime, now: datetime) -> list[Problem]:
    """Say what is wrong with a time that should have passed: nothing, or that it is far in the future."""
    if at <= now + CLOCKS_DIFFER:
        return []
    return [Problem(where, "is more than two days in the future", "send the time at which it happened")]


def problems_of(error: ValidationError, where: str = "") -> list[Problem]:
    """List every complaint with its key path (``lines[3].quantity``), after ``where``."""
    return problems_in(error.errors(include_url=False, include_input=False), where)


def problems_in(details: Sequence[Mapping[str, Any]], where: str = "") -> list[Problem]:
    """List complaints as pydantic has them (``ValidationError.errors()``), none in its own words."""
    return [_problem(detail, where) for detail in details]


def _problem(detail: Mapping[str, Any], where: str) -> Problem:
    path, kind = key_path(tuple(detail["loc"])), str(detail["type"])
    if kind not in ("value_error", "assertion_error"):
        what, fix = _FIXES.get(kind, _OTHER)
        return Problem(_join(where, path), what, fix.format(**detail.get("ctx", {})))
    text = str(detail["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    named, _, rest = text.partition(": ")
    if not path and _KEY_PATH.fullmatch(named):
        path, text = named, rest
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
