"""What comes of each step in a walk: messages, a reason, or the campaign's end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from campaign.definition.model import Definition
from campaign.reasons import Reason
from campaign.rules.decision import Kind
from campaign.timeline.walk import Moment, Planned


@dataclass
class Outcome:
    """A step's messages, and why there are no (more) of them. ``reason`` is None while nothing is decided.

    ``settled`` is when, ``ends``: the campaign ended there.
    """

    step: str
    messages: list[Planned] = field(default_factory=list)
    reason: Reason | None = None
    settled: datetime | None = None
    ends: bool = False

    def same(self, other: Outcome) -> bool:
        """Return whether a customer sees no difference."""
        return (self.messages, self._why()) == (other.messages, other._why())

    def _why(self) -> tuple[Reason | None, bool]:
        return (None if self.messages else self.reason, self.ends)


def outcomes(definition: Definition, moments: Iterable[Moment]) -> dict[str, Outcome]:
    """Return what comes of every step; one that is not reached has neither messages nor a reason."""
    found = {step.name: Outcome(step.name) for step in definition.steps}
    for moment in moments:
        one = found[moment.step.name]
        one.messages += moment.messages
        if moment.decision.kind in (Kind.SKIP, Kind.EXIT):
            one.reason, one.settled = moment.decision.reason, moment.at
            one.ends = moment.decision.kind is Kind.EXIT
        elif moment.decision.kind is Kind.SEND:
            one.settled = moment.at
    return found
