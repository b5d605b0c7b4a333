"""Customers: their contact data, added and updated under their locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from campaign.customers.addresses import normal_address
from campaign.reasons import Channel
from campaign.wire import Contact, Customer
from storage.inserts import insert_all_once
from storage.queries.people.consents import extend_opt_outs, ledger_row, record_consents
from storage.queries.people.kept_opt_outs import restore_kept
from storage.queries.people.locks import lock_customers
from storage.rows import get_row
from storage.tables import CustomerRow

_NOT_COLUMNS = {"customer_id", "consents"}
_ADDRESSES = select(col(CustomerRow.id), col(CustomerRow.email), col(CustomerRow.phone)).where(
    col(CustomerRow.id).in_(bindparam("ids", expanding=True))
)


def ensure_customers(session: Session, customer_ids: Sequence[str]) -> None:
    """Make the rows that are not there yet: a purchase may come before the contact data."""
    rows = [{"id": identifier, "tags": [], "less": False} for identifier in customer_ids]
    insert_all_once(session, CustomerRow, rows, "id")


def get_customer(session: Session, customer_id: str) -> CustomerRow:
    """Return a customer, read anew.

    Raises:
        NotFound: no such customer.
    """
    return get_row(session, CustomerRow, customer_id, "no customer")


def save_customer(session: Session, customer: Customer) -> None:
    """Add or update one customer, as `save_customers` does."""
    save_customers(session, [customer])


def save_customers(session: Session, customers: Sequence[Customer]) -> None:
    """Add or update contact data: fields that were left out stay as they are.

    Consents are added to the ledger; one that is already there is not added again. What an erased address has
    opted out of holds again (`kept_opt_outs`). A handful of statements, however many customers there are.
    """
    ids = [customer.customer_id for customer in customers]
    if len(set(ids)) < len(ids):
        for customer in customers:
            save_customer(session, customer)
        return
    addresses = {address for customer in customers for address in given_addresses(customer)}
    lock_customers(session, ids, addresses)
    restore_kept(session, addresses)
    ensure_customers(session, sorted(ids))
    for names, rows in _by_columns(customers).items():
        _update(session, names, rows)
    entries = [(customer, consent) for customer in customers for consent in customer.consents]
    have = {row[0]: row for row in session.connection().execute(_ADDRESSES, {"ids": ids})}
    record_consents(session, [ledger_row(have[c.customer_id], consent) for c, consent in entries])
    given = {(c.customer_id, e.source, e.at) for c, e in entries if e.state == "revoked"}
    extend_opt_outs(session, have, given)


def given_addresses(customer: Contact) -> list[tuple[Channel, str]]:
    """Return the addresses that come with the data, in the form in which they are compared."""
    given = ((Channel.EMAIL, customer.email), (Channel.SMS, customer.phone))
    return [(channel, normal_address(channel, address)) for channel, address in given if address]


def _by_columns(customers: Sequence[Customer]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Return the values to write, by the columns they are for: each group is one statement."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for customer in customers:
        values = customer.model_dump(exclude_unset=True, exclude=_NOT_COLUMNS)
        if "email" in values:
            email = values["email"]
            values["email_key"] = normal_address(Channel.EMAIL, email) if email else None
        if values:
            row = {f"to_{name}": value for name, value in values.items()}
            groups.setdefault(tuple(values), []).append({"customer": customer.customer_id, **row})
    return groups


def _update(session: Session, names: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names}
    statement = update(CustomerRow).where(col(CustomerRow.id) == bindparam("customer")).values(values)
    session.connection().execute(statement, rows)


def addresses_of(customer: CustomerRow) -> dict[Channel, str | None]:
    """Return the customer's address on each channel, as it is written to."""
    return {Channel.EMAIL: customer.email, Channel.SMS: customer.phone}


def keys_of(customer: CustomerRow) -> dict[Channel, str | None]:
    """Return the customer's address on each channel, in the form in which addresses are compared."""
    return {Channel.EMAIL: customer.email_key, Channel.SMS: customer.phone}
