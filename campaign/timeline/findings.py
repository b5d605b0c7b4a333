"""What each rule said of a decision, and which of them made it: read from the same tables as the decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from campaign.reasons import Channel
from campaign.rules.decision import Finding, Kind, Question, evaluate
from campaign.rules.question import Verdict
from campaign.rules.table import CHANNEL_RULES, LAST_RULE, STEP_RULES

_MEANINGS = {rule.__name__: rule.__doc__ or "" for rule in (*STEP_RULES, *CHANNEL_RULES, LAST_RULE)}


@dataclass(frozen=True)
class RuleSaid:
    """One rule of the table: what it is about, the channel it looked at, what it said (None: nothing).

    ``decides``: it is the reason of what was decided, of the step or of this channel.
    """

    rule: str
    meaning: str
    channel: Channel | None
    verdict: Verdict | None
    decides: bool


def rules_said(question: Question) -> list[RuleSaid]:
    """Return what every rule says of a question, in the order of the table, and which decide it.

    A step that is not due yet is looked at as it will be when it is: what holds now says nothing of then.
    """
    about_step = [one for one in evaluate(question) if one.channel is None]
    due = question.window.due
    later = question.at(due) if due and due > question.now else question
    about_channels = [one for one in evaluate(later) if one.channel is not None]
    *first, last = about_step
    ends_here = next((one for one in first if one.verdict), None)
    deciding = {id(ends_here)} if ends_here else _of_channels(about_channels)
    if not ends_here and last.verdict:
        deciding |= {id(last)}
    return [_said(one, decides=id(one) in deciding) for one in (*first, *about_channels, last)]


def _of_channels(findings: Iterable[Finding]) -> set[int]:
    """Return what decides each channel: the first to block it, else the last to move its time."""
    chosen = (_of_channel(list(group)) for _, group in groupby(findings, key=lambda one: one.channel))
    return {id(one) for one in chosen if one}


def _of_channel(findings: list[Finding]) -> Finding | None:
    spoken = [one for one in findings if one.verdict]
    blocks = (one for one in spoken if one.verdict and one.verdict.kind is not Kind.WAIT)
    return next(blocks, spoken[-1] if spoken else None)


def _said(finding: Finding, *, decides: bool) -> RuleSaid:
    meaning = next(_sentences(_MEANINGS.get(finding.rule, "")), finding.rule)
    return RuleSaid(finding.rule, meaning, finding.channel, finding.verdict, decides)


def _sentences(text: str) -> Iterator[str]:
    yield from (line.strip().replace("``", "") for line in text.splitlines() if line.strip())
