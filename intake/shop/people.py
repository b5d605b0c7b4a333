"""Contact data from a shop: saved under one customer id a person, with what no message can be sent to.

A guest who has an account with the same address is its owner: the order counts for the account. So is a
guest who is known under the id of an earlier `AFTERGLOW_SECRET_KEY`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session

from campaign.customers.addresses import normal_address
from campaign.reasons import Channel
from campaign.wire import Customer
from shops.guests import is_guest
from shops.news import ShopCustomer
from storage.queries.people.as_given import save_as_given
from storage.queries.people.customers import save_customers
from storage.queries.people.same_address import customers_with

_FIELDS = {Channel.EMAIL: "email", Channel.SMS: "phone"}
Addresses = list[tuple[Channel, str]]


def addresses_of(people: Iterable[ShopCustomer]) -> Addresses:
    """Return every address in normal form, for the locks."""
    return [address for one in people for address in _addresses(one.customer)]


def owners(session: Session, people: Sequence[ShopCustomer]) -> dict[str, str]:
    """Return whose the guests among them are: the customer id to use, by the guest's."""
    guests = {one.customer.customer_id: _addresses(one.customer) for one in people}
    guests = {identifier: found[:1] for identifier, found in guests.items() if is_guest(identifier)}
    have = customers_with(session, {address for found in guests.values() for address in found})
    return {
        guest: _owner(guest, have.get(found[0], ())) if found else guest for guest, found in guests.items()
    }


def _owner(guest: str, candidates: Sequence[str]) -> str:
    """Choose an account before a guest, and a guest who is known already before a new one."""
    accounts = [identifier for identifier in candidates if not is_guest(identifier)]
    return min(accounts or candidates or [guest])


def save_people(
    session: Session, people: Sequence[ShopCustomer], owner: Mapping[str, str], *, outdated: bool
) -> None:
    """Save contact data and consents. ``outdated``: newer data is here, so that only consents are added.

    An address that the shop has replaced by rubbish is not written to any more. The locks are held.
    """
    found = [_under(one, owner) for one in people]
    if outdated:
        found = [ShopCustomer(_consents_of(one.customer)) for one in found]
    if found:
        save_customers(session, [_reachable(one) for one in found])
        save_as_given(session, [row for one in found for row in _as_given(one)])


def _under(one: ShopCustomer, owner: Mapping[str, str]) -> ShopCustomer:
    identifier = owner.get(one.customer.customer_id, one.customer.customer_id)
    return ShopCustomer(one.customer.model_copy(update={"customer_id": identifier}), one.unreachable)


def _consents_of(customer: Customer) -> Customer:
    return Customer(customer_id=customer.customer_id, consents=customer.consents)


def _reachable(one: ShopCustomer) -> Customer:
    """Return the data with null for what cannot be written to, whatever the mapping left out."""
    return one.customer.model_copy(update={_FIELDS[channel]: None for channel in one.unreachable})


def _as_given(one: ShopCustomer) -> list[tuple[str, Channel, str | None]]:
    """Return what to keep as it was given; None where a good address has taken its place."""
    fields = one.customer.model_fields_set
    return [
        (one.customer.customer_id, channel, one.unreachable.get(channel))
        for channel, name in _FIELDS.items()
        if channel in one.unreachable or name in fields
    ]


def _addresses(customer: Customer) -> Addresses:
    given = ((Channel.EMAIL, customer.email), (Channel.SMS, customer.phone))
    return [(channel, normal_address(channel, address)) for channel, address in given if address]
