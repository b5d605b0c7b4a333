"""What would change a campaign: every fact that could be another one, tried out with the decision itself.

Nothing is written here per rule. A candidate is a change of the facts; the campaign is walked with it and
without it, and where the two differ, the first difference is what it would change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaign.definition.model import Definition
from campaign.definition.steps import Event, Step
from campaign.facts import Facts, MessageState
from campaign.reasons import Channel
from campaign.rules.consent import permission
from campaign.timeline.happenings import (
    Change,
    Happening,
    bought_again,
    click_of,
    clicked,
    consent_change,
    new_codes,
    order_news,
)
from campaign.timeline.outcomes import Outcome, outcomes
from campaign.timeline.walk import walk
from campaign.wire import OrderStatus

_SOON = timedelta(hours=1)
_PRECISION = timedelta(minutes=5)


@dataclass(frozen=True)
class WhatIf:
    """One change, and the first step whose messages it changes. ``before``: until when (None: whenever)."""

    change: str
    step: str
    otherwise: Outcome
    instead: Outcome
    before: datetime | None = None


def what_would_change(definition: Definition, facts: Facts, step: Step, now: datetime) -> list[WhatIf]:
    """Return every change that would make other messages of what is still to come, from a step on.

    ``facts`` and ``now``: as the campaign stands.
    """
    comparison = _Comparison(definition, facts, step, now)
    candidates = _candidates(definition, facts, now, comparison.usual)
    return [found for one in candidates if (found := comparison.changed_by(one))]


class _Comparison:
    """The walk as it stands, and what others differ from it in."""

    def __init__(self, definition: Definition, facts: Facts, step: Step, now: datetime) -> None:
        self._definition, self._facts, self._step, self._now = definition, facts, step, now
        self.usual = self._outcomes()

    def changed_by(self, one: Happening) -> WhatIf | None:
        changed = self._outcomes(one)
        different = self._first_difference(changed)
        if different is None:
            return None
        before = self._until_when(one, different) if one.at else None
        return WhatIf(one.text, different, self.usual[different], changed[different], before)

    def _outcomes(self, *happenings: Happening) -> dict[str, Outcome]:
        moments = walk(self._definition, self._facts, self._now, happenings, self._step.name)
        return outcomes(self._definition, moments)

    def _first_difference(self, changed: dict[str, Outcome]) -> str | None:
        return next(
            (name for name, one in self.usual.items() if one.messages != changed[name].messages), None
        )

    def _until_when(self, one: Happening, step: str) -> datetime | None:
        """Return until when the change still makes its difference, found by halving the time that is left."""
        over = self.usual[step].settled or max((m.at for m in self.usual[step].messages), default=None)
        if over is None or over <= self._now:
            return None
        works, not_any_more = self._now, over + _SOON
        if self._makes_it(one, not_any_more, step):
            return None
        while not_any_more - works > _PRECISION:
            middle = works + (not_any_more - works) / 2
            if self._makes_it(one, middle, step):
                works = middle
            else:
                not_any_more = middle
        return over if abs(not_any_more - over) <= _PRECISION else not_any_more

    def _makes_it(self, one: Happening, at: datetime, step: str) -> bool:
        return self._first_difference(self._outcomes(replace(one, at=at))) == step


def _candidates(
    definition: Definition, facts: Facts, now: datetime, usual: dict[str, Outcome]
) -> Iterator[Happening]:
    yield from _clicks(facts, now, usual)
    yield from _news(definition, facts, now)
    for offer in _run_out(definition, facts):
        yield new_codes(offer, now)
    for channel in Channel:
        yield from _about_channel(definition, facts, channel, now)
    customer = facts.customer
    if not customer.less:
        yield Happening("the customer chooses fewer messages", _customer(less=True), now)
    for channel in Channel:
        if customer.preferred != channel.value:
            named = f"the customer prefers {channel.label}"
            yield Happening(named, _customer(preferred=channel.value), now)
    yield bought_again(now)
    for status in (OrderStatus.CANCELLED, OrderStatus.REFUNDED):
        yield order_news(status, now)


def _clicks(facts: Facts, now: datetime, usual: dict[str, Outcome]) -> Iterator[Happening]:
    """Clicks in what was sent, and in what is still to be sent."""
    for message in facts.messages:
        sent = message.order_id == facts.order_id and message.state is MessageState.SENT
        if sent and not message.clicked:
            yield Happening(
                f"the {message.channel.label} of {message.step} is clicked",
                _click(message.step, message.channel),
                now,
            )
    for outcome in usual.values():
        for planned in outcome.messages:
            yield clicked(planned.step, planned.channel, _SOON)


def _click(step: str, channel: Channel) -> Change:
    return lambda facts, _now: click_of(facts, step, channel)


def _news(definition: Definition, facts: Facts, now: datetime) -> Iterator[Happening]:
    """What may still become of the order, as far as a step counts from it."""
    anchors = {anchor.event for step in definition.steps for anchor in step.anchors}
    for event in (Event.PROCESSED, Event.FULFILLED, Event.DELIVERED):
        if event in anchors and OrderStatus(event.value) not in facts.events:
            yield order_news(OrderStatus(event.value), now)


def _run_out(definition: Definition, facts: Facts) -> list[str]:
    """Return the offers of the campaign that have no codes left."""
    shown = {audience.offer for step in definition.steps for audience in step.audiences}
    return [name for name, stock in facts.offers.items() if name in shown and stock.empty_since is not None]


def _about_channel(
    definition: Definition, facts: Facts, channel: Channel, now: datetime
) -> Iterator[Happening]:
    customer = facts.customer
    granted = permission(definition, customer, channel)
    if channel not in customer.reachable:
        reachable = customer.reachable | {channel}
        what = {Channel.EMAIL: "an email address", Channel.SMS: "a phone number"}[channel]
        yield Happening(f"the customer gives {what}", _customer(reachable=reachable), now)
        both = _both(_customer(reachable=reachable), consent_change(channel, granted=True))
        yield Happening(f"the customer gives {what}, and consents to {channel.label}", both, now)
    elif channel in customer.suppressed:
        suppressed = customer.suppressed - {channel}
        yield Happening(f"{channel.label} reaches the customer again", _customer(suppressed=suppressed), now)
    elif granted.pending:
        change = consent_change(channel, granted=True)
        yield Happening(f"the customer confirms the consent for {channel.label}", change, now)
    elif granted.allowed:
        change = consent_change(channel, granted=False)
        yield Happening(f"the customer opts out of {channel.label}", change, now)
    else:
        change = consent_change(channel, granted=True)
        yield Happening(f"the customer consents to {channel.label}", change, now)


def _customer(**values: object) -> Change:
    return lambda facts, _now: replace(facts, customer=replace(facts.customer, **values))  # type: ignore[arg-type]


def _both(one: Callable[[Facts, datetime], Facts], other: Callable[[Facts, datetime], Facts]) -> Change:
    return lambda facts, now: other(one(facts, now), now)
