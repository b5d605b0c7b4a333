"""The other channel takes over when a message that was accepted fails later: where, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.facts import Facts, MessageState, PastMessage
from campaign.reasons import Channel
from campaign.rules.decision import Decision, Kind, decide
from campaign.rules.timing import window

REPORTS_WITHIN = timedelta(hours=73)
"""Providers give up on a message that cannot be handed over after 72 hours, and then report it."""
MARGIN = timedelta(minutes=15)
"""How long before a window closes it is looked at last, so that there is time to send."""


def failed_before(definition: Definition, facts: Facts, step: Step, now: datetime) -> list[str]:
    """Return the earlier steps whose message has failed and that another channel may still take over.

    It reads the facts, so that no report is lost with the signal that announced it.
    """
    earlier = definition.steps[: definition.steps.index(step)]
    return [one.name for one in earlier if _has_failed(facts, one) and _goes_on(definition, facts, one, now)]


def watch_until(
    definition: Definition, facts: Facts, step: Step, decision: Decision, now: datetime
) -> datetime | None:
    """Return when to look at the last step again, in case a message fails until then; None where nothing can.

    That is when its provider's reports are in, and once more before the message's window closes.
    """
    if decision.more or decision.kind not in (Kind.SEND, Kind.SKIP):
        return None
    claimed = [(step.name, channel) for channel in decision.send or {}]
    times = [
        at
        for one in definition.steps
        if (latest := window(definition, one, facts).latest) > now
        and (at := _next_look(_sent_at(facts, one, claimed, now), latest, now))
        and _goes_on(definition, _all_failed(facts, one, claimed, now), one, now)
    ]
    return min(times, default=None)


def _has_failed(facts: Facts, step: Step) -> bool:
    return any(message.state is MessageState.FAILED for message in facts.mine(step.name).values())


def _goes_on(definition: Definition, facts: Facts, step: Step, now: datetime) -> bool:
    return decide(definition, facts, step, now).kind in (Kind.SEND, Kind.WAIT)


def _sent_at(
    facts: Facts, step: Step, claimed: Iterable[tuple[str, Channel]], now: datetime
) -> datetime | None:
    """Return when the step's last message went out, or None if it has none that could fail."""
    sent = [m.at for m in facts.mine(step.name).values() if m.state is MessageState.SENT]
    return max([*sent, *(now for name, _ in claimed if name == step.name)], default=None)


def _next_look(sent_at: datetime | None, latest: datetime, now: datetime) -> datetime | None:
    if sent_at is None:
        return None
    looks = (min(sent_at + REPORTS_WITHIN, latest - MARGIN), latest - MARGIN)
    return next((at for at in looks if at > now), None)


def _all_failed(facts: Facts, step: Step, claimed: Iterable[tuple[str, Channel]], now: datetime) -> Facts:
    """Return the facts as they would be if every message of the step failed."""
    mine = [
        PastMessage(facts.order_id, name, channel, MessageState.FAILED, now, id="")
        for name, channel in claimed
        if name == step.name
    ]
    known = [
        replace(m, state=MessageState.FAILED)
        if (m.order_id, m.step) == (facts.order_id, step.name) and m.state is MessageState.SENT
        else m
        for m in facts.messages
        if (m.order_id, m.step, m.channel) not in {(f.order_id, f.step, f.channel) for f in mine}
    ]
    return replace(facts, messages=(*known, *mine))
