"""What decisions would see of a customer, for tests that have no campaign."""

from __future__ import annotations

from sqlmodel import Session

from campaign.facts import CustomerFacts
from storage.queries.people.consents import ledger, suppressed_channels
from storage.queries.people.customers import addresses_of, get_customer, keys_of


def customer_facts(session: Session, customer_id: str) -> CustomerFacts:
    """The customer's addresses, suppressions and ledger."""
    row = get_customer(session, customer_id)
    return CustomerFacts(
        customer_id=row.id,
        reachable=frozenset(channel for channel, address in addresses_of(row).items() if address),
        preferred=row.preferred_channel,
        country=row.country,
        phone=row.phone,
        suppressed=suppressed_channels(session, keys_of(row)),
        consents=ledger(session, row),
    )
