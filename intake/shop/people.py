"""Contact data from a shop: saved under one customer id a person, with what no message can be sent to.

A guest who has an account with the same address is its owner: the order counts for the account. So is a
guest who is known under the id of an earlier `AFTERGLOW_SECRET_KEY`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from campaign.customers.addresses import normal_address
from campaign.reasons import Channel
from campaign.wire import Customer
from shops.guests import is_guest
from shops.news import ShopCustomer
from storage.queries.people.as_given import save_as_given
from storage.queries.people.customers import save_customers
from storage.queries.people.data_versions import data_versions, mark_versions
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
    session: Session,
    people: Sequence[ShopCustomer],
    owner: Mapping[str, str],
    versions: Mapping[str, datetime],
) -> None:
    """Save contact data and consents. Of data that is older than what is here, consents alone are added.

    ``versions``: of when the data is that does not say so itself. An address that the shop has replaced by
    rubbish is not written to any more. The locks are held.
    """
    if not people:
        return
    found = [_under(one, owner, versions) for one in people]
    known = data_versions(session, {one.customer.customer_id for one in found})
    found = [_consents_of(one) if _is_older(one, known) else one for one in found]
    save_customers(session, [_reachable(one) for one in found])
    save_as_given(session, [row for one in found for row in _as_given(one)])
    mark_versions(session, {one.customer.customer_id: one.changed_at for one in found if one.changed_at})


def _under(one: ShopCustomer, owner: Mapping[str, str], versions: Mapping[str, datetime]) -> ShopCustomer:
    given = one.customer.customer_id
    customer = one.customer.model_copy(update={"customer_id": owner.get(given, given)})
    return replace(one, customer=customer, changed_at=one.changed_at or versions.get(given))


def _is_older(one: ShopCustomer, known: Mapping[str, datetime]) -> bool:
    before = known.get(one.customer.customer_id)
    return before is not None and one.changed_at is not None and one.changed_at < before


def _consents_of(one: ShopCustomer) -> ShopCustomer:
    return ShopCustomer(Customer(customer_id=one.customer.customer_id, consents=one.customer.consents))


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
