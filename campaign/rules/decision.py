"""The decision: (definition, facts, step, now) -> wait until, skip, exit or send, and why.

It reads the tables of `campaign.rules.table`; the reasons are a closed set (`campaign.reasons.Reason`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.facts import Facts
from campaign.reasons import Channel, Reason
from campaign.rules.channel_choice import channels_of
from campaign.rules.consent import NOT_ALLOWED, Permission
from campaign.rules.question import Kind, Question, Verdict
from campaign.rules.table import CHANNEL_RULES, LAST_RULE, STEP_RULES
from campaign.rules.timing import Window

__all__ = ["Decision", "Finding", "Kind", "Question", "decide", "evaluate"]


@dataclass(frozen=True)
class Decision:
    """What to do with a step now, and why.

    ``until`` is set for `Kind.WAIT`. ``send`` maps the channels to use now to the permission they
    are used under; ``ghost`` those that a customer of the holdout would have been written to on now.
    ``blocked`` maps the step's other channels to their reasons; ``more`` says that another channel of the
    step is still to come, so that the step must be decided again. ``moved_by``: of a step that is not due
    yet, what will hold it back once it is, as far as is known.
    """

    kind: Kind
    reason: Reason
    segment: str
    window: Window
    until: datetime | None = None
    send: Mapping[Channel, Permission] | None = None
    ghost: Mapping[Channel, Permission] | None = None
    blocked: Mapping[Channel, Reason] | None = None
    more: bool = False
    moved_by: Reason | None = None

    @property
    def why(self) -> str:
        """The reason in words; where a step waits past its due time, also for what."""
        text = self.reason.text_for(self.kind)
        return f"{text}, then {self.moved_by.text}" if self.moved_by else text


@dataclass(frozen=True)
class Finding:
    """What one rule said of a question: its name, the channel it looked at, its verdict (None: nothing)."""

    rule: str
    channel: Channel | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class _Option:
    """What the rules make of one channel: usable from ``at`` (None: never), held back by ``reason``."""

    at: datetime | None
    reason: Reason
    permission: Permission = NOT_ALLOWED


def decide(definition: Definition, facts: Facts, step: Step, now: datetime) -> Decision:
    """Decide a step. ``now`` is the workflow's time (aware)."""
    question = Question(definition, facts, step, now)
    verdict = next((said for rule in STEP_RULES if (said := rule(question))), None)
    if verdict is None:
        return _choose(question, _options(question))
    until, moved_by = verdict.until, None
    if verdict.reason is Reason.NOT_DUE:
        until, moved_by = _first_chance(question)
    return Decision(
        verdict.kind, verdict.reason, question.segment, question.window, until=until, moved_by=moved_by
    )


def evaluate(question: Question) -> list[Finding]:
    """Return what every rule says of a question, in their order, also after the one that decides."""
    found = [Finding(rule.__name__, None, rule(question)) for rule in STEP_RULES]
    for channel in channels_of(question):
        at = question.now
        for each in CHANNEL_RULES:
            verdict = each(question, channel, at)
            found.append(Finding(each.__name__, channel, verdict))
            at = (verdict and verdict.until) or at
    return [*found, Finding(LAST_RULE.__name__, None, LAST_RULE(question))]


def _first_chance(question: Question) -> tuple[datetime | None, Reason | None]:
    """Return when the step could first be sent, as far as is known, and what moves that past its due time.

    A night is waited for once, not twice.
    """
    due = question.window.due
    chances = _options(question.planned(due)).values() if due else ()
    first = min((option for option in chances if option.at), key=_moment_of, default=None)
    if due is None or first is None or first.at is None:
        return due, None
    return first.at, first.reason if first.at > due else None


def _moment_of(option: _Option) -> tuple[datetime | None, int]:
    return option.at, option.reason.rank


def _options(question: Question) -> dict[Channel, _Option]:
    return {channel: _option(question, channel) for channel in channels_of(question)}


def _option(question: Question, channel: Channel) -> _Option:
    at, reason = question.now, Reason.DUE
    for rule in CHANNEL_RULES:
        verdict = rule(question, channel, at)
        if verdict is None:
            continue
        if verdict.until is None:
            return _Option(None, verdict.reason)
        at, reason = verdict.until, verdict.reason
    return _Option(at if at <= question.window.latest else None, reason, question.permissions[channel])


def _choose(question: Question, options: Mapping[Channel, _Option]) -> Decision:
    """Send what may go now; wait for the first of what may go later; skip when nothing can."""
    now = question.now
    ready = {c: o.permission for c, o in options.items() if o.at is not None and o.at <= now}
    later = min(((o.at, o.reason) for o in options.values() if o.at is not None and o.at > now), default=None)
    blocked = {c: o.reason for c, o in options.items() if o.at is None}
    withheld = LAST_RULE(question) if ready else None
    kind, until = Kind.SKIP, None
    if ready and not withheld:
        kind, reason = Kind.SEND, Reason.DUE
    elif later:
        kind, (until, reason) = Kind.WAIT, later
    else:
        reason = withheld.reason if withheld else _closest(blocked)
    return Decision(
        kind, reason, question.segment, question.window, until,
        send=ready if kind is Kind.SEND else None,
        ghost=ready if withheld else None,
        blocked=blocked,
        more=kind is Kind.SEND and later is not None,
    )  # fmt: skip


def _closest(blocked: Mapping[Channel, Reason]) -> Reason:
    """Of several channels' reasons, return the one that came closest to a message."""
    return min(blocked.values(), key=lambda reason: reason.rank, default=Reason.NO_AUDIENCE)
