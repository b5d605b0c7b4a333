"""A customer's text message as Twilio passes it on, and what Twilio has answered by itself.

Source: www.twilio.com/docs/messaging/guides/webhook-request, and Twilio's help centre on its default
opt-out handling (support for opt-out keywords).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

STOPS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
STARTS = frozenset({"start", "unstop"})
HELPS = frozenset({"help", "info"})
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True)
class Inbound:
    """One message. ``sender`` is E.164, or None where it is no number that could be answered.

    ``opt_out_type`` is what Twilio's Advanced Opt-Out has made of it: STOP, START, HELP, or None.
    """

    sender: str | None
    body: str
    opt_out_type: str | None


def inbound_of(params: Mapping[str, str]) -> Inbound:
    """Read the parameters of an inbound message."""
    sender = params.get("From", "")
    return Inbound(
        sender=sender if _NUMBER.fullmatch(sender) else None,
        body=params.get("Body", "").replace("\x00", ""),
        opt_out_type=params.get("OptOutType", "").upper() or None,
    )


def is_answered_by_default(text: str) -> bool:
    """Return whether Twilio's default opt-out handling answers the message: one word, as it stands."""
    return text.strip().lower() in STOPS | STARTS | HELPS
