"""Who somebody is in the tables: one person may have several customer ids, and an address several owners.

Everybody with the e-mail address that is named is that person, and so is everybody with the number. Whoever
is named by a customer id is that customer, with the guests (orders without an account) who have the
customer's e-mail address, or number where there is no e-mail address. Nobody else: a couple shares a number,
and a request of one is none of the other. Those who share an address and do not belong are named, so that an
operator can decide.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from campaign.errors import BadInput, Problem
from campaign.reasons import Channel
from shops.guests import is_guest
from shops.news import PersonRequest
from storage.queries.privacy.finding import (
    Address,
    addresses_of,
    buyers_of,
    customers_by_address,
    customers_by_id,
    former_addresses,
    key_of,
)
from storage.tables import CustomerRow


@dataclass(frozen=True)
class Person:
    """``addresses`` are all that belong to the person; ``own``: those of them that nobody else has.

    ``others``: customers who share an address with the person, and do not belong.
    """

    customer_ids: frozenset[str]
    addresses: frozenset[Address]
    own: frozenset[Address]
    others: tuple[str, ...]


def find_person(session: Session, request: PersonRequest) -> Person:
    """Return who is meant: also where nothing is stored but an address.

    Raises:
        BadInput: nobody is named.
    """
    named = _named_addresses(request)
    wanted = {request.customer_id} if request.customer_id else set()
    if not (named or wanted or request.order_ids):
        raise BadInput([Problem("person", "is not named", "give --email, --phone or --id")])
    wanted |= {buyer for buyer in buyers_of(session, request.order_ids) if is_guest(buyer)}
    accounts = list(customers_by_id(session, wanted))
    mine = _by_id([*accounts, *customers_by_address(session, named), *_guests(session, accounts)])
    ids = {*wanted, *mine}
    addresses = named | addresses_of(mine.values()) | former_addresses(session, ids)
    others = [row for row in customers_by_address(session, addresses) if row.id not in ids]
    return Person(
        frozenset(ids),
        frozenset(addresses),
        frozenset(addresses - addresses_of(others)),
        tuple(row.id for row in others),
    )


def _named_addresses(request: PersonRequest) -> set[Address]:
    given = ((Channel.EMAIL, request.email), (Channel.SMS, request.phone))
    return {key_of(channel, address) for channel, address in given if address}


def _guests(session: Session, accounts: Collection[CustomerRow]) -> list[CustomerRow]:
    """Return the guests with the same address: orders that the same person placed without the account."""
    first = {address for row in accounts for address in sorted(addresses_of([row]))[:1]}
    return [row for row in customers_by_address(session, first) if is_guest(row.id)]


def _by_id(rows: Collection[CustomerRow]) -> dict[str, CustomerRow]:
    return {row.id: row for row in rows}
