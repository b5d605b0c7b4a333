"""Customers and their consent ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from campaign.errors import NotFound
from campaign.facts import ConsentEntry, CustomerFacts, Purpose
from campaign.reasons import Channel
from campaign.wire import Consent, Customer
from storage.inserts import insert_once
from storage.tables import ConsentRow, CustomerRow, MessageRow, SuppressionRow

_NOT_COLUMNS = {"customer_id", "consents"}


def lock_customer(session: Session, customer_id: str) -> CustomerRow:
    """Lock the customer's row until the transaction ends, making the row if it is not there yet.

    A purchase may come before the contact data.
    """
    insert_once(session, CustomerRow, id=customer_id, tags=[])
    statement = select(CustomerRow).where(CustomerRow.id == customer_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()


def save_customer(session: Session, customer: Customer) -> None:
    """Add or update contact data: fields that were left out stay as they are.

    Consents are added to the ledger; one that is already there is not added again.
    """
    row = lock_customer(session, customer.customer_id)
    for name, value in customer.model_dump(exclude_unset=True, exclude=_NOT_COLUMNS).items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    for consent in customer.consents:
        record_consent(session, row, consent)


def record_consent(
    session: Session, customer: CustomerRow, consent: Consent, address: str | None = None
) -> bool:
    """Add an entry to the ledger; False if this very entry is there already.

    It holds for ``address``, or else the one that the customer has now (any, if there is none yet).
    """
    return insert_once(
        session,
        ConsentRow,
        customer_id=customer.id,
        channel=consent.channel.value,
        state=consent.state,
        source=consent.source,
        at=consent.at,
        wording=consent.wording,
        address=address or addresses_of(customer)[consent.channel],
        confirmed=consent.confirmed,
    )


def addresses_of(customer: CustomerRow) -> dict[Channel, str | None]:
    """Return the customer's address on each channel."""
    return {Channel.EMAIL: customer.email, Channel.SMS: customer.phone}


def customer_facts(session: Session, row: CustomerRow) -> CustomerFacts:
    """Return what decisions need to know of a customer."""
    addresses = addresses_of(row)
    return CustomerFacts(
        customer_id=row.id,
        reachable=frozenset(channel for channel, address in addresses.items() if address),
        preferred=row.preferred_channel,
        country=row.country,
        region=row.region,
        postal_code=row.postal_code,
        phone=row.phone,
        time_zone=row.time_zone,
        suppressed=frozenset(c for c, a in addresses.items() if a and is_suppressed(session, c, a)),
        less=row.less,
        asked_to_confirm=_asked_to_confirm(session, row),
        consents=ledger(session, row),
    )


def consents_of(session: Session, customer_id: str) -> Sequence[ConsentRow]:
    """Return a customer's ledger in the order it was recorded.

    Raises:
        NotFound: no such customer.
    """
    if session.get(CustomerRow, customer_id) is None:
        msg = f"no customer {customer_id}"
        raise NotFound(msg)
    statement = select(ConsentRow).where(ConsentRow.customer_id == customer_id).order_by(col(ConsentRow.id))
    return session.exec(statement).all()


def ledger(session: Session, row: CustomerRow) -> tuple[ConsentEntry, ...]:
    """Return a customer's consents as decisions see them, in the order they were recorded."""
    addresses, entries = addresses_of(row), consents_of(session, row.id)
    return tuple(
        ConsentEntry(
            id=entry.id or 0,
            channel=Channel(entry.channel),
            granted=entry.state == "granted",
            at=entry.at,
            confirmed=entry.confirmed,
            elsewhere=entry.address not in (None, addresses[Channel(entry.channel)]),
        )
        for entry in entries
    )


def suppress(
    session: Session, channel: Channel, address: str, reason: str, source: str, at: datetime
) -> bool:
    """Write no more to an address, whoever has it; False if that was so for this reason already."""
    return insert_once(
        session, SuppressionRow, channel=channel.value, address=address, reason=reason, source=source, at=at
    )


def is_suppressed(session: Session, channel: Channel, address: str) -> bool:
    """Say whether an address may not be written to."""
    found = select(SuppressionRow.id).where(
        SuppressionRow.channel == channel.value, SuppressionRow.address == address
    )
    return session.exec(found.limit(1)).first() is not None


def _asked_to_confirm(session: Session, row: CustomerRow) -> bool:
    """Say whether the opt-in question has gone to this number, or may have."""
    asked = select(MessageRow.id).where(
        MessageRow.customer_id == row.id,
        MessageRow.purpose == Purpose.OPT_IN.value,
        col(MessageRow.state).not_in(("claimed", "failed", "skipped", "held_out")),
        MessageRow.recipient == row.phone,
    )
    return session.exec(asked.limit(1)).first() is not None
