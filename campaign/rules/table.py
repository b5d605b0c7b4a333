"""The rules, as ordered tables. `campaign.rules.decision` reads them; nothing else decides anything.

A rule is a function that answers a `Verdict`, or None where it has nothing to say.
To add one, write it here and put it where its turn is (CONTRIBUTING.md).

The rules about a step say when to end the campaign, skip the step or wait with it: the first that speaks
decides. Those about a channel are handed the time at which the ones before would let a message go: they
block the channel, or move that time on; the last to move it names the reason. The holdout comes after
all of them, so that those who get nothing are those who would have been sent something.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from campaign.customers.joined_orders import has_gone
from campaign.definition.steps import StepChannels
from campaign.facts import MessageState, PastMessage
from campaign.reasons import Channel, Reason
from campaign.rules.caps import next_uncapped
from campaign.rules.question import Kind, Question, Verdict
from campaign.rules.quiet_hours import next_decent
from campaign.wire import OrderStatus

StepRule = Callable[[Question], Verdict | None]
ChannelRule = Callable[[Question, Channel, datetime], Verdict | None]

_SETTLED_AS = {
    MessageState.SENT: Reason.SENT,
    MessageState.UNCONFIRMED: Reason.UNCONFIRMED,
    MessageState.FAILED: Reason.FAILED,
    MessageState.SKIPPED: Reason.TOO_LATE,
    MessageState.HELD_OUT: Reason.HOLDOUT,
}
_CAME_TO_NOTHING = (MessageState.CLAIMED, MessageState.FAILED, MessageState.SKIPPED)


WAITS_FOR_CODE = (Reason.NO_COUPON, Reason.QUIET_HOURS)
"""How a step that waits for a coupon waits: a look that would fall into quiet hours is put off till after."""


def stopped(question: Question) -> Verdict | None:
    """A campaign that was stopped by request ends."""
    return Verdict(Kind.EXIT, Reason.STOPPED) if question.facts.stopped else None


def cancelled(question: Question) -> Verdict | None:
    """The campaign of a cancelled order ends."""
    return _lost(question, OrderStatus.CANCELLED, Reason.CANCELLED)


def refunded(question: Question) -> Verdict | None:
    """The campaign of a refunded order ends."""
    return _lost(question, OrderStatus.REFUNDED, Reason.REFUNDED)


def repurchased(question: Question) -> Verdict | None:
    """The campaign of an order ends once a newer one was placed and kept.

    What the database knows of an order wins over the signal `repurchased` that names it: a newer order that
    is lost by now ends nothing. An order that only the signal knows is taken to be kept.
    """
    facts = question.facts
    mine = (facts.placed_at, facts.order_id)
    newer = any(o.kept and (o.placed_at, o.order_id) > mine for o in facts.orders)
    named = facts.repurchased_by
    lost = named is not None and any(o.order_id == named and not o.kept for o in facts.orders)
    return Verdict(Kind.EXIT, Reason.REPURCHASED) if newer or (named and not lost) else None


def renewal(question: Question) -> Verdict | None:
    """A step that is not for renewals is skipped for one, unless it speaks for an order joined with it."""
    step, facts = question.step, question.facts
    if step.renewals or not facts.own.renewal or (question.about and not has_gone(step, facts)):
        return None
    return Verdict(Kind.SKIP, Reason.RENEWAL)


def awaiting_event(question: Question) -> Verdict | None:
    """As long as the event that makes the step due has not happened, it waits until its window ends."""
    span = question.window
    if span.due is not None:
        return None
    if question.now < span.latest:
        return Verdict(Kind.WAIT, Reason.AWAITING_EVENT, span.latest)
    return Verdict(Kind.SKIP, Reason.AWAITING_EVENT)


def too_late(question: Question) -> Verdict | None:
    """Past its window, or due after it, a step is skipped: nothing comes late."""
    span = question.window
    late = span.due is not None and max(span.due, question.now) > span.latest
    return Verdict(Kind.SKIP, Reason.TOO_LATE) if late else None


def not_due(question: Question) -> Verdict | None:
    """Before it is due, a step waits."""
    due = question.window.due
    return Verdict(Kind.WAIT, Reason.NOT_DUE, due) if due and question.now < due else None


def joined(question: Question) -> Verdict | None:
    """Of orders placed close together one has the step's message, about all that were there by then."""
    return Verdict(Kind.SKIP, Reason.JOINED) if has_gone(question.step, question.facts) else None


def returned(question: Question) -> Verdict | None:
    """Nothing is written about an order of which everything came back. Said when due: it may be exchanged."""
    nothing_left = question.facts.own.returned and not question.about
    return Verdict(Kind.SKIP, Reason.RETURNED) if nothing_left else None


def reviewed(question: Question) -> Verdict | None:
    """A review request has nothing left to request once everything kept has been reviewed."""
    if not question.step.review or not question.about or not all(o.reviewed for o in question.about):
        return None
    return Verdict(Kind.SKIP, Reason.REVIEWED)


def no_audience(question: Question) -> Verdict | None:
    """A step that has nothing for the customer's segment is skipped."""
    return None if question.audience else Verdict(Kind.SKIP, Reason.NO_AUDIENCE)


def settled(question: Question, channel: Channel, _at: datetime) -> Verdict | None:
    """What was sent, failed or given up on this channel is done, for good."""
    message = question.mine.get(channel)
    if message is None or not message.state.settled:
        return None
    return Verdict(Kind.SKIP, _SETTLED_AS[message.state])


def no_address(question: Question, channel: Channel, _at: datetime) -> Verdict | None:
    """Without an address there is nothing to send to."""
    return None if channel in question.facts.customer.reachable else Verdict(Kind.SKIP, Reason.NO_ADDRESS)


