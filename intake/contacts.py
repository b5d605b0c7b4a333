"""Orders with the contact data that came with them, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.wire import Contact, Customer, Purchase
from intake.orders import Lease, Outcome, receive_orders
from storage.queries.people.customers import given_addresses, save_customers
from storage.queries.people.locks import lock_customers


@dataclass(frozen=True)
class SentOrder:
    """An order as an order service sends it, with contact data or without."""

    purchase: Purchase
    contact: Contact | None = None


def receive_sent_orders(
    session: Session, orders: Sequence[SentOrder], now: datetime, *, lease: Lease | None = None
) -> list[Outcome]:
    """Save orders as `receive_orders`, and the contact data of those that were accepted.

    Nothing is saved of an order that is refused, nor of a person who was erased since.
    """
    contacts = [one.contact for one in orders if one.contact]
    if contacts:
        ids = {one.purchase.customer_id for one in orders}
        lock_customers(session, ids, {address for one in contacts for address in given_addresses(one)})
    outcomes = receive_orders(session, [one.purchase for one in orders], now, lease=lease)
    customers = [
        _customer(one.purchase.customer_id, one.contact)
        for one, outcome in zip(orders, outcomes, strict=True)
        if one.contact and not outcome.error and not outcome.erased
    ]
    if customers:
        save_customers(session, customers)
    return outcomes


def _customer(customer_id: str, contact: Contact) -> Customer:
    names = contact.model_fields_set
    values = {name: getattr(contact, name) for name in Contact.model_fields}
    return Customer.model_construct(names | {"customer_id"}, customer_id=customer_id, **values)
