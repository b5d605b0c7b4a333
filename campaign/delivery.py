"""What providers report about messages, as one closed set, and what follows from it.

The state of a message is a function of its own last settled state and the set of what its provider
has reported: order, doubles and early arrival (before our own commit) cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaign.facts import MessageState
from campaign.reasons import Channel, Reason


class ProviderEvent(StrEnum):
    """What a provider reports about one message, whichever provider it is."""

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
class Report:
    """One thing that a provider reports about a message of ours.

    ``event_id`` is unique among all events of all providers: reported again, it is the same event.
    ``code`` is the provider's own, of an error; ``machine``: a link scanner did it, not a person.
    """

    message_id: str
    channel: Channel
    event: ProviderEvent
    at: datetime
    event_id: str
    source: str
    code: str | None = None
    machine: bool = False
    provider_id: str | None = None


@dataclass(frozen=True)
class Effect:
    """What follows: ``failed``: it did not reach the customer (else the provider had it at least).

    ``suppress`` is the reason for which the address is not written to any more; ``revoke``: the customer
    has taken the consent for the channel back; ``stop``: it is our own configuration that is refused;
    ``arrived``: it got through, so that the configuration is right.
    """

    failed: bool = False
    suppress: str | None = None
    revoke: bool = False
    stop: bool = False
    arrived: bool = False


HAD_IT = Effect()
ARRIVED = Effect(arrived=True)
FAILED = Effect(failed=True)

EFFECTS: dict[ProviderEvent, Effect] = {
    ProviderEvent.ACCEPTED: HAD_IT,
    ProviderEvent.DEFERRED: HAD_IT,
    ProviderEvent.DELIVERED: ARRIVED,
    ProviderEvent.OPENED: ARRIVED,
    ProviderEvent.CLICKED: ARRIVED,
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


def merged_state(
    own: MessageState, reason: Reason | None, reported: Iterable[str]
) -> tuple[MessageState, Reason | None]:
    """Return the state of a message that we ourselves left at ``own``, with what was reported about it.

    A failure wins over everything, since a bounce may follow a delivery; else whatever the provider
    reports proves that it had the message, so that it is sent, whatever we believed. Kinds that are no
    provider's are passed over. Merging a merged state again, with more reported, gives the same as merging
    once: the row need not keep the two apart.
    """
    effects = [EFFECTS[ProviderEvent(kind)] for kind in reported if kind in _KINDS]
    if any(effect.failed for effect in effects):
        return MessageState.FAILED, Reason.FAILED
    return (MessageState.SENT, None) if effects else (own, reason)


_KINDS = frozenset(ProviderEvent)