def not_permitted(question: Question, channel: Channel, _at: datetime) -> Verdict | None:
    """Without consent, or to a suppressed address, nothing is sent but the one question."""
    allowed = question.permissions[channel]
    if allowed.reason is None or (allowed.pending and not question.opt_in_requested):
        return None
    return Verdict(Kind.SKIP, allowed.reason)


def follow_up(question: Question, channel: Channel, at: datetime) -> Verdict | None:
    """Of ``email_then_sms`` the SMS follows some time after the email was sent, unless that was clicked.

    It is not known what became of an unconfirmed email, so that no SMS follows it.
    """
    if question.step.channels is not StepChannels.EMAIL_THEN_SMS or channel is not Channel.SMS:
        return None
    pause, email = question.step.sms_after, question.mine.get(Channel.EMAIL)
    if _is_to_come(question, email):
        return Verdict(Kind.WAIT, Reason.AWAITING_CLICK, at + pause)
    if email is None or email.state in _CAME_TO_NOTHING:
        return None
    if email.state is MessageState.UNCONFIRMED:
        return Verdict(Kind.SKIP, Reason.UNCONFIRMED)
    if email.clicked:
        return Verdict(Kind.SKIP, Reason.ENGAGED)
    return _wait(Reason.AWAITING_CLICK, at, email.at + pause)


def min_gap(question: Question, _channel: Channel, at: datetime) -> Verdict | None:
    """Two steps of one campaign keep their distance (``timing.min_gap``), on whatever channel."""
    gap = question.definition.timing.min_gap
    mine = [m.at + gap for m in question.others if m.order_id == question.facts.order_id]
    return _wait(Reason.SPACED, at, max(mine, default=at))


def less_gap(question: Question, _channel: Channel, at: datetime) -> Verdict | None:
    """Who chose fewer messages gets them further apart (``timing.less_gap``), over all campaigns."""
    if not question.facts.customer.less:
        return None
    gap = question.definition.timing.less_gap
    return _wait(Reason.SPACED, at, max((m.at + gap for m in question.others), default=at))


def caps(question: Question, channel: Channel, at: datetime) -> Verdict | None:
    """No more messages in any stretch of time than the campaign's caps allow."""
    return _wait(Reason.CAPPED, at, next_uncapped(question.definition.caps, channel, _rivals(question), at))


def legal_caps(question: Question, channel: Channel, at: datetime) -> Verdict | None:
    """No more SMS in any stretch of time than the law allows where the customer may be."""
    limits = [cap for law in question.laws(channel) for cap in law.sms_caps]
    return _wait(Reason.CAPPED, at, next_uncapped(limits, channel, _rivals(question), at)) if limits else None


def no_coupon(question: Question, channel: Channel, at: datetime) -> Verdict | None:
    """Where its offer has no code to give, a message waits for one, and then goes without the offer."""
    until = None if question.permissions[channel].pending else question.coupon(at).until
    return None if until is None else _wait(Reason.NO_COUPON, at, until)


def quiet_hours(question: Question, channel: Channel, at: datetime) -> Verdict | None:
    """Only at a decent time of day, by the campaign and by the law, wherever the customer may be."""
    own, shop_zone = question.definition.quiet_hours.get(channel), question.definition.shop.time_zone
    legal = [law.hours for law in question.laws(channel)]
    decent = next_decent(own, legal, question.whereabouts, shop_zone, at)
    if decent is None:
        return Verdict(Kind.SKIP, Reason.QUIET_HOURS)
    return _wait(Reason.QUIET_HOURS, at, decent)


def holdout(question: Question) -> Verdict | None:
    """A customer of the holdout is sent nothing; what would have gone now is recorded as a ghost."""
    return Verdict(Kind.SKIP, Reason.HOLDOUT) if question.facts.holdout else None


STEP_RULES: tuple[StepRule, ...] = (
    stopped,
    cancelled,
    refunded,
    repurchased,
    renewal,
    awaiting_event,
    too_late,
    not_due,
    joined,
    returned,
    reviewed,
    no_audience,
)
CHANNEL_RULES: tuple[ChannelRule, ...] = (
    settled,
    no_address,
    not_permitted,
    follow_up,
    min_gap,
    less_gap,
    caps,
    legal_caps,
    no_coupon,
    quiet_hours,
)
LAST_RULE: StepRule = holdout


def _lost(question: Question, status: OrderStatus, reason: Reason) -> Verdict | None:
    """End the campaign of a lost order, but for a step that still speaks for the ones joined with it.

    It has ended their campaigns when it was placed: without it nobody would thank for them.
    """
    if status not in question.facts.events:
        return None
    still_speaks = question.step.joins and question.about and not has_gone(question.step, question.facts)
    return None if still_speaks else Verdict(Kind.EXIT, reason)


def _wait(reason: Reason, at: datetime, until: datetime) -> Verdict | None:
    return Verdict(Kind.WAIT, reason, until) if until > at else None


def _is_to_come(question: Question, email: PastMessage | None) -> bool:
    """Return whether an email is still to be sent, as far as is known."""
    if email is None or email.state is MessageState.CLAIMED:
        return question.usable(Channel.EMAIL).allowed
    return email.state is MessageState.SENDING


def _rivals(question: Question) -> list[PastMessage]:
    """Return the messages that take slots: all but the claims that older campaigns still hold.

    An order ends the campaigns of those before it, and a claim is decided again before it is sent: the
    win-back that they still hold back takes no slot from the thank-you for the new order.
    """
    return [
        m
        for m in question.others
        if m.state is not MessageState.CLAIMED or m.order_id not in question.older_orders
    ]
