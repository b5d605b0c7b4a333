"""The decision: (definition, facts, step, now) -> wait until, skip, exit or send, and why.

Every rule stands here once, and the reasons are a closed set (`campaign.reasons.Reason`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaign.customers.history import segment_of
from campaign.definition.model import Definition, Step, StepChannels
from campaign.facts import Facts, MessageState, PastMessage
from campaign.places.law import legal_caps
from campaign.places.zones import whereabouts
from campaign.reasons import Channel, Reason
from campaign.rules.caps import next_uncapped
from campaign.rules.channel_choice import channels_of, usable
from campaign.rules.consent import NOT_ALLOWED, Permission, permission
from campaign.rules.quiet_hours import next_decent
from campaign.rules.timing import Window, window
from campaign.wire import OrderStatus


class Kind(StrEnum):
    """What to do with a step now."""

    WAIT = "wait"
    SKIP = "skip"
    EXIT = "exit"
    SEND = "send"


@dataclass(frozen=True)
class Decision:
    """What to do with a step now, and why.

    ``until`` is set for `Kind.WAIT`. ``send`` maps the channels to use now to the permission they
    are used under; ``blocked`` maps the step's other channels to their reasons; ``more`` says that
    another channel of the step is still to come, so that the step must be asked about again.
    """

    kind: Kind
    reason: Reason
    segment: str
    window: Window
    until: datetime | None = None
    send: dict[Channel, Permission] | None = None
    blocked: dict[Channel, Reason] | None = None
    more: bool = False


@dataclass(frozen=True)
class _Option:
    """One channel's answer: usable from ``at`` (None: never), held back by ``reason``."""

    at: datetime | None
    reason: Reason
    permission: Permission = NOT_ALLOWED


def decide(definition: Definition, facts: Facts, step: Step, now: datetime) -> Decision:
    """Decide a step. ``now`` is the workflow's time (aware).

    Order of the rules: reasons to end the campaign, the holdout, the step's window, its audience,
    then channel by channel address, consent, caps, gap and quiet hours.
    """
    segment = segment_of(definition, facts.orders, facts.currency)
    span = window(definition, step, facts)
    reason = _reason_to_exit(facts)
    if reason:
        return Decision(Kind.EXIT, reason, segment, span)
    if facts.holdout:
        return Decision(Kind.SKIP, Reason.HOLDOUT, segment, span)
    early = _outside_window(span, now)
    if early and early[1] is Reason.NOT_DUE:
        return Decision(*early, segment, span, until=_first_chance(definition, facts, step, span))
    if early:
        return Decision(*early, segment, span, until=span.latest if early[0] is Kind.WAIT else None)
    audience = step.audience(segment)
    if audience is None:
        return Decision(Kind.SKIP, Reason.NO_AUDIENCE, segment, span)
    options = {
        channel: _option(definition, facts, step, channel, now)
        for channel in channels_of(definition, facts, step, audience)
    }
    return _choose(options, Decision(Kind.SKIP, Reason.NO_AUDIENCE, segment, span), now)


def _reason_to_exit(facts: Facts) -> Reason | None:
    if facts.stopped:
        return Reason.STOPPED
    if OrderStatus.CANCELLED in facts.events:
        return Reason.CANCELLED
    if OrderStatus.REFUNDED in facts.events:
        return Reason.REFUNDED
    mine = (facts.placed_at, facts.order_id)
    newer = any(o.kept and (o.placed_at, o.order_id) > mine for o in facts.orders)
    return Reason.REPURCHASED if facts.repurchased or newer else None


def _outside_window(span: Window, now: datetime) -> tuple[Kind, Reason] | None:
    if span.due is None:
        return (Kind.WAIT if now < span.latest else Kind.SKIP), Reason.AWAITING_EVENT
    if max(span.due, now) > span.latest:
        return Kind.SKIP, Reason.TOO_LATE
    return (Kind.WAIT, Reason.NOT_DUE) if now < span.due else None


def _first_chance(definition: Definition, facts: Facts, step: Step, span: Window) -> datetime:
    """Return when the step could first be sent, as far as is known: a night is waited for once, not twice."""
    due = span.due or span.latest
    return decide(definition, facts, step, due).until or due


