"""A provider's answer, and our error for one that is not a success."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from campaign.errors import (
    ChannelBusy,
    ChannelError,
    ChannelOptedOut,
    ChannelRefused,
    ChannelStopped,
    ChannelUncertain,
)
from channels.codes import Code, Outcome, classify

LONGEST_WAIT = timedelta(hours=1)
SHORTEST_WAIT = timedelta(seconds=1)


@dataclass(frozen=True)
class Answer:
    """A provider's whole answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Refusal(Exception):
    """An answer that is not a success. Never leaves this package, and has no text to leak."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__()
        self.answer = answer


def error_for(provider: str, codes: Mapping[str, Code], answer: Answer, now: datetime) -> ChannelError:
    """Return our error for an answer that is not a success, by the provider's table of codes."""
    code = _code(answer)
    outcome = classify(codes, code, answer.status)
    text = f"{provider} answered {code}"
    if outcome is Outcome.OPTED_OUT:
        return ChannelOptedOut(text, code)
    if outcome in (Outcome.INVALID, Outcome.REFUSED):
        return ChannelRefused(text, code, invalid_address=outcome is Outcome.INVALID)
    if outcome is Outcome.CONFIGURATION:
        return ChannelStopped(text, code)
    if outcome is Outcome.BUSY:
        return ChannelBusy(text, retry_after(answer.headers, now))
    return ChannelUncertain(text)


def _code(answer: Answer) -> str:
    """Return the provider's own number for an error; the HTTP status where it gives none."""
    try:
        code = json.loads(answer.body)["code"]
    except (ValueError, TypeError, KeyError):
        return str(answer.status)
    return str(code) if isinstance(code, int) else str(answer.status)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return the wait that an answer names, between a second and an hour; None if it does not say.

    `Retry-After` (RFC 9110, 10.2.3) is seconds or a date; SendGrid's `X-RateLimit-Reset` the Unix time at
    which its window begins anew. Times are compared with the answer's own `Date`: clocks need not agree.
    """
    try:
        wait = _named_wait(headers, _date(headers.get("Date", "")) or now)
    except OverflowError:
        wait = LONGEST_WAIT
    return None if wait is None else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def _named_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    after, reset = headers.get("Retry-After", "").strip(), headers.get("X-RateLimit-Reset", "").strip()
    if after.isdecimal():
        return timedelta(seconds=int(after))
    if at := _date(after):
        return at - now
    return timedelta(seconds=int(reset) - now.timestamp()) if reset.isdecimal() else None


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
