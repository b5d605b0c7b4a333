"""What comes of each step in a walk: messages, a reason, or the campaign's end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from campaign.definition.model import Definition
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.timeline.walk import Moment, Planned


@dataclass
class Outcome:
    """A step's messages, and why there are no (more) of them. ``reason`` is None while nothing is decided.

    ``settled`` is when; ``ends``: the campaign ended there, or before it; ``blocked``: the channels that had
    their turn and no message, with their reasons.
    """

    step: str
    messages: list[Planned] = field(default_factory=list)
    reason: Reason | None = None
    settled: datetime | None = None
    ends: bool = False
    blocked: dict[Channel, Reason] = field(default_factory=dict)


def outcomes(definition: Definition, moments: Iterable[Moment]) -> dict[str, Outcome]:
    """Return what comes of every step; those behind the campaign's end have its reason."""
    found = {step.name: Outcome(step.name) for step in definition.steps}
    for moment in moments:
        one = found[moment.step.name]
        one.messages += moment.messages
        used = {message.channel for message in one.messages}
        one.blocked = {c: r for c, r in (moment.decision.blocked or {}).items() if c not in used}
        if moment.decision.kind in (Kind.SKIP, Kind.EXIT):
            one.reason, one.settled = moment.decision.reason, moment.at
            one.ends = moment.decision.kind is Kind.EXIT
        elif moment.decision.kind is Kind.SEND:
            one.settled = moment.at
    _end(list(found.values()))
    return found


def _end(steps: list[Outcome]) -> None:
    ended = next((place for place, one in enumerate(steps) if one.ends), len(steps))
    for one in steps[ended + 1 :]:
        one.reason, one.ends = steps[ended].reason, True
