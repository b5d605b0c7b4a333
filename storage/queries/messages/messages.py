"""Messages: claimed under the customer's locks, then sending, then settled. Never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, update
from sqlmodel import Session, col, select

from campaign.delivery import merged_state
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel, Reason
from storage.inserts import insert_row
from storage.queries.campaigns.facts import RunMessage
from storage.queries.people.locks import lock_messages
from storage.rows import get_row
from storage.tables import MessageEventRow, MessageRow

ID_LENGTH = 20

_THIS = col(MessageRow.id) == bindparam("message")
_REFRESH = (
    update(MessageRow)
    .where(_THIS, col(MessageRow.state) == MessageState.CLAIMED.value)
    .values(
        purpose=bindparam("to_purpose"),
        consent_id=bindparam("to_consent"),
        coupon_id=bindparam("to_coupon"),
        segment=bindparam("to_segment"),
        address=bindparam("to_address"),
        latest_at=bindparam("to_latest"),
        subject=None,
        html=None,
        text=None,
    )
)
_WRITE = (
    update(MessageRow)
    .where(
        _THIS,
        col(MessageRow.state) == MessageState.CLAIMED.value,
        col(MessageRow.purpose) == bindparam("for_purpose"),
        col(MessageRow.claimed_at) == bindparam("for_claimed"),
        col(MessageRow.segment) == bindparam("for_segment"),
        col(MessageRow.consent_id).is_not_distinct_from(bindparam("for_consent")),
        col(MessageRow.coupon_id).is_not_distinct_from(bindparam("for_coupon")),
        col(MessageRow.address).is_not_distinct_from(bindparam("for_address")),
    )
    .values(subject=bindparam("to_subject"), html=bindparam("to_html"), text=bindparam("to_text"))
)
_BEGIN = (
    update(MessageRow)
    .where(
        _THIS,
        col(MessageRow.state) == MessageState.CLAIMED.value,
        col(MessageRow.text).is_not(None),
    )
    .values(
        state=MessageState.SENDING.value,
        recipient=bindparam("to"),
        address=bindparam("to_address"),
        attempted_at=bindparam("at"),
    )
    .returning(col(MessageRow.subject), col(MessageRow.html), col(MessageRow.text))
)
_ACCEPT = (
    update(MessageRow)
    .where(
        _THIS,
        col(MessageRow.state) == MessageState.SENDING.value,
        col(MessageRow.attempted_at) == bindparam("attempt"),
    )
    .values(
        state=MessageState.SENT.value,
        reason=None,
        provider_id=func.coalesce(col(MessageRow.provider_id), bindparam("provider")),
        sent_at=func.coalesce(col(MessageRow.sent_at), bindparam("sent")),
    )
)


@dataclass(frozen=True)
class Claim:
    """What a message is claimed as: ``address`` is in normal form, ``consent_id`` the permission's entry.

    ``coupon_id``: the customer's own coupon that it shows, if any.
    """

    order_id: str
    customer_id: str
    step: str
    channel: Channel
    segment: str
    purpose: Purpose
    consent_id: int | None
    address: str | None
    due: datetime | None
    latest: datetime
    coupon_id: int | None = None

    @property
    def message_id(self) -> str:
        """The message's id."""
        return message_id(self.order_id, self.step, self.channel)


@dataclass(frozen=True)
class Body:
    """A message's content as it is kept."""

    subject: str | None
    html: str | None
    text: str


def message_id(order_id: str, step: str, channel: Channel) -> str:
    """Return the id of the one message that an order, step and channel can have.

    Opaque, since providers and links show it; the same for every retry.
    """
    return hashlib.sha256(f"{order_id}\x1f{step}\x1f{channel.value}".encode()).hexdigest()[:ID_LENGTH]


def get_message(session: Session, identifier: str, *, hold: bool = False) -> MessageRow:
    """Return a message.

    ``hold``: it stays as it is until the transaction ends. An acceptance is recorded without the customer's
    locks (`record_acceptance`): what settles a message that is being sent must not overwrite it unseen.

    Raises:
        NotFound: no such message.
    """
    return get_row(session, MessageRow, identifier, "no message", hold=hold)


def lock_message(session: Session, identifier: str) -> MessageRow:
    """Return a message as it is now, held with its customer's locks until the transaction ends.

    Raises:
        NotFound: no such message.
    """
    lock_messages(session, [identifier])
    return get_message(session, identifier, hold=True)


def unconfirm_message(session: Session, identifier: str, now: datetime) -> None:
    """Settle a message that is still being sent, and of which nobody will find out. The locks are held."""
    row = get_message(session, identifier, hold=True)
    if row.state == MessageState.SENDING.value:
        move_message(session, row, MessageState.UNCONFIRMED, now, Reason.UNCONFIRMED)


