"""What an order's campaign would do from now on, if nothing happens meanwhile, by the decision itself.

Nothing is known of the future: no click, no news of the order, no newer order, no provider that refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.facts import Facts, MessageState, PastMessage, Purpose
from campaign.reasons import Channel, Reason
from campaign.rules.consent import Permission
from campaign.rules.decision import Kind, decide

_MOST_DECISIONS = 100
"""Of one step: a campaign waits for nothing more often."""


@dataclass(frozen=True)
class Planned:
    """One message. ``held_out``: the customer is in the holdout, and gets none."""

    step: str
    channel: Channel
    at: datetime
    held_out: bool = False


@dataclass(frozen=True)
class Forecast:
    """The messages in their order, and the reason of each step that has none, or that ends the campaign."""

    messages: tuple[Planned, ...]
    reasons: Mapping[str, Reason]

    @property
    def reason(self) -> Reason | None:
        """Of several steps' reasons, the one that came closest to a message; None where there is one."""
        return None if self.messages else min(self.reasons.values(), key=lambda reason: reason.rank)


def forecast(definition: Definition, facts: Facts, start: datetime) -> Forecast:
    """Return what a campaign that starts then would do."""
    messages: list[Planned] = []
    reasons: dict[str, Reason] = {}
    now = start
    for step in definition.steps:
        run = _Step(definition, step, facts, now)
        messages += run.play()
        facts, now = run.facts, run.now
        if run.reason is not None:
            reasons[step.name] = run.reason
        if run.ended:
            break
    return Forecast(tuple(messages), reasons)


class _Step:
    """One step, decided until it is settled, as `workflows.campaign` does it."""

    def __init__(self, definition: Definition, step: Step, facts: Facts, now: datetime) -> None:
        self.definition, self.step, self.facts, self.now = definition, step, facts, now
        self.reason: Reason | None = None
        self.ended = False

    def play(self) -> Iterator[Planned]:
        """Give the step's messages."""
        sent = False
        for _ in range(_MOST_DECISIONS):
            decision = decide(self.definition, self.facts, self.step, self.now)
            for channel, permission in {**(decision.send or {}), **(decision.ghost or {})}.items():
                sent = True
                yield self._message(channel, permission, held_out=bool(decision.ghost))
            if decision.kind is Kind.WAIT and decision.until and decision.until > self.now:
                self.now = decision.until
            elif not (decision.kind is Kind.SEND and decision.more):
                self.ended = decision.kind is Kind.EXIT
                self.reason = None if sent else decision.reason
                return

    def _message(self, channel: Channel, permission: Permission, *, held_out: bool) -> Planned:
        """Take a message for sent, so that what comes after counts it."""
        purpose = Purpose.OPT_IN if permission.pending else Purpose.MARKETING
        state = MessageState.HELD_OUT if held_out else MessageState.SENT
        message = PastMessage(
            self.facts.order_id, self.step.name, channel, state, self.now,
            purpose=purpose, placed_at=self.facts.placed_at,
        )  # fmt: skip
        customer = self.facts.customer
        if purpose is Purpose.OPT_IN:
            customer = replace(customer, asked_to_confirm=True)
        self.facts = replace(self.facts, customer=customer, messages=(message, *self.facts.messages))
        return Planned(self.step.name, channel, self.now, held_out)
