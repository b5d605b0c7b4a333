"""The question that a decision answers, and what a rule can say: the data that the table is written over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from campaign.customers.history import engaged_channels
from campaign.customers.joined_orders import orders_about
from campaign.customers.segments import segment_of
from campaign.definition.model import Definition
from campaign.definition.steps import Audience, Step
from campaign.facts import Facts, MessageState, PastMessage, PastOrder, Purpose
from campaign.offers.choice import Choice, choose
from campaign.places.law import Place, places_of
from campaign.places.zones import Whereabouts, whereabouts
from campaign.reasons import Channel, Reason
from campaign.rules.consent import NOT_ALLOWED, Permission, may_track_opens, permission
from campaign.rules.timing import Window, window


class Kind(StrEnum):
    """What to do with a step now."""

    WAIT = "wait"
    SKIP = "skip"
    EXIT = "exit"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says, where it says anything. ``until`` is set for `Kind.WAIT`.

    Of a rule about one channel, `Kind.SKIP` blocks that channel, not the step.
    """

    kind: Kind
    reason: Reason
    until: datetime | None = None


@dataclass(frozen=True)
class Question:
    """One step of one order's campaign at one moment (``now``: the workflow's time, aware).

    What several rules look at is derived once. Only the segment (how long ago the last order was), and with
    it the audience, depends on ``now``: `at` keeps the others.
    """

    definition: Definition
    facts: Facts
    step: Step
    now: datetime

    def at(self, now: datetime) -> Question:
        """Return the same question at another time."""
        other = Question(self.definition, self.facts, self.step, now)
        kept = {name: value for name, value in self.__dict__.items() if name not in ("segment", "audience")}
        other.__dict__.update({**kept, "now": now})
        return other

    def planned(self, at: datetime) -> Question:
        """Return the question at a time to come: what offers will have left by then is not known."""
        later = self.at(at)
        if self.facts.offers:
            later.__dict__["facts"] = replace(self.facts, offers={})
        return later

    @cached_property
    def segment(self) -> str:
        """The customer's segment."""
        return segment_of(self.definition, self.facts, self.now)

    @cached_property
    def window(self) -> Window:
        """When the step is due, and until when it may be sent."""
        return window(self.definition, self.step, self.facts)

    @cached_property
    def audience(self) -> Audience | None:
        """What the step has for the segment."""
        return self.step.audience(self.segment)

    @cached_property
    def about(self) -> tuple[PastOrder, ...]:
        """The orders that the step's message would be about."""
        return orders_about(self.step, self.facts)

    @cached_property
    def whereabouts(self) -> Whereabouts:
        """Where the customer may be."""
        return whereabouts(self.facts.customer, self.definition.shop.country)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The places with a law of their own that the customer may be in, in force or to be."""
        return places_of(self.whereabouts)

    @cached_property
    def permissions(self) -> dict[Channel, Permission]:
        """For each channel, whether marketing may be sent there."""
        return {c: permission(self.definition, self.facts.customer, c) for c in Channel}

    @cached_property
    def mine(self) -> dict[Channel, PastMessage]:
        """This step's own messages."""
        return self.facts.mine(self.step.name)

    @cached_property
    def others(self) -> tuple[PastMessage, ...]:
        """All the customer's messages but this step's that count: against caps, and for distance.

        For a customer of the holdout the ghosts count as the messages that they stand for.
        """
        mine = (self.facts.order_id, self.step.name)
        return tuple(
            m
            for m in self.facts.messages
            if (m.state.counts or self._is_ghost(m)) and (m.order_id, m.step) != mine
        )

    @cached_property
    def older_orders(self) -> frozenset[str]:
        """The customer's orders before this one. Equal times are ordered by id, so that one always wins."""
        mine = (self.facts.placed_at, self.facts.order_id)
        return frozenset(o.order_id for o in self.facts.orders if (o.placed_at, o.order_id) < mine)

    @cached_property
    def opt_in_requested(self) -> bool:
        """Whether the one question of double opt-in has been put; for the holdout, would have been."""
        ghosts = (m for m in self.facts.messages if self._is_ghost(m))
        return self.facts.customer.opt_in_requested or any(m.purpose is Purpose.OPT_IN for m in ghosts)

    def coupon(self, at: datetime) -> Choice:
        """Return which coupon the step's message shows if it goes at a time."""
        return choose(self.definition, self.facts, self.step, self.audience, self.window, at)

    def engaged(self) -> frozenset[Channel]:
        """Return the channels on which the customer has lately shown interest."""
        opens = may_track_opens(self.definition, self.facts.customer)
        return engaged_channels(self.facts.messages, self.definition, self.now, opens=opens)

    def usable(self, channel: Channel) -> Permission:
        """Return whether the customer has an address on the channel and may be written to there."""
        return self.permissions[channel] if channel in self.facts.customer.reachable else NOT_ALLOWED

    def laws(self, channel: Channel) -> Sequence[Place]:
        """Return the places whose law is in force by ``now``. It is about SMS; e-mail has none."""
        return [place for place in self.places if place.holds(self.now)] if channel is Channel.SMS else ()

    def _is_ghost(self, message: PastMessage) -> bool:
        return self.facts.holdout and message.state is MessageState.HELD_OUT
