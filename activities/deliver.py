"""Deliver: check the facts once more, hand one message to its channel, never twice.

A row is moved to `sending`, committed, before its provider receives it. From then on only an answer moves it:
one that says that nothing was accepted gives it back (`claimed`), one that cannot be had leaves it
`sending`, and every later attempt looks up what became of it and does not send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from activities.coupons import coupon_of_message
from activities.interface import Delivered, DeliverRequest
from activities.links import Links
from activities.outcome import Attempt, reclaim, refuse, stop, succeed, unconfirm
from activities.segment import claim_of, fits
from campaign.definition.steps import Step
from campaign.errors import (
    ChannelBusy,
    ChannelError,
    ChannelPending,
    ChannelRefused,
    ChannelStopped,
    ChannelUncertain,
)
from campaign.facts import MessageState
from campaign.reasons import Channel
from campaign.rules.decision import decide
from campaign.rules.limits import limits_of
from campaign.rules.question import Question
from channels.protocol import MessageChannel, Outgoing, Receipt
from storage.database import Database
from storage.queries.campaigns.facts import RunFacts, RunMessage, load_run_of
from storage.queries.messages.channel_stops import PROBE_EVERY, wait_for
from storage.queries.messages.messages import Body, begin_sending, get_message, other_provider_ids
from storage.queries.people.locks import lock_messages

ASK_AFTER = timedelta(seconds=15)
"""How soon to look up what became of an attempt without an answer."""


@dataclass(frozen=True)
class _Opened:
    """What is to be done now: `earlier` to find out about an attempt, else to send.

    ``probed``: the message's channel, if it was stopped and this message tries whether it works again.
    """

    outgoing: Outgoing
    attempt: Attempt
    earlier: bool
    probed: Channel | None = None


def deliver(
    database: Database,
    channels: Mapping[Channel, MessageChannel],
    request: DeliverRequest,
    links: Links | None = None,
) -> Delivered:
    """Send a claimed message, or find out what became of an earlier attempt.

    ``request.now`` is the business time of this attempt. `MessageState.CLAIMED` is answered when
    the facts of this moment speak against sending: the step is to be decided again.

    Raises:
        ChannelBusy: the message goes out later, or (`ChannelPending`) it will be known later whether it did.
        ChannelError: the provider was not reached; try again later.
        NotFound: no such message.
    """
    opened = _open(database, request)
    if not isinstance(opened, _Opened):
        return Delivered(state=opened)
    channel = channels[opened.outgoing.channel]
    if not opened.earlier:
        return _answer(_send(database, channel, opened, links))
    state = _find(database, channel, opened)
    if state is MessageState.CLAIMED:
        return deliver(database, channels, request, links)
    return _answer(state)


def _answer(state: MessageState) -> Delivered:
    """Answer with a message's state, unless another attempt is still at it.

    Raises:
        ChannelPending: it is.
    """
    if state is MessageState.SENDING:
        msg = "another attempt is under way"
        raise ChannelPending(msg, ASK_AFTER)
    return Delivered(state=state)


def _send(database: Database, channel: MessageChannel, opened: _Opened, links: Links | None) -> MessageState:
    attempt = opened.attempt
    way_out = links.unsubscribe(attempt.message_id) if links else None
    try:
        receipt = channel.send(replace(opened.outgoing, unsubscribe_url=way_out))
    except ChannelRefused as refusal:
        return refuse(database, attempt, refusal, channel.name)
    except ChannelStopped as error:
        stop(database, attempt, error.provider_code)
        msg = "the channel is stopped"
        raise ChannelBusy(msg, PROBE_EVERY) from None
    except (ChannelPending, ChannelUncertain):
        msg = "the provider's answer was lost"
        raise ChannelPending(msg, ASK_AFTER) from None
    except ChannelError:
        reclaim(database, attempt)
        raise
    return succeed(database, attempt, receipt, opened.probed)


def _find(database: Database, channel: MessageChannel, opened: _Opened) -> MessageState:
    """Look up an earlier attempt. Whatever goes wrong leaves the message as it is."""
    attempt = opened.attempt
    try:
        receipt: Receipt | None = channel.find(opened.outgoing, attempt.at)
    except ChannelUncertain:
        return unconfirm(database, attempt)
    except ChannelStopped as error:
        stop(database, attempt, error.provider_code, keep=True)
        msg = "the channel is stopped: nothing can be looked up"
        raise ChannelPending(msg, PROBE_EVERY) from None
    if receipt is None:
        return reclaim(database, attempt)
    return succeed(database, attempt, receipt, None)


def _open(database: Database, request: DeliverRequest) -> _Opened | MessageState:
    """Take the message on under its customer's locks, or return the state that says there is nothing to do.

    Raises:
        ChannelBusy: the channel is stopped.
    """
    with database.transaction() as session:
        lock_messages(session, [request.message_id])
        run = load_run_of(session, request.message_id)
        message = run.messages[request.message_id]
        if message.state is MessageState.SENDING:
            return _earlier(session, run, request)
        if message.state is not MessageState.CLAIMED:
            return message.state
        if not _may_go(run, message, request.now):
            return MessageState.CLAIMED
        _wait_for_channel(session, run, message.channel, request.now)
        return _begin(session, run, message, request.now)


def _wait_for_channel(session: Session, run: RunFacts, channel: Channel, now: datetime) -> None:
    """Let a message pass whose channel is not stopped, or that takes the turn to probe it.

    Raises:
        ChannelBusy: the channel is stopped.
    """
    if channel in run.stops and (wait := wait_for(session, channel, now)):
        msg = "the channel is stopped"
        raise ChannelBusy(msg, wait)


def _begin(session: Session, run: RunFacts, message: RunMessage, now: datetime) -> _Opened | MessageState:
    to, address = run.contact.addresses[message.channel], run.contact.keys[message.channel]
    body = begin_sending(session, message.id, to, address, now)
    if body is None:
        return MessageState.CLAIMED
    probed = message.channel if message.channel in run.stops else None
    attempt = Attempt(message.id, now, now, coupon_of_message(run, message))
    limits = limits_of(
        Question(run.definition, run.facts, _step(run, message), now), message.channel, message.latest
    )
    outgoing = replace(
        _outgoing(run, message, to, body, now), deliver_by=limits.deliver_by, track_opens=limits.track_opens
    )
    return _Opened(outgoing, attempt, earlier=False, probed=probed)


def _step(run: RunFacts, message: RunMessage) -> Step:
    return run.definition.step(message.step)


def _earlier(session: Session, run: RunFacts, request: DeliverRequest) -> _Opened:
    row = get_message(session, request.message_id)
    message, body = run.messages[row.id], Body(row.subject, row.html, row.text or "")
    known = other_provider_ids(session, row) if message.channel is Channel.SMS else frozenset()
    outgoing = _outgoing(run, message, row.recipient or "", body, request.now)
    attempt = Attempt(row.id, row.attempted_at or request.now, request.now, coupon_of_message(run, message))
    return _Opened(replace(outgoing, known_ids=known), attempt, earlier=True)


def _may_go(run: RunFacts, message: RunMessage, now: datetime) -> bool:
    """Facts at send time: decide the step once more; the claim must still be what is decided now."""
    step = _step(run, message)
    decision = decide(run.definition, run.facts, step, now)
    permission = (decision.send or {}).get(message.channel)
    if permission is None or not message.written:
        return False
    return fits(message, claim_of(run, step, message.channel, permission, decision, now))


def _outgoing(run: RunFacts, message: RunMessage, to: str, body: Body, now: datetime) -> Outgoing:
    brand = run.definition.brand
    steps = [step.name for step in run.definition.steps]
    return Outgoing(
        id=message.id,
        order_id=run.order_id,
        step=message.step,
        position=steps.index(message.step) + 1,
        channel=message.channel,
        to=to,
        brand=brand.name,
        sender=brand.from_email,
        reply_to=brand.reply_to,
        unsubscribe=brand.unsubscribe_email,
        subject=body.subject,
        html=body.html,
        text=body.text,
        at=now,
        resend_after=run.definition.delivery.resend_email_after,
    )
