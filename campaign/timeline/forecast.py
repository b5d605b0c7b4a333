"""What an order's campaign would do from now on, if nothing happens meanwhile, by the decision itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaign.definition.model import Definition
from campaign.facts import Facts
from campaign.reasons import Reason
from campaign.rules.decision import Kind
from campaign.timeline.walk import Planned, walk


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
    for moment in walk(definition, facts, start):
        messages += moment.messages
        if moment.messages:
            reasons.pop(moment.step.name, None)
        elif moment.decision.kind in (Kind.SKIP, Kind.EXIT) and moment.step.name not in _steps(messages):
            reasons[moment.step.name] = moment.decision.reason
    return Forecast(tuple(messages), reasons)


def _steps(messages: list[Planned]) -> set[str]:
    return {message.step for message in messages}