def _option(definition: Definition, facts: Facts, step: Step, channel: Channel, now: datetime) -> _Option:
    done = facts.mine(step.name).get(channel)
    if done and done.state.settled:
        return _Option(None, _settled_reason(done.state))
    if channel not in facts.customer.reachable:
        return _Option(None, Reason.NO_ADDRESS)
    allowed = permission(definition, facts.customer, channel)
    if allowed.reason and not (allowed.pending and not facts.customer.asked_to_confirm):
        return _Option(None, allowed.reason)
    follows = _follows(definition, facts, step, channel, now)
    if follows.at is None:
        return follows
    at, reason = _earliest(definition, facts, step, channel, follows.at)
    latest = window(definition, step, facts).latest
    held_back = follows.reason if at == follows.at else reason
    return _Option(at if at and at <= latest else None, held_back, allowed)


def _follows(definition: Definition, facts: Facts, step: Step, channel: Channel, now: datetime) -> _Option:
    """Of ``email_then_sms``, return from when on the SMS may follow: unless the email was opened.

    What became of an unconfirmed email nobody can tell, so that no SMS follows it.
    """
    if step.channels is not StepChannels.EMAIL_THEN_SMS or channel is not Channel.SMS:
        return _Option(now, Reason.DUE)
    email = facts.mine(step.name).get(Channel.EMAIL)
    if email is None or email.state in (MessageState.FAILED, MessageState.SKIPPED):
        waits = email is None and usable(definition, facts, Channel.EMAIL).allowed
        return _Option(now + step.sms_after if waits else now, Reason.AWAITING_CLICK if waits else Reason.DUE)
    if email.state is MessageState.UNCONFIRMED:
        return _Option(None, Reason.UNCONFIRMED)
    if email.engaged:
        return _Option(None, Reason.ENGAGED)
    at = max(now, email.at + step.sms_after)
    return _Option(at, Reason.AWAITING_CLICK if at > now else Reason.DUE)


def _settled_reason(state: MessageState) -> Reason:
    return {
        MessageState.SENT: Reason.SENT,
        MessageState.UNCONFIRMED: Reason.UNCONFIRMED,
        MessageState.FAILED: Reason.FAILED,
    }.get(state, Reason.TOO_LATE)


def _earliest(
    definition: Definition, facts: Facts, step: Step, channel: Channel, now: datetime
) -> tuple[datetime | None, Reason]:
    """Return the first instant that caps, gap and quiet hours all allow, and what held it back last."""
    others = [m for m in facts.messages if (m.order_id, m.step) != (facts.order_id, step.name)]
    own = [m.at for m in others if m.order_id == facts.order_id and m.state.counts]
    spaced = max([now, *(at + definition.timing.min_gap for at in own)])
    if facts.customer.less:
        spaced = max([spaced, *(m.at + definition.timing.less_gap for m in others if m.state.counts)])
    caps = [*definition.caps, *legal_caps(whereabouts(facts.customer, definition.shop.country))]
    uncapped = next_uncapped(caps, channel, [m for m in others if not _void(facts, m)], spaced)
    at = next_decent(definition, facts.customer, channel, uncapped)
    if at is None or at > uncapped:
        return at, Reason.QUIET_HOURS
    if uncapped > spaced:
        return at, Reason.CAPPED
    return at, Reason.SPACED if spaced > now else Reason.DUE


def _void(facts: Facts, message: PastMessage) -> bool:
    """Say whether a claimed message of an older campaign of the customer will not be sent any more.

    An order ends the campaigns of those before it, and a claim is decided again before it is sent: the
    win-back that they still hold back takes no slot from the thank-you for the new order.
    """
    if message.state is not MessageState.CLAIMED:
        return False
    mine = (facts.placed_at, facts.order_id)
    known = {order.order_id: (order.placed_at, order.order_id) for order in facts.orders}
    return message.order_id in known and known[message.order_id] < mine


def _choose(options: dict[Channel, _Option], base: Decision, now: datetime) -> Decision:
    """Send what may go now; wait for the first of what may go later; skip when nothing can."""
    ready = {c: o.permission for c, o in options.items() if o.at is not None and o.at <= now}
    later = sorted((o.at, o.reason) for o in options.values() if o.at is not None and o.at > now)
    blocked = {c: o.reason for c, o in options.items() if o.at is None}
    if ready:
        return Decision(
            Kind.SEND, Reason.DUE, base.segment, base.window,
            send=ready, blocked=blocked, more=bool(later),
        )  # fmt: skip
    if later:
        until, reason = later[0]
        return Decision(Kind.WAIT, reason, base.segment, base.window, until=until, blocked=blocked)
    return Decision(Kind.SKIP, _main_reason(blocked), base.segment, base.window, blocked=blocked)


def _main_reason(blocked: dict[Channel, Reason]) -> Reason:
    """Of several channels' reasons, name the one that came closest to a message."""
    return min(blocked.values(), key=lambda reason: reason.rank, default=Reason.NO_AUDIENCE)
