"""What an attempt's outcome does to its message, its address and its channel.

Between an attempt and its outcome a provider's callback may have settled the message, or another attempt
taken over. So each outcome is written under the customer's lock, over what is there by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel import Session

from campaign.errors import ChannelOptedOut, ChannelRefused
from campaign.facts import MessageState
from campaign.offers.coupons import HeldCoupon
from campaign.reasons import Channel, Reason
from campaign.wire import Consent
from channels.protocol import Receipt
from counters import COUPONS_ISSUED
from storage.database import Database
from storage.queries.coupons.settling import issue_coupon
from storage.queries.messages.channel_stops import resume_if_accepted, stop_channel
from storage.queries.messages.messages import lock_message, move_message, record_acceptance
from storage.queries.people.consents import record_opt_out, suppress
from storage.queries.people.customers import get_customer
from storage.tables import MessageRow

log = structlog.get_logger()

_KNOWN_BETTER = (MessageState.SENT.value, MessageState.FAILED.value)


@dataclass(frozen=True)
class Attempt:
    """One attempt at a message: ``at`` is when it began, ``now`` the business time of what is done now.

    ``coupon``: the customer's own that the message shows, if any.
    """

    message_id: str
    at: datetime
    now: datetime
    coupon: HeldCoupon | None = None


def succeed(database: Database, attempt: Attempt, receipt: Receipt, probed: Channel | None) -> MessageState:
    """Record that the provider has the message; return its state.

    ``probed`` is the message's channel, if it was stopped and this attempt tried whether it works again.

    That holds over all but what a callback has reported since: also over a claim, for a message that is
    known to be sent must not go out again.
    """
    with database.transaction() as session:
        provider_id = receipt.provider_id or None
        if record_acceptance(session, attempt.message_id, attempt.at, provider_id, receipt.at):
            _issue(session, attempt, receipt.at)
            if probed:
                _works_again(session, probed)
            return MessageState.SENT
    with database.transaction() as session:
        row = lock_message(session, attempt.message_id)
        row.provider_id = row.provider_id or provider_id
        row.sent_at = row.sent_at or receipt.at
        session.add(row)
        _issue(session, attempt, receipt.at)
        if row.state not in _KNOWN_BETTER:
            move_message(session, row, MessageState.SENT, attempt.now)
        return MessageState(row.state)


def refuse(database: Database, attempt: Attempt, refusal: ChannelRefused, provider: str) -> MessageState:
    """Fail the message with the provider's code; suppress an address that is invalid or has opted out."""
    with database.transaction() as session:
        row = lock_message(session, attempt.message_id)
        if _is_mine(row, attempt):
            move_message(
                session, row, MessageState.FAILED, attempt.now, Reason.FAILED, refusal.provider_code or None
            )
        source = f"{provider} {refusal.provider_code}"
        if isinstance(refusal, ChannelOptedOut):
            _suppress(session, row, "opted_out", source, attempt.now)
            _revoke(session, row, source, attempt.now)
        elif refusal.invalid_address:
            _suppress(session, row, "invalid", source, attempt.now)
        _works_again(session, Channel(row.channel))
        return MessageState(row.state)


def reclaim(database: Database, attempt: Attempt) -> MessageState:
    """Claim a message again that was certainly not accepted: it may be sent later."""
    return _move(database, attempt, MessageState.CLAIMED)


def unconfirm(database: Database, attempt: Attempt) -> MessageState:
    """Settle a message of which it is not known whether it was accepted."""
    return _move(database, attempt, MessageState.UNCONFIRMED, Reason.UNCONFIRMED)


def stop(database: Database, attempt: Attempt, code: str, *, keep: bool = False) -> None:
    """Stop the message's channel with one alert; give the message back, unless it is to be kept."""
    with database.transaction() as session:
        row = lock_message(session, attempt.message_id)
        if not keep and _is_mine(row, attempt):
            move_message(session, row, MessageState.CLAIMED, attempt.now)
        channel = Channel(row.channel)
        stopped = stop_channel(session, channel, code, attempt.now)
    if stopped:
        log.error("channel stopped", channel=channel.value, code=code)


def _move(
    database: Database, attempt: Attempt, state: MessageState, reason: Reason | None = None
) -> MessageState:
    with database.transaction() as session:
        row = lock_message(session, attempt.message_id)
        if _is_mine(row, attempt):
            move_message(session, row, state, attempt.now, reason)
            if state is MessageState.UNCONFIRMED:
                _issue(session, attempt, attempt.now)
        return MessageState(row.state)


def _issue(session: Session, attempt: Attempt, at: datetime) -> None:
    """The customer has the message's coupon now, or may have."""
    if attempt.coupon and issue_coupon(session, attempt.coupon.id, at):
        COUPONS_ISSUED.labels(attempt.coupon.offer).inc()


def _is_mine(row: MessageRow, attempt: Attempt) -> bool:
    """Whether nothing has settled the message since, and no other attempt has begun."""
    return row.state == MessageState.SENDING.value and row.attempted_at == attempt.at


def _works_again(session: Session, channel: Channel) -> None:
    if resume_if_accepted(session, channel):
        log.info("channel resumed", channel=channel.value)


def _suppress(session: Session, row: MessageRow, reason: str, source: str, now: datetime) -> None:
    if row.recipient:
        suppress(session, Channel(row.channel), row.recipient, reason, source, now)


def _revoke(session: Session, row: MessageRow, source: str, now: datetime) -> None:
    """Enter the opt-out into the ledger: it holds for the address, whoever has it."""
    consent = Consent(channel=Channel(row.channel), state="revoked", source=source, at=now)
    record_opt_out(session, get_customer(session, row.customer_id), consent, row.recipient, now)
