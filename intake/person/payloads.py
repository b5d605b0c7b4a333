"""Whether a kept payload of a shop speaks of a person: by address, number or customer id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from campaign.reasons import Channel
from intake.person.persons import Person
from storage.tables import InboxRow

_FEWEST_DIGITS = 7
"""So many digits at the end make a phone number the same, however it is written."""


def speaks_of(row: InboxRow, person: Person) -> bool:
    """Return whether the payload names the person anywhere."""
    emails = {address for channel, address in person.addresses if channel is Channel.EMAIL}
    numbers = {_digits(address) for channel, address in person.addresses if channel is Channel.SMS}
    return any(
        text.strip().lower() in emails
        or text in person.customer_ids
        or any(email in text.lower() for email in emails)
        or any(_same_number(number, text) for number in numbers)
        for text in _texts(_payload(row.body or ""))
    )


def _payload(body: str) -> Any:
    """Read a kept request (`intake.shop.events`): its own text is JSON once more."""
    parts = _json(body)
    return [*parts[:-1], _json(parts[-1])] if isinstance(parts, list) and parts else parts


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text


def _texts(value: Any) -> Iterator[str]:
    """Give every text and number in a payload; what nests deeper than Python walks is one text."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif one is not None:
            yield str(one)


def _same_number(number: str, text: str) -> bool:
    digits = _digits(text)
    return len(digits) >= _FEWEST_DIGITS and (number.endswith(digits.lstrip("0")) or number in digits)


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
