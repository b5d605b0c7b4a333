"""Whether a kept payload of a shop speaks of a person: by address, number or customer id.

An address or a number is one wherever it stands. An id is a customer's only in the place of one: a shop's ids
are small numbers, and seven mugs are not customer 7.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from campaign.reasons import Channel
from intake.person.persons import Person
from storage.tables import InboxRow

_Place = tuple[str, str]
"""The name of a value, after that of the object that it is in."""
_CUSTOMER: frozenset[_Place] = frozenset({("customer", "id"), ("", "customer_id")})
_PARTS = 4
_FEWEST_DIGITS = 7
"""So many digits at the end make a phone number the same, however it is written."""


def speaks_of(row: InboxRow, person: Person) -> bool:
    """Return whether the payload names the person anywhere."""
    emails = [_whole(address) for channel, address in person.addresses if channel is Channel.EMAIL]
    numbers = {_digits(address) for channel, address in person.addresses if channel is Channel.SMS}
    return any(
        (place in _CUSTOMER and text in person.customer_ids)
        or any(email.search(text) for email in emails)
        or any(_same_number(number, text) for number in numbers)
        for place, text in _texts(_payload(row.body or ""))
    )


def _whole(email: str) -> re.Pattern[str]:
    """Match the address, and none that ends or begins like it."""
    return re.compile(rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)", re.IGNORECASE)


def _payload(body: str) -> dict[str, Any]:
    """Read a kept request (`intake.shop.events`): its own text is JSON once more."""
    parts = _json(body)
    if not isinstance(parts, list) or len(parts) != _PARTS:
        return {"": parts}
    return {"customer" if str(parts[1]).startswith("customer") else "": _json(parts[-1])}


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text


def _texts(value: Any) -> Iterator[tuple[_Place, str]]:
    """Give every text and number with its place; what nests deeper than Python walks is one text."""
    waiting: list[tuple[_Place, Any]] = [(("", ""), value)]
    while waiting:
        (parent, name), one = waiting.pop()
        if isinstance(one, dict):
            waiting += [((name, key), inner) for key, inner in one.items()]
            waiting += [(("", ""), key) for key in one]
        elif isinstance(one, list):
            waiting += [((parent, name), inner) for inner in one]
        elif one is not None:
            yield (parent if name != "customer_id" else "", name), str(one)


def _same_number(number: str, text: str) -> bool:
    digits = _digits(text)
    return len(digits) >= _FEWEST_DIGITS and (number.endswith(digits.lstrip("0")) or number in digits)


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
