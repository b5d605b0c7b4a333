"""Messages: claimed under the customer's lock, then sending, then settled. Never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from campaign.delivery import merged_state
from campaign.errors import NotFound
from campaign.facts import MessageState, PastMessage, Purpose
from campaign.reasons import Channel, Reason
from storage.queries.customers import lock_customer
from storage.tables import MessageEventRow, MessageRow

ID_LENGTH = 20


def message_id(order_id: str, step: str, channel: Channel) -> str:
    """Return the id of the one message that an order, step and channel can have.

    Opaque, since providers and links show it; the same for every retry.
    """
    return hashlib.sha256(f"{order_id}\x1f{step}\x1f{channel.value}".encode()).hexdigest()[:ID_LENGTH]


def get_message(session: Session, identifier: str) -> MessageRow:
    """Return a message.

    Raises:
        NotFound: no such message.
    """
    row = session.get(MessageRow, identifier, populate_existing=True)
    if row is None:
        msg = f"no message {identifier}"
        raise NotFound(msg)
    return row


def add_message(session: Session, row: MessageRow) -> None:
    """Claim a message: from now on it counts against caps."""
    session.add(row)
    session.flush()
    record_event(session, row.id, row.state, row.claimed_at)


def lock_message(session: Session, identifier: str) -> MessageRow:
    """Return a message as it is now, with its customer's lock held until the transaction ends.

    Raises:
        NotFound: no such message.
    """
    lock_customer(session, get_message(session, identifier).customer_id)
    return get_message(session, identifier)


def settle(
    session: Session,
    row: MessageRow,
    state: MessageState,
    now: datetime,
    reason: Reason | None = None,
    code: str | None = None,
) -> None:
    """Move a message on and write it into its history; ``code`` is the provider's, of an error.

    What its provider has told already, before us, holds: see `campaign.delivery.merged_state`.
    """
    session.exec(select(MessageRow.id).where(MessageRow.id == row.id).with_for_update()).one()
    merged, why = merged_state(state, reason, kinds_of(session, [row.id])[row.id])
    row.state, row.reason = merged.value, why.value if why else None
    session.add(row)
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
    """Write one event into a message's history."""
    session.add(MessageEventRow(message_id=identifier, kind=kind, at=at, code=code))


def other_provider_ids(session: Session, row: MessageRow) -> frozenset[str]:
    """Return the provider's ids of all other messages to this message's recipient."""
    statement = select(MessageRow.provider_id).where(
        MessageRow.recipient == row.recipient, MessageRow.channel == row.channel, MessageRow.id != row.id
    )
    return frozenset(found for found in session.exec(statement) if found)


def messages_of(session: Session, order_id: str) -> Sequence[MessageRow]:
    """Return a run's messages, oldest claim first."""
    statement = select(MessageRow).where(MessageRow.order_id == order_id)
    return session.exec(statement.order_by(col(MessageRow.claimed_at), col(MessageRow.id))).all()


def messages_to(session: Session, customer_id: str) -> tuple[PastMessage, ...]:
    """Return all messages to a customer, of every campaign, as decisions see them."""
    statement = (
        select(MessageRow)
        .where(MessageRow.customer_id == customer_id)
        .options(defer(col(MessageRow.html)), defer(col(MessageRow.text)), defer(col(MessageRow.subject)))  # type: ignore[arg-type]
    )
    opened, clicked = _engagement(session, customer_id)
    return tuple(
        PastMessage(
            order_id=row.order_id,
            step=row.step,
            channel=Channel(row.channel),
            state=MessageState(row.state),
            at=row.sent_at or row.attempted_at or row.claimed_at,
            id=row.id,
            opened=row.id in opened,
            clicked=row.id in clicked,
            purpose=Purpose(row.purpose),
        )
        for row in session.exec(statement)
    )


def _engagement(session: Session, customer_id: str) -> tuple[set[str], set[str]]:
    """Return the customer's messages that a person has opened, and those that one has clicked."""
    statement = (
        select(MessageEventRow.message_id, MessageEventRow.kind)
        .join(MessageRow, col(MessageRow.id) == col(MessageEventRow.message_id))
        .where(
            MessageRow.customer_id == customer_id,
            col(MessageEventRow.kind).in_(("opened", "clicked")),
            col(MessageEventRow.machine).is_(False),
        )
    )
    found: dict[str, set[str]] = {"opened": set(), "clicked": set()}
    for identifier, kind in session.exec(statement):
        found[kind].add(identifier)
    return found["opened"], found["clicked"]
