"""What providers tell about messages, as one closed set, and what follows from it.

The state of a message is a function of its own last settled state and the set of what its provider
has told: order, doubles and early arrival (before our own commit) cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from campaign.facts import MessageState
from campaign.provider_codes import TWILIO, Outcome, classify
from campaign.reasons import Reason


class ProviderEvent(StrEnum):
    """What a provider tells about one message, whichever provider it is."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    SPAM = "spam"
    UNDELIVERED = "undelivered"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    BOUNCED = "bounced"
    INVALID = "invalid"
    OPTED_OUT = "opted_out"
    COMPLAINED = "complained"
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True)
class Effect:
    """What follows: ``failed``: it did not reach the customer (else the provider had it at least).

    ``suppress`` is the reason for which the address is not written to any more; ``revoke``: the customer
    has taken the consent for the channel back; ``stop``: it is our own configuration that is refused.
    """

    failed: bool = False
    suppress: str | None = None
    revoke: bool = False
    stop: bool = False


HAD_IT = Effect()
FAILED = Effect(failed=True)

EFFECTS: dict[ProviderEvent, Effect] = {
    ProviderEvent.ACCEPTED: HAD_IT,
    ProviderEvent.DEFERRED: HAD_IT,
    ProviderEvent.DELIVERED: HAD_IT,
    ProviderEvent.OPENED: HAD_IT,
    ProviderEvent.CLICKED: HAD_IT,
    ProviderEvent.UNSUBSCRIBED: Effect(revoke=True),
    ProviderEvent.SPAM: Effect(suppress="spam", revoke=True),
    ProviderEvent.UNDELIVERED: FAILED,
    ProviderEvent.BLOCKED: FAILED,
    ProviderEvent.DROPPED: FAILED,
    ProviderEvent.BOUNCED: Effect(failed=True, suppress="bounced"),
    ProviderEvent.INVALID: Effect(failed=True, suppress="invalid"),
    ProviderEvent.OPTED_OUT: Effect(failed=True, revoke=True),
    ProviderEvent.COMPLAINED: Effect(failed=True, suppress="spam", revoke=True),
    ProviderEvent.MISCONFIGURED: Effect(failed=True, stop=True),
}

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
TWILIO_STATUSES: dict[str, ProviderEvent] = {
    "accepted": ProviderEvent.ACCEPTED,
    "scheduled": ProviderEvent.ACCEPTED,
    "queued": ProviderEvent.ACCEPTED,
    "sending": ProviderEvent.ACCEPTED,
    "sent": ProviderEvent.ACCEPTED,
    "delivered": ProviderEvent.DELIVERED,
    "partially_delivered": ProviderEvent.DELIVERED,
    "read": ProviderEvent.OPENED,
    "undelivered": ProviderEvent.UNDELIVERED,
    "failed": ProviderEvent.UNDELIVERED,
    "canceled": ProviderEvent.DROPPED,
}

# Why it was undelivered: see `campaign.provider_codes`. What is not here says nothing against the number.
_OF_OUTCOME: dict[Outcome, ProviderEvent] = {
    Outcome.INVALID: ProviderEvent.INVALID,
    Outcome.OPTED_OUT: ProviderEvent.OPTED_OUT,
    Outcome.CONFIGURATION: ProviderEvent.MISCONFIGURED,
}
_TWILIO_BLOCKED = ("30004", "30007", "30450")

# https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
SENDGRID_EVENTS: dict[str, ProviderEvent] = {
    "processed": ProviderEvent.ACCEPTED,
    "deferred": ProviderEvent.DEFERRED,
    "delivered": ProviderEvent.DELIVERED,
    "open": ProviderEvent.OPENED,
    "click": ProviderEvent.CLICKED,
    "unsubscribe": ProviderEvent.UNSUBSCRIBED,
    "group_unsubscribe": ProviderEvent.UNSUBSCRIBED,
    "spamreport": ProviderEvent.SPAM,
    "bounce": ProviderEvent.BOUNCED,
    "dropped": ProviderEvent.DROPPED,
}

# A drop is about something that happened before: its reason says what.
SENDGRID_DROPS: dict[str, ProviderEvent] = {
    "bounced address": ProviderEvent.BOUNCED,
    "invalid": ProviderEvent.INVALID,
    "unsubscribed address": ProviderEvent.OPTED_OUT,
    "spam reporting address": ProviderEvent.COMPLAINED,
}
SENDGRID_INVALID = "invalid address"
SENDGRID_BLOCKED = "blocked"


def twilio_event(status: str, code: str | None) -> ProviderEvent | None:
    """Return what a Twilio ``MessageStatus`` with its ``ErrorCode`` means; None for one that is not ours."""
    event = TWILIO_STATUSES.get(status.lower())
    if event is not ProviderEvent.UNDELIVERED or not code:
        return event
    return (
        ProviderEvent.BLOCKED if code in _TWILIO_BLOCKED else _OF_OUTCOME.get(classify(TWILIO, code), event)
    )


def sendgrid_event(
    event: str, kind: str | None = None, reason: str | None = None, classification: str | None = None
) -> ProviderEvent | None:
    """Return what a SendGrid event means; None for one that says nothing about a message.

    ``kind`` is its ``type``: a ``bounce`` of type ``blocked`` was refused this time only.
    ``classification`` is its ``bounce_classification``.
    """
    found = SENDGRID_EVENTS.get(event)
    if found is ProviderEvent.DROPPED:
        return SENDGRID_DROPS.get((reason or "").strip().lower(), found)
    if found is ProviderEvent.BOUNCED and kind == SENDGRID_BLOCKED:
        return ProviderEvent.BLOCKED
    if found is ProviderEvent.BOUNCED and (classification or "").lower() == SENDGRID_INVALID:
        return ProviderEvent.INVALID
    return found


def merged_state(
    own: MessageState, reason: Reason | None, told: Iterable[str]
) -> tuple[MessageState, Reason | None]:
    """Return the state of a message that we ourselves left at ``own``, with what was told about it.

    A failure wins over everything, since a bounce may follow a delivery; else whatever the provider
    tells proves that it had the message, so that it is sent, whatever we believed. Kinds that are no
    provider's are passed over. Merging a merged state again, with more told, gives the same as merging
    once: the row need not keep the two apart.
    """
    effects = [EFFECTS[ProviderEvent(kind)] for kind in told if kind in _KINDS]
    if any(effect.failed for effect in effects):
        return MessageState.FAILED, Reason.FAILED
    return (MessageState.SENT, None) if effects else (own, reason)


_KINDS = frozenset(ProviderEvent)
