"""What every channel can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from campaign.reasons import Channel


@dataclass(frozen=True)
class Outgoing:
    """One message, ready to go. ``at`` is the business time; ``position`` the step's number.

    ``deliver_by``: it may not reach the customer later than this; None where nothing says so.
    ``resend_after``: where nothing is known of an attempt for so long, it may be sent again; None: never.
    ``track_opens``: the provider may put its own picture into an email, to count opens.
    ``known_ids``: the provider's ids of other messages to this address, which this one cannot be.
    """

    id: str
    order_id: str
    step: str
    position: int
    channel: Channel
    to: str
    brand: str
    sender: str
    reply_to: str | None
    unsubscribe: str
    subject: str | None
    html: str | None
    text: str
    at: datetime
    deliver_by: datetime | None = None
    resend_after: timedelta | None = None
    track_opens: bool = False
    unsubscribe_url: str | None = None
    known_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Receipt:
    """The provider has it: its id for the message, and the business time it was accepted."""

    provider_id: str
    at: datetime


class MessageChannel(Protocol):
    """A way to hand messages to a provider, from many threads at once. ``name``: the provider's."""

    @property
    def name(self) -> str:
        """The provider's name, for records and logs."""
        ...

    def send(self, message: Outgoing) -> Receipt:
        """Hand one message over.

        Raises:
            ChannelBusy: it was not accepted; try again later.
            ChannelRefused: this message will never be accepted.
            ChannelStopped: our configuration is refused; nothing was sent.
            ChannelUncertain: it may have been accepted (a lost reply): find out, do not send again.
            ChannelError: the provider was not reached; nothing was sent.
        """
        ...

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:
        """Find out whether the attempt of that time was accepted. None: it was not, for certain.

        Raises:
            ChannelPending: it will be known later.
            ChannelUncertain: it will never be known.
            ChannelError: the provider was not reached; query again later.
        """
        ...
