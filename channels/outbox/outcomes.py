"""Addresses and numbers to try Afterglow with: what the outbox does with a message to each of them.

``bounced@outbox.test``, or ``bounced+anything@outbox.test``: the top-level domain ``test`` is reserved for
testing (RFC 6761, 6.2). Numbers end in 555-0150 to 555-0161, with any area code of North America: 555-0100 to
555-0199 are kept free of subscribers, for fiction (en.wikipedia.org/wiki/555_(telephone_number)). No
provider's channel looks at them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from campaign.delivery import ProviderEvent
from campaign.reasons import Channel

DOMAIN = "outbox.test"
_NUMBER = re.compile(r"\+1[2-9]\d{2}5550(1\d\d)")


class OnSend(StrEnum):
    """What the outbox answers when a message is handed to it."""

    ACCEPTS = "accepts"
    BUSY_ONCE = "busy_once"
    """It wants a pause of two seconds, then accepts."""
    LOSES_REPLY = "loses_reply"
    """It accepts, but its answer is lost: it is found when the message is looked up."""
    NEVER_KNOWN = "never_known"
    """Its answer is lost, and nobody will know what became of the message."""
    REFUSES = "refuses"
    INVALID = "invalid"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True)
class Outcome:
    """What the outbox answers, what it reports afterwards, and what the customer texts back."""

    on_send: OnSend = OnSend.ACCEPTS
    reports: tuple[ProviderEvent, ...] = ()
    reply: str | None = None


_DELIVERED = (ProviderEvent.DELIVERED,)
_BOTH = {
    "delivered": Outcome(reports=_DELIVERED),
    "busy": Outcome(OnSend.BUSY_ONCE, _DELIVERED),
    "found": Outcome(OnSend.LOSES_REPLY, _DELIVERED),
    "lost": Outcome(OnSend.NEVER_KNOWN),
    "refused": Outcome(OnSend.REFUSES),
    "invalid": Outcome(OnSend.INVALID),
}
EMAILS: dict[str, Outcome] = {
    **_BOTH,
    "bounced": Outcome(reports=(ProviderEvent.BOUNCED,)),
    "blocked": Outcome(reports=(ProviderEvent.BLOCKED,)),
    "complained": Outcome(reports=(ProviderEvent.DELIVERED, ProviderEvent.SPAM)),
    "unsubscribed": Outcome(reports=(ProviderEvent.DELIVERED, ProviderEvent.UNSUBSCRIBED)),
}
"""By the part of the address before its ``+`` or ``@``."""
NUMBERS: dict[str, Outcome] = {
    "150": _BOTH["delivered"],
    "151": Outcome(reports=(ProviderEvent.INVALID,)),
    "152": Outcome(reports=(ProviderEvent.UNDELIVERED,)),
    "153": _BOTH["busy"],
    "154": _BOTH["lost"],
    "155": _BOTH["found"],
    "156": _BOTH["refused"],
    "157": _BOTH["invalid"],
    "158": Outcome(OnSend.OPTED_OUT),
    "160": Outcome(reports=_DELIVERED, reply="STOP"),
    "161": Outcome(reports=_DELIVERED, reply="YES"),
}
"""By the last three digits."""


def outcome_of(channel: Channel, address: str) -> Outcome | None:
    """Return what happens to a message to an address; None for every ordinary one."""
    if channel is Channel.SMS:
        number = _NUMBER.fullmatch(address)
        return NUMBERS.get(number[1]) if number else None
    name, _, domain = address.lower().rpartition("@")
    return EMAILS.get(name.partition("+")[0]) if domain == DOMAIN else None
