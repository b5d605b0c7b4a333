"""What a decision is made from: plain immutable data, loaded anew for every decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from campaign.reasons import Channel
from campaign.wire import OrderStatus


class Purpose(StrEnum):
    """What a message is for: the step's own words, or the one question that double opt-in asks."""

    MARKETING = "marketing"
    OPT_IN = "opt_in"


class MessageState(StrEnum):
    """The life of a message: claimed -> sending -> one of the settled states."""

    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def settled(self) -> bool:
        """Whether nothing more will be done for the message."""
        return self not in (MessageState.CLAIMED, MessageState.SENDING)

    @property
    def counts(self) -> bool:
        """Whether it counts against caps: it has reached the customer, or may have, or is about to."""
        return self not in (MessageState.FAILED, MessageState.SKIPPED)


@dataclass(frozen=True)
class ConsentEntry:
    """One entry of the ledger, in the order it was recorded.

    ``confirmed``: the customer has confirmed it from the very address (double opt-in). ``elsewhere``:
    it was given for an address that is not the customer's any more.
    """

    id: int
    channel: Channel
    granted: bool
    at: datetime
    confirmed: bool = False
    elsewhere: bool = False


@dataclass(frozen=True)
class CustomerFacts:
    """What is known of the customer now.

    ``reachable`` holds the channels with an address, ``suppressed`` those whose address may not be
    written to, ``engaged`` those on which the customer has lately opened or clicked something.
    ``less``: the customer asked for fewer messages. ``asked_to_confirm``: the one opt-in question for
    this number has been asked.
    """

    customer_id: str
    reachable: frozenset[Channel]
    preferred: str | None = None
    country: str | None = None
    region: str | None = None
    postal_code: str | None = None
    phone: str | None = None
    time_zone: str | None = None
    suppressed: frozenset[Channel] = frozenset()
    engaged: frozenset[Channel] = frozenset()
    less: bool = False
    asked_to_confirm: bool = False
    consents: tuple[ConsentEntry, ...] = ()


@dataclass(frozen=True)
class PastOrder:
    """One order of the customer. ``kept`` is false once cancelled or refunded."""

    order_id: str
    placed_at: datetime
    total: Decimal
    currency: str
    kept: bool = True


@dataclass(frozen=True)
class PastMessage:
    """A message to the customer, of this campaign or another.

    ``at`` is when it was sent, or last tried, or claimed; ``engaged``: a person has opened or clicked it.
    """

    order_id: str
    step: str
    channel: Channel
    state: MessageState
    at: datetime
    id: str = ""
    engaged: bool = False


@dataclass(frozen=True)
class Facts:
    """All that `campaign.rules.decision.decide` looks at besides the definition, the step and the time."""

    order_id: str
    placed_at: datetime
    currency: str
    customer: CustomerFacts
    events: Mapping[OrderStatus, datetime] = field(default_factory=lambda: MappingProxyType({}))
    orders: tuple[PastOrder, ...] = ()
    messages: tuple[PastMessage, ...] = ()
    holdout: bool = False
    stopped: bool = False
    repurchased: bool = False

    def mine(self, step: str) -> dict[Channel, PastMessage]:
        """Return this order's messages of a step, by channel."""
        return {m.channel: m for m in self.messages if (m.order_id, m.step) == (self.order_id, step)}
