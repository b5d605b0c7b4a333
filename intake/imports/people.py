"""Contact data from files: what is empty is filled, what is known is replaced where that is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from campaign.reasons import Channel
from campaign.wire import Consent, Customer
from shops.news import ShopCustomer
from storage.queries.imports.people import FIELDS, Entry, known_contacts, known_entries
from storage.queries.people.as_given import save_as_given
from storage.queries.people.customers import save_customers

_ADDRESSES = {Channel.EMAIL: "email", Channel.SMS: "phone"}


class People:
    """The people of a batch: what is known of them, and what their rows add to it."""

    def __init__(self, session: Session, people: Sequence[ShopCustomer], *, overwrite: bool) -> None:
        """Read what is known. The locks are held."""
        self._session, self._overwrite = session, overwrite
        ids = {one.customer.customer_id for one in people}
        giving = {one.customer.customer_id for one in people if one.customer.consents}
        self._known = known_contacts(session, ids)
        self._new = ids - self._known.keys()
        self._entries: set[Entry] = known_entries(session, giving)
        self._changes: dict[str, dict[str, Any]] = {}
        self._consents: dict[str, list[Consent]] = {}
        self._as_given: dict[tuple[str, Channel], str] = {}

    def add(self, one: ShopCustomer) -> bool:
        """Take over what a row says of somebody; return whether anything of it was not known."""
        identifier = one.customer.customer_id
        known = self._known.setdefault(identifier, {})
        is_new = identifier in self._new
        self._new.discard(identifier)
        changes = {
            name: value for name, value in _given(one.customer).items() if self._takes(known, name, value)
        }
        known |= changes
        self._changes.setdefault(identifier, {}).update(changes)
        moved = not changes.keys().isdisjoint(_ADDRESSES.values())
        consents = self._add_consents(one.customer, again=moved)
        return self._add_as_given(one, known) or bool(changes) or consents or is_new

    def _takes(self, known: Mapping[str, Any], name: str, value: Any) -> bool:
        return not known.get(name) or (self._overwrite and known[name] != value)

    def _add_consents(self, customer: Customer, *, again: bool) -> bool:
        """Add what is not in the ledger. With a new address, what is there ``again``: for that."""
        new = [consent for consent in customer.consents if _entry(customer, consent) not in self._entries]
        self._entries |= {_entry(customer, consent) for consent in new}
        self._consents.setdefault(customer.customer_id, []).extend(customer.consents if again else new)
        return bool(new)

    def _add_as_given(self, one: ShopCustomer, known: dict[str, Any]) -> bool:
        """Keep an address that nothing can be sent to, where there is no other."""
        added = False
        for channel, text in one.unreachable.items():
            name = f"{_ADDRESSES[channel]}_as_given"
            if not known.get(_ADDRESSES[channel]) and known.get(name) != text:
                known[name] = self._as_given[one.customer.customer_id, channel] = text
                added = True
        return added

    def save(self) -> None:
        """Write down what is new: a handful of statements for all."""
        customers = [
            _customer(identifier, changes, self._consents.get(identifier, []))
            for identifier, changes in self._changes.items()
        ]
        if customers:
            save_customers(self._session, customers)
        save_as_given(self._session, [(who, of, text) for (who, of), text in self._as_given.items()])


def _given(customer: Customer) -> dict[str, Any]:
    values = {name: getattr(customer, name) for name in FIELDS if name in customer.model_fields_set}
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _entry(customer: Customer, consent: Consent) -> Entry:
    return customer.customer_id, consent.channel.value, consent.state, consent.source, consent.at


def _customer(identifier: str, changes: Mapping[str, Any], consents: list[Consent]) -> Customer:
    """Return a customer of values that were validated as others'."""
    return Customer.model_construct(customer_id=identifier, consents=consents, **changes)
