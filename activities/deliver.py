"""Deliver: check the facts once more, hand one message to its channel, never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from activities.interface import Delivered, DeliverRequest
from activities.links import Links
from campaign.decision import decide
from campaign.errors import ChannelError, ChannelRefused, ChannelUncertain
from campaign.facts import MessageState
from campaign.reasons import Channel, Reason
from channels.protocol import MessageChannel, Outgoing, Receipt
from storage.database import Database
from storage.messages import get_message, settle
from storage.runs import Loaded, load
from storage.tables import MessageRow


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
        ChannelBusy: the provider asks to wait; the message goes out later.
        ChannelError: the provider was not reached; the message goes out later.
        NotFound: no such message.
    """
    try:
        receipt = _find_earlier(database, channels, request)
        if receipt is None:
            attempt = _begin(database, request)
            if not isinstance(attempt, Outgoing):
                return Delivered(state=attempt)
            way_out = links.unsubscribe(attempt.id) if links else None
            receipt = channels[attempt.channel].send(replace(attempt, unsubscribe_url=way_out))
    except ChannelRefused:
        return _settle(database, request, MessageState.FAILED, Reason.FAILED)
    except ChannelUncertain:
        return _settle(database, request, MessageState.UNCONFIRMED, Reason.UNCONFIRMED)
    except ChannelError:
        _settle(database, request, MessageState.CLAIMED)
        raise
    return _settle(database, request, MessageState.SENT, receipt=receipt)


def _find_earlier(
    database: Database, channels: Mapping[Channel, MessageChannel], request: DeliverRequest
) -> Receipt | None:
    """Ask the provider about an attempt that was cut off; None if it never got there."""
    with database.transaction() as session:
        row = get_message(session, request.message_id)
        if row.state != MessageState.SENDING.value:
            return None
        outgoing = _outgoing(load(session, row.order_id, request.now), row, request.now)
    receipt = channels[outgoing.channel].find(outgoing, row.attempted_at or request.now)
    if receipt is None:
        _settle(database, request, MessageState.CLAIMED)
    return receipt


def _begin(database: Database, request: DeliverRequest) -> Outgoing | MessageState:
    """Move a claimed message to sending, if it may go now; else return its state."""
    with database.transaction() as session:
        loaded = load(session, get_message(session, request.message_id).order_id, request.now)
        row = get_message(session, request.message_id)
        if row.state != MessageState.CLAIMED.value or not _may_go(loaded, row, request.now):
            return MessageState(row.state)
        outgoing = _outgoing(loaded, row, request.now)
        row.recipient, row.attempted_at = outgoing.to, request.now
        settle(session, row, MessageState.SENDING, request.now)
        return outgoing


def _may_go(loaded: Loaded, row: MessageRow, now: datetime) -> bool:
    """Facts at send time: decide the step once more, with what is known now."""
    if row.text is None:
        return False
    step = loaded.definition.step(row.step)
    decision = decide(loaded.definition, loaded.facts, step, now)
    return Channel(row.channel) in (decision.send or {})


def _outgoing(loaded: Loaded, row: MessageRow, now: datetime) -> Outgoing:
    channel, customer = Channel(row.channel), loaded.customer
    address = customer.email if channel is Channel.EMAIL else customer.phone
    brand = loaded.definition.brand
    steps = [step.name for step in loaded.definition.steps]
    return Outgoing(
        id=row.id,
        order_id=row.order_id,
        step=row.step,
        position=steps.index(row.step) + 1,
        channel=channel,
        to=row.recipient or address or "",
        brand=brand.name,
        sender=brand.from_email,
        reply_to=brand.reply_to,
        unsubscribe=brand.unsubscribe_email,
        subject=row.subject,
        html=row.html,
        text=row.text or "",
        at=now,
    )


def _settle(
    database: Database,
    request: DeliverRequest,
    state: MessageState,
    reason: Reason | None = None,
    receipt: Receipt | None = None,
) -> Delivered:
    with database.transaction() as session:
        row = get_message(session, request.message_id)
        if receipt is not None:
            row.provider_id, row.sent_at = receipt.provider_id, receipt.at
        settle(session, row, state, request.now, reason)
        return Delivered(state=state)
