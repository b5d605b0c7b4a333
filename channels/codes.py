"""What a provider's code means for us, whichever provider it is; the tables stand in their folders."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

_REDIRECT, _SERVER_ERROR = 300, 500


class Outcome(StrEnum):
    """What a code means for the message, its address, or the whole channel."""

    OPTED_OUT = "opted_out"
    """The address is on the provider's opt-out list: suppress it, revoke the consent."""
    INVALID = "invalid"
    """The address can never receive: suppress it, the other channel may take over."""
    REFUSED = "refused"
    """This message is not accepted or was not delivered; the address may be good."""
    BUSY = "busy"
    """Not accepted now: wait as the answer says, then try again."""
    CONFIGURATION = "configuration"
    """Our account, key or sender is refused: stop the channel, not the messages one by one."""
    UNCERTAIN = "uncertain"
    """It may have been accepted: find out, never just send again."""


class Code(NamedTuple):
    """One entry: what to do, and what the provider means by it."""

    outcome: Outcome
    meaning: str


def classify(codes: Mapping[str, Code], code: str | int, status: int | None = None) -> Outcome:
    """Return what a code or HTTP status means, by a provider's table of ``codes``.

    ``status`` is the HTTP status of the answer that held the code, if there was one. A server error is
    uncertain whatever it says of itself: the request may have been carried out before it. A redirect
    is not followed and means a wrong API address. What nobody knows is a refusal of that message.
    """
    if status is not None and status >= _SERVER_ERROR:
        return Outcome.UNCERTAIN
    known = codes.get(str(code)) or codes.get(str(status))
    return known.outcome if known else _by_status(status if status is not None else code)


def _by_status(status: str | int) -> Outcome:
    """Sort what is not in the table by the class of its HTTP status; longer codes are refusals."""
    number = int(status) if str(status).isdigit() else 0
    if _REDIRECT <= number < _REDIRECT + 100:
        return Outcome.CONFIGURATION
    if _SERVER_ERROR <= number < _SERVER_ERROR + 100:
        return Outcome.UNCERTAIN
    return Outcome.REFUSED
