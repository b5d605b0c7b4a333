"""Customers and their consent ledger."""

from __future__ import annotations

from sqlmodel import Session, select

from campaign.facts import ConsentEntry, CustomerFacts
from campaign.reasons import Channel
from campaign.wire import Consent, Customer
from storage.inserts import insert_once
from storage.tables import ConsentRow, CustomerRow

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
        record_consent(session, customer.customer_id, consent)


def record_consent(session: Session, customer_id: str, consent: Consent) -> bool:
    """Add an entry to the ledger; False if this very entry is there already."""
    return insert_once(
        session,
        ConsentRow,
        customer_id=customer_id,
        channel=consent.channel.value,
        state=consent.state,
        source=consent.source,
        at=consent.at,
    )


def customer_facts(session: Session, row: CustomerRow) -> CustomerFacts:
    """Return what decisions need to know of a customer."""
    addresses = {Channel.EMAIL: row.email, Channel.SMS: row.phone}
    ledger = session.exec(
        select(ConsentRow).where(ConsentRow.customer_id == row.id).order_by(ConsentRow.id)  # type: ignore[arg-type]
    )
    return CustomerFacts(
        customer_id=row.id,
        reachable=frozenset(channel for channel, address in addresses.items() if address),
        preferred=row.preferred_channel,
        country=row.country,
        time_zone=row.time_zone,
        consents=tuple(
            ConsentEntry(entry.id or 0, Channel(entry.channel), entry.state == "granted", entry.at)
            for entry in ledger
        ),
    )
