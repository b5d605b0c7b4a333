"""A campaign's steps: when each is due, until when it may go, and what it says to whom."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from campaign.definition.base import Name, Section, SegmentOrAll, Template
from campaign.definition.durations import Duration
from campaign.reasons import Channel

MOST_JOINED_WITHIN = timedelta(days=7)


class Event(StrEnum):
    """What a step's due time can be counted from."""

    PLACED = "placed"
    PROCESSED = "processed"
    FULFILLED = "fulfilled"
    DELIVERED = "delivered"
    LAST_ORDER = "last_order"


class Anchor(Section):
    """An event and a delay after it."""

    event: Event
    delay: Duration


class Audience(Section):
    """What a step says to some segments: one template for each channel it uses.

    ``without_offer``: the template of both channels for a customer who cannot get a code of the ``offer``
    (it has run out, a guard rail); else it is the same one, without an offer.
    """

    segments: Annotated[list[SegmentOrAll], Field(min_length=1)]
    email: Template | None = None
    sms: Template | None = None
    offer: Name | None = None
    without_offer: Template | None = None

    def template(self, channel: Channel, *, offered: bool = True) -> str | None:
        """Return the template for a channel, if this audience is spoken to on it.

        ``offered`` is false for a message that goes without its offer.
        """
        own = self.email if channel is Channel.EMAIL else self.sms
        return self.without_offer or own if own and not offered else own


class StepChannels(StrEnum):
    """Which channels a step uses for customers who named none, or both."""

    BEST = "best"
    EMAIL = "email"
    SMS = "sms"
    BOTH = "both"
    EMAIL_THEN_SMS = "email_then_sms"


class Step(Section):
    """One step: due ``anchors`` (the first whose event is known), sent until ``latest``.

    ``latest`` is an event with a delay, or ``window`` counts from the due time. ``scaled`` delays
    follow the vertical and the customer's buying cycle. With ``channels = "email_then_sms"`` the SMS
    follows ``sms_after`` the email, unless that was clicked.

    With ``joins`` a customer's orders that follow each other within so long get the step's message once, and
    it is about all of them. Without ``renewals`` it is not for a subscription's renewals. With ``review`` it
    is nothing but the review request: once everything kept has been reviewed, it is skipped.

    With ``quantile`` it is due when so many of the customers who come back at all would have come
    (`campaign.customers.buying_cycle`), never sooner or later than ``between``; the anchors' delays hold
    while no model serves the shop.
    """

    name: Name
    title: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    anchors: Annotated[list[Anchor], Field(min_length=1)]
    not_before: Anchor | None = None
    latest: Anchor | None = None
    window: Duration | None = None
    scaled: bool = False
    quantile: Annotated[float, Field(gt=0, lt=1)] | None = None
    between: tuple[Duration, Duration] | None = None
    channels: StepChannels = StepChannels.BEST
    sms_after: Duration = timedelta(days=2)
    joins: Duration | None = None
    renewals: bool = True
    review: bool = False
    audiences: Annotated[list[Audience], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_way_to_end(self) -> Self:
        if (self.latest is None) == (self.window is None):
            msg = 'needs either latest = { event = "placed", delay = "..." } or window = "..."'
            raise ValueError(msg)
        placed = (Event.PLACED, Event.LAST_ORDER)
        if self.latest and self.latest.event not in placed:
            msg = "latest must count from placed: any other event may never come"
            raise ValueError(msg)
        if self.window and not any(anchor.event in placed for anchor in self.anchors):
            msg = "with window, one anchor must count from placed: any other event may never come"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _quantile_is_bounded(self) -> Self:
        if (self.quantile is None) != (self.between is None):
            msg = 'quantile and between belong together: quantile = 0.8, between = ["21 days", "60 days"]'
            raise ValueError(msg)
        if self.between is None:
            return self
        if not timedelta(0) < self.between[0] <= self.between[1]:
            msg = "between starts with the shorter time, which is more than 0"
            raise ValueError(msg)
        if not self.scaled or self.window is None:
            msg = "quantile needs scaled = true, and window instead of latest"
            raise ValueError(msg)
        if any(anchor.event not in (Event.PLACED, Event.LAST_ORDER) for anchor in self.anchors):
            msg = "quantile counts from an order: write only placed or last_order in anchors"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _joins_what_is_near(self) -> Self:
        if self.joins is not None and not timedelta(0) < self.joins <= MOST_JOINED_WITHIN:
            msg = 'joins is about orders that belong together: write more than 0 and at most "7 days"'
            raise ValueError(msg)
        return self

    def audience(self, segment: str) -> Audience | None:
        """Return what this step has for a segment (``"*"`` stands for every segment)."""
        return next((a for a in self.audiences if segment in a.segments or "*" in a.segments), None)
