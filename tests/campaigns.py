"""Whole campaigns played against the clock: what the workflow and its activities do, without servers.

Waits are slept through, claims are decided again when they are delivered, and facts change meanwhile.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from campaign.definition.model import Definition
from campaign.facts import CustomerFacts, Facts, MessageState, PastMessage, PastOrder, Purpose
from campaign.reasons import Channel
from campaign.rules.consent import Permission
from campaign.rules.decision import Kind, decide
from campaign.wire import OrderStatus

MOST_DECISIONS = 300
_STUCK = "a campaign that never ends"


@dataclass(frozen=True)
class Play:
    """A purchase: its order, and when what became of it."""

    order: PastOrder
    events: Mapping[OrderStatus, datetime]

    def kept_at(self, now: datetime) -> bool:
        """Return whether the order has not been cancelled by now."""
        cancelled = self.events.get(OrderStatus.CANCELLED)
        return cancelled is None or cancelled > now


@dataclass(frozen=True)
class Sent:
    """A message as it went out, with the customer as he was then, and whether it was the opt-in question."""

    message: PastMessage
    customer: CustomerFacts
    question: bool


@dataclass
class World:
    """One customer, whose facts change at given times, and the shop's messages to him.

    ``outages``: how long each delivery in turn is held up; ``outcomes``: how each in turn ends; ``clicks``:
    whether each in turn is clicked. In the holdout nothing is sent, and ``ghosts`` has what would have been.
    """

    definition: Definition
    customers: Sequence[tuple[datetime, CustomerFacts]]
    plays: Sequence[Play]
    messages: list[PastMessage] = field(default_factory=list)
    outages: Sequence[timedelta] = ()
    outcomes: Sequence[MessageState] = ()
    clicks: Sequence[bool] = ()
    holdout: bool = False
    ghosts: list[Sent] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    skipped: list[tuple[str, str, str]] = field(default_factory=list)
    deliveries: int = 0

    def customer_at(self, now: datetime) -> CustomerFacts:
        """Return the customer as he is by now."""
        current = [customer for at, customer in self.customers if at <= now][-1]
        requested = any(sent.question for sent in self.sent)
        return replace(current, opt_in_requested=current.opt_in_requested or requested)

    def facts_at(self, play: Play, now: datetime) -> Facts:
        """Return what a decision about one of the purchases is made from by now."""
        return Facts(
            order_id=play.order.order_id,
            placed_at=play.order.placed_at,
            currency="USD",
            customer=self.customer_at(now),
            events={status: at for status, at in play.events.items() if at <= now},
            orders=tuple(
                replace(p.order, kept=p.kept_at(now)) for p in self.plays if p.order.placed_at <= now
            ),
            messages=tuple(self.messages),
            holdout=self.holdout,
        )

    def changes_after(self, play: Play, now: datetime) -> list[datetime]:
        """Return when a signal would wake this purchase's campaign."""
        times = [at for at, _ in self.customers] + list(play.events.values())
        times += [other.order.placed_at for other in self.plays]
        return [at for at in times if at > now]

    def run(self) -> None:
        """Run every purchase's campaign to its end, interleaved by time."""
        queue = [(play.order.placed_at, n, Campaign(self, play)) for n, play in enumerate(self.plays)]
        heapq.heapify(queue)
        while queue:
            now, number, campaign = heapq.heappop(queue)
            if (wake := campaign.decide(now)) is not None:
                heapq.heappush(queue, (wake, number, campaign))


@dataclass
class Campaign:
    """One purchase's campaign: the step it is at, and the claims that wait to be delivered."""

    world: World
    play: Play
    position: int = 0
    decisions: int = 0
    held_until: datetime | None = None

    def decide(self, now: datetime) -> datetime | None:
        """Decide the step at hand; return when to decide again, None at the end."""
        self.decisions += 1
        assert self.decisions < MOST_DECISIONS, _STUCK
        step = self.world.definition.steps[self.position]
        facts = self.world.facts_at(self.play, now)
        decision = decide(self.world.definition, facts, step, now)
        self._record_ghosts(step.name, decision.ghost or {}, now)
        if decision.kind is Kind.SEND:
            return self._send(step.name, decision.send or {}, now, more=decision.more)
        if decision.kind is Kind.WAIT:
            assert decision.until is not None
            assert now < decision.until <= decision.window.latest
            return min([decision.until, *self.world.changes_after(self.play, now)])
        self._release(step.name)
        self.world.skipped.append((self.play.order.order_id, step.name, decision.reason))
        return None if decision.kind is Kind.EXIT else self._next(now)

    def _next(self, now: datetime) -> datetime | None:
        self.position += 1
        self.held_until = None
        return now if self.position < len(self.world.definition.steps) else None

    def _send(
        self, step: str, channels: Mapping[Channel, Any], now: datetime, *, more: bool
    ) -> datetime | None:
        """Claim; be held up once if the provider is out; else send, and go on or decide again."""
        for channel in channels:
            self._put(step, channel, MessageState.CLAIMED, now)
        if self.held_until is None and (pause := self._outage()):
            self.held_until = now + pause
            return min([self.held_until, *self.world.changes_after(self.play, now)])
        failed = False
        for channel, permission in channels.items():
            outcomes = self.world.outcomes
            number = self.world.deliveries = self.world.deliveries + 1
            state = outcomes[number % len(outcomes)] if outcomes else MessageState.SENT
            clicked = bool(self.world.clicks) and self.world.clicks[number % len(self.world.clicks)]
            message = self._put(step, channel, state, now, clicked=clicked)
            failed |= state is MessageState.FAILED
            if state is not MessageState.FAILED:
                customer = self.world.customer_at(now)
                self.world.sent.append(Sent(message, customer, question=permission.pending))
        self.held_until = None
        return now + timedelta(minutes=5) if failed else now if more else self._next(now)

    def _record_ghosts(self, step: str, channels: Mapping[Channel, Permission], now: datetime) -> None:
        for channel, permission in channels.items():
            purpose = Purpose.OPT_IN if permission.pending else Purpose.MARKETING
            ghost = self._put(step, channel, MessageState.HELD_OUT, now, purpose=purpose)
            self.world.ghosts.append(Sent(ghost, self.world.customer_at(now), permission.pending))

    def _outage(self) -> timedelta | None:
        outages = self.world.outages
        return outages[self.world.deliveries % len(outages)] if outages else None

    def _put(
        self, step: str, channel: Channel, state: MessageState, at: datetime, **changes: Any
    ) -> PastMessage:
        key = (self.play.order.order_id, step, channel)
        kept = [m for m in self.world.messages if (m.order_id, m.step, m.channel) != key]
        message = PastMessage(*key, state, at, id="/".join(key), **changes)
        self.world.messages[:] = [*kept, message]
        return message

    def _release(self, step: str) -> None:
        mine = (self.play.order.order_id, step)
        self.world.messages[:] = [
            m
            for m in self.world.messages
            if (m.order_id, m.step) != mine or m.state is not MessageState.CLAIMED
        ]


def an_order(number: int, at: datetime) -> PastOrder:
    """An order of that time."""
    return PastOrder(f"o-{number}", at, Decimal("50.00"), "USD")
