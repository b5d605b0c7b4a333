"""Deliver: check the facts once more, hand one message to its channel, never twice.

A row is moved to `sending`, committed, before its provider hears of it. From then on only an answer moves it:
one that says that nothing was accepted gives it back (`claimed`), one that cannot be had leaves it
`sending`, and every later attempt asks what became of it and does not send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from activities.interface import Delivered, DeliverRequest
from activities.links import Links
from activities.outcome import Attempt, refuse, release, stop, succeed, unconfirm
from campaign.definition.model import Definition
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
from storage.queries.channel_stops import PROBE_EVERY, wait_for
from storage.queries.customers import addresses_of
from storage.queries.messages import lock_message, other_provider_ids, settle
from storage.queries.runs import Loaded, get_run, load, load_definition
from storage.tables import MessageRow

ASK_AFTER = timedelta(seconds=15)
"""How soon to ask what became of an attempt without an answer."""


@dataclass(frozen=True)
class _Opened:
    """What is to be done now: `earlier` to find out about an attempt, else to send."""

    outgoing: Outgoing
    attempt: Attempt
    earlier: bool


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
        release(database, attempt)
        raise
    return succeed(database, attempt, receipt, sent_now=True)


def _find(database: Database, channel: MessageChannel, opened: _Opened) -> MessageState:
    """Ask about an earlier attempt. Whatever goes wrong leaves the message as it is."""
    attempt = opened.attempt
    try:
        receipt: Receipt | None = channel.find(opened.outgoing, attempt.at)
    except ChannelUncertain:
        return unconfirm(database, attempt)
    except ChannelStopped as error:
        stop(database, attempt, error.provider_code, keep=True)
        msg = "the channel is stopped: it cannot be asked"
        raise ChannelPending(msg, PROBE_EVERY) from None
    if receipt is None:
        return release(database, attempt)
    return succeed(database, attempt, receipt, sent_now=False)


def _open(database: Database, request: DeliverRequest) -> _Opened | MessageState:
    """Take the message on under its customer's lock, or return the state that says there is nothing to do.

    Raises:
        ChannelBusy: the channel is stopped.
    """
    with database.transaction() as session:
        row = lock_message(session, request.message_id)
        if row.state == MessageState.SENDING.value:
            return _earlier(session, row, request.now)
        if row.state != MessageState.CLAIMED.value:
            return MessageState(row.state)
        loaded = load(session, row.order_id, request.now)
        if not _may_go(loaded, row, request.now):
            return MessageState.CLAIMED
        if wait := wait_for(session, Channel(row.channel), request.now):
            msg = "the channel is stopped"
            raise ChannelBusy(msg, wait)
        return _begin(session, loaded, row, request.now)


def _begin(session: Session, loaded: Loaded, row: MessageRow, now: datetime) -> _Opened | MessageState:
    row.recipient, row.attempted_at = addresses_of(loaded.customer)[Channel(row.channel)], now
    settle(session, row, MessageState.SENDING, now)
    if row.state != MessageState.SENDING.value:
        return MessageState(row.state)
    question = Question(loaded.definition, loaded.facts, loaded.definition.step(row.step), now)
    limits = limits_of(question, Channel(row.channel), row.latest_at)
    outgoing = replace(
        _outgoing(loaded.definition, row, now), deliver_by=limits.deliver_by, track_opens=limits.track_opens
    )
    return _Opened(outgoing, Attempt(row.id, now, now), earlier=False)


def _earlier(session: Session, row: MessageRow, now: datetime) -> _Opened:
    definition = load_definition(session, get_run(session, row.order_id).digest)
    known = other_provider_ids(session, row) if row.channel == Channel.SMS else frozenset()
    outgoing = replace(_outgoing(definition, row, now), known_ids=known)
    return _Opened(outgoing, Attempt(row.id, row.attempted_at or now, now), earlier=True)


def _may_go(loaded: Loaded, row: MessageRow, now: datetime) -> bool:
    """Facts at send time: decide the step once more, with what is known now."""
    if row.text is None:
        return False
    step = loaded.definition.step(row.step)
    decision = decide(loaded.definition, loaded.facts, step, now)
    return Channel(row.channel) in (decision.send or {})


def _outgoing(definition: Definition, row: MessageRow, now: datetime) -> Outgoing:
    brand = definition.brand
    steps = [step.name for step in definition.steps]
    return Outgoing(
        id=row.id,
        order_id=row.order_id,
        step=row.step,
        position=steps.index(row.step) + 1,
        channel=Channel(row.channel),
        to=row.recipient or "",
        brand=brand.name,
        sender=brand.from_email,
        reply_to=brand.reply_to,
        unsubscribe=brand.unsubscribe_email,
        subject=row.subject,
        html=row.html,
        text=row.text or "",
        at=now,
    )
