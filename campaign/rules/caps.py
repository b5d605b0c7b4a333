"""Frequency caps: the next moment at which one more message would not be one too many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from campaign.definition.model import Cap
from campaign.facts import PastMessage
from campaign.reasons import Channel


def next_uncapped(
    caps: Sequence[Cap], channel: Channel, messages: Sequence[PastMessage], now: datetime
) -> datetime:
    """Return the first instant from ``now`` on at which every cap of the channel allows a message.

    ``messages`` are the customer's that take a slot, of every campaign. A message leaves a cap's stretch
    exactly ``per`` after it was sent.
    """
    sent = sorted((m.at for m in messages if m.channel is channel), reverse=True)
    earliest = now
    for cap in caps:
        if cap.channel is channel and len(sent) >= cap.messages:
            earliest = max(earliest, sent[cap.messages - 1] + cap.per)
    return earliest