def claim_message(
    session: Session,
    claim: Claim,
    now: datetime,
    state: MessageState = MessageState.CLAIMED,
    reason: Reason | None = None,
) -> None:
    """Add a message: from now on it counts against caps. When it was claimed stands in the row itself."""
    insert_row(
        session,
        MessageRow,
        id=claim.message_id,
        order_id=claim.order_id,
        customer_id=claim.customer_id,
        step=claim.step,
        channel=claim.channel.value,
        segment=claim.segment,
        purpose=claim.purpose.value,
        state=state.value,
        reason=reason.value if reason else None,
        consent_id=claim.consent_id,
        coupon_id=claim.coupon_id,
        address=claim.address,
        due_at=claim.due,
        latest_at=claim.latest,
        claimed_at=now,
    )


def refresh_claim(session: Session, claim: Claim) -> None:
    """Bring a claimed message in line with a new decision; its content has to be written anew."""
    values = {
        "message": claim.message_id,
        "to_purpose": claim.purpose.value,
        "to_consent": claim.consent_id,
        "to_coupon": claim.coupon_id,
        "to_segment": claim.segment,
        "to_address": claim.address,
        "to_latest": claim.latest,
    }
    session.connection().execute(_REFRESH, values)


def write_body(session: Session, message: RunMessage, body: Body) -> bool:
    """Keep the content written for a claimed message; False if it is claimed no more, or as another one."""
    values = {
        "message": message.id,
        "for_purpose": message.purpose.value,
        "for_claimed": message.claimed,
        "for_segment": message.segment,
        "for_consent": message.consent_id,
        "for_coupon": message.coupon_id,
        "for_address": message.address,
        "to_subject": body.subject,
        "to_html": body.html,
        "to_text": body.text,
    }
    return session.connection().execute(_WRITE, values).rowcount > 0


def begin_sending(
    session: Session, identifier: str, recipient: str, address: str, now: datetime
) -> Body | None:
    """Move a claimed message to `sending` before its provider gets it; None if it cannot be."""
    values = {"message": identifier, "to": recipient, "to_address": address, "at": now}
    row = session.connection().execute(_BEGIN, values).first()
    if row is None:
        return None
    record_event(session, identifier, MessageState.SENDING.value, now)
    return Body(row.subject, row.html, row.text)


def record_acceptance(
    session: Session, identifier: str, attempt: datetime, provider_id: str | None, sent_at: datetime
) -> bool:
    """Record that the provider has what this attempt sent; False if anything has moved the message since.

    One row changes, and nothing is waited for: so it needs no lock (see `storage.queries.people.locks`).
    """
    values = {"message": identifier, "attempt": attempt, "provider": provider_id, "sent": sent_at}
    if session.connection().execute(_ACCEPT, values).rowcount == 0:
        return False
    record_event(session, identifier, MessageState.SENT.value, sent_at)
    return True


def move_message(
    session: Session,
    row: MessageRow,
    state: MessageState,
    now: datetime,
    reason: Reason | None = None,
    code: str | None = None,
) -> None:
    """Move a message on under its customer's locks and record it; ``code`` is the provider's, of an error.

    What its provider has reported already, before us, holds: see `campaign.delivery.merged_state`.
    """
    merged, why = merged_state(state, reason, kinds_of(session, [row.id])[row.id])
    row.state, row.reason = merged.value, why.value if why else None
    session.add(row)
    session.flush()
    record_event(session, row.id, state.value, now, code)


def kinds_of(session: Session, identifiers: Sequence[str]) -> dict[str, set[str]]:
    """Return the kinds of everything that has happened to some messages, by message."""
    found: dict[str, set[str]] = {identifier: set() for identifier in identifiers}
    statement = select(MessageEventRow.message_id, MessageEventRow.kind).where(
        col(MessageEventRow.message_id).in_(identifiers)
    )
    for identifier, kind in session.exec(statement) if identifiers else ():
        found[identifier].add(kind)
    return found


def record_event(session: Session, identifier: str, kind: str, at: datetime, code: str | None = None) -> None:
    """Record one event of a message."""
    values: dict[str, Any] = {"message_id": identifier, "kind": kind, "at": at, "code": code}
    insert_row(session, MessageEventRow, **values, machine=False)


def other_provider_ids(session: Session, row: MessageRow) -> frozenset[str]:
    """Return the provider's ids of all other messages to this message's address."""
    statement = select(MessageRow.provider_id).where(
        MessageRow.address == row.address, MessageRow.channel == row.channel, MessageRow.id != row.id
    )
    return frozenset(found for found in session.exec(statement) if found)


def messages_of(session: Session, order_id: str) -> Sequence[MessageRow]:
    """Return a run's messages, oldest claim first."""
    statement = select(MessageRow).where(MessageRow.order_id == order_id)
    return session.exec(statement.order_by(col(MessageRow.claimed_at), col(MessageRow.id))).all()
