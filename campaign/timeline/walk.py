"""A campaign, decided step after step on a clock of its own, as `workflows.campaign` does it on Temporal's.

Nothing is known of the future but what is given as happenings: no click, no news of the order, no newer
order; and no provider ever refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.facts import Facts, MessageState, PastMessage, Purpose
from campaign.offers.choice import NO_OFFER, Choice, Grant, WhyWithout
from campaign.reasons import Channel
from campaign.rules.consent import Permission
from campaign.rules.decision import Decision, Kind, decide
from campaign.rules.holdout import in_holdout
from campaign.rules.question import Question
from campaign.timeline.given_coupons import with_coupon
from campaign.timeline.happenings import Agenda, Happening

_MOST_DECISIONS = 100
"""Of one step: a campaign waits for nothing more often."""


@dataclass(frozen=True)
class Planned:
    """One message. ``held_out``: the customer is in the holdout, and gets none.

    ``without``: the offer that its audience has, and that it does not show; ``why_without``: why.
    """

    step: str
    channel: Channel
    at: datetime
    segment: str
    held_out: bool = False
    purpose: Purpose = Purpose.MARKETING
    without: str | None = None
    why_without: WhyWithout | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Moment:
    """One decision: of a step, at a time, with these facts; what happened before it, and what it sent."""

    step: Step
    at: datetime
    facts: Facts
    decision: Decision
    happened: tuple[Happening, ...] = ()
    messages: tuple[Planned, ...] = ()


def as_enrolled(definition: Definition, facts: Facts) -> Facts:
    """Return an order's facts as they are once its campaign has begun."""
    orders = tuple(
        replace(order, started=True) if order.order_id == facts.order_id else order for order in facts.orders
    )
    return replace(facts, orders=orders, holdout=in_holdout(definition, facts.customer.customer_id))


def walk(
    definition: Definition,
    facts: Facts,
    start: datetime,
    happenings: Iterable[Happening] = (),
    first: str | None = None,
) -> Iterator[Moment]:
    """Give every decision of a campaign that starts then, or that is at a step (``first``) then."""
    run = _Run(definition, facts, start, Agenda(happenings))
    names = [step.name for step in definition.steps]
    for step in definition.steps[names.index(first) if first else 0 :]:
        yield from run.play(step)
        if run.ended:
            return


class _Run:
    """The campaign's facts and clock, moved on by each decision."""

    def __init__(self, definition: Definition, facts: Facts, now: datetime, agenda: Agenda) -> None:
        self._definition, self._facts, self._now, self._agenda = definition, facts, now, agenda
        self.ended = False

    def play(self, step: Step) -> Iterator[Moment]:
        """Decide a step until it is settled."""
        for _ in range(_MOST_DECISIONS):
            happened = self._happen()
            before = self._facts
            decision = decide(self._definition, before, step, self._now)
            messages = self._send(step, decision)
            yield Moment(step, self._now, before, decision, happened, messages)
            if decision.kind is Kind.WAIT and decision.until and decision.until > self._now:
                self._now = min(decision.until, self._agenda.next() or decision.until)
            elif not (decision.kind is Kind.SEND and decision.more):
                self.ended = decision.kind is Kind.EXIT
                return

    def _happen(self) -> tuple[Happening, ...]:
        happened = tuple(self._agenda.take(self._now))
        for one in happened:
            self._facts = one.change(self._facts, self._now)
        return happened

    def _send(self, step: Step, decision: Decision) -> tuple[Planned, ...]:
        """Take a decision's messages for sent, so that what comes after counts them."""
        sent, held = decision.send or {}, decision.ghost or {}
        return (
            *(self._message(step, decision, *each, held_out=False) for each in sent.items()),
            *(self._message(step, decision, *each, held_out=True) for each in held.items()),
        )

    def _message(
        self, step: Step, decision: Decision, channel: Channel, permission: Permission, *, held_out: bool
    ) -> Planned:
        purpose = Purpose.OPT_IN if permission.pending else Purpose.MARKETING
        choice = self._choice(step) if purpose is Purpose.MARKETING else NO_OFFER
        if not held_out:
            self._facts = with_coupon(self._definition, self._facts, step, choice, self._now)
        without = choice.name if choice.grant is Grant.WITHOUT else None
        state = MessageState.HELD_OUT if held_out else MessageState.SENT
        message = PastMessage(
            self._facts.order_id, step.name, channel, state, self._now,
            purpose=purpose, placed_at=self._facts.placed_at,
        )  # fmt: skip
        customer = self._facts.customer
        if purpose is Purpose.OPT_IN:
            customer = replace(customer, opt_in_requested=True)
        self._facts = replace(self._facts, customer=customer, messages=(message, *self._facts.messages))
        self._agenda.sent(step.name, channel, self._now)
        return Planned(
            step.name, channel, self._now, decision.segment, held_out, purpose, without, choice.why
        )

    def _choice(self, step: Step) -> Choice:
        """Return which coupon a message of the step shows."""
        return Question(self._definition, self._facts, step, self._now).coupon(self._now)
