"""JSON from a file or standard input, one object or a list, checked whole before anything is done."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from campaign.errors import BadCustomer, BadInput, BadProduct, BadPurchase, Problem
from campaign.problems import problems_of
from campaign.times import future_problems
from campaign.wire import Contact, Product, Purchase, Wire
from starter import clock

W = TypeVar("W", bound=Wire)
STDIN = "-"
ERRORS: dict[type[Wire], type[BadInput]] = {Purchase: BadPurchase, Contact: BadCustomer, Product: BadProduct}


def read_all(model: type[W], source: str) -> list[W]:
    """Read one object or a list of them from a file, or from standard input for ``-``.

    Raises:
        BadInput: with every mistake by its key path; nothing is returned half.
    """
    return parse_all(model, _load(source))


def parse_all(model: type[W], data: Any, now: datetime | None = None) -> list[W]:
    """Check one object or a list of them; nothing may have happened after ``now`` (the clock's, if left out).

    Raises as `read_all`.
    """
    items, problems = [], []
    rows = data if isinstance(data, list) else [data]
    for number, row in enumerate(rows):
        where = f"[{number}]" if isinstance(data, list) else ""
        try:
            items.append(model.model_validate(row))
            problems += future_problems(items[-1], now or clock.now(), where)
        except ValidationError as error:
            problems += problems_of(error, where)
    problems += _repeated(items)
    if problems:
        raise error_of(model)(problems)
    return items


def error_of(model: Any) -> type[BadInput]:
    """Return the error for a model's problems."""
    return next((ERRORS[base] for base in getattr(model, "__mro__", ()) if base in ERRORS), BadInput)


def parse_field(kind: Any, name: str, value: Any) -> Any:
    """Check one value, such as a command's argument. Raises `BadInput` naming it."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise BadInput(problems_of(error, name)) from None


def _repeated(items: list[W]) -> list[Problem]:
    """The same order twice in one list is a mistake when the two differ."""
    seen: dict[str, W] = {}
    problems = []
    for item in items:
        identifier = getattr(item, "order_id", None)
        if identifier and seen.setdefault(identifier, item) != item:
            problems.append(
                Problem("order_id", f"{identifier} stands twice, with different data", "send it once")
            )
    return problems


def _load(source: str) -> Any:
    try:
        text = sys.stdin.read() if source == STDIN else Path(source).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise BadInput(
            [Problem(source, "cannot be read", "name a file of JSON text, or - for standard input")]
        ) from None
    place = "standard input" if source == STDIN else source
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(
            [Problem(f"{place}:{error.lineno}:{error.colno}", f"not JSON: {error.msg}", "correct it there")]
        ) from None
    except (ValueError, RecursionError):
        what = "not JSON that can be read: nested too deeply, or a number of thousands of digits"
        raise BadInput([Problem(place, what, "correct it")]) from None
