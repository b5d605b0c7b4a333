"""Customers by address: one person may have several ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlmodel import Session, col

from campaign.reasons import Channel
from storage.tables import CustomerRow

_MOST = 20
"""An address that many ids share costs no more than any other; accounts come before guests in it. These are
the ids that `locks.lock_people` has locked."""
_EMAIL, _PHONE = col(CustomerRow.email_key), col(CustomerRow.phone)
_STATEMENTS: Mapping[Channel, Any] = {
    channel: select(bindparam("address"), col(CustomerRow.id)).where(*is_theirs)
    .order_by(col(CustomerRow.id)).limit(_MOST)
    for channel, is_theirs in {
        Channel.EMAIL: (bindparam("address") == _EMAIL,),
        Channel.SMS: (bindparam("address") == _PHONE, _EMAIL.is_(None)),
    }.items()
}  # fmt: skip
# The same for all addresses of a file's batch at once. SQLite has no LATERAL, and needs no round trip.
_FOR_ALL = {
    channel: text(
        "SELECT a.address, c.id FROM unnest(CAST(:addresses AS text[])) AS a(address) CROSS JOIN LATERAL "  # noqa: S608
        f"(SELECT id FROM customers WHERE {is_theirs} ORDER BY id LIMIT {_MOST}) AS c"
    )
    for channel, is_theirs in (
        (Channel.EMAIL, "email_key = a.address"),
        (Channel.SMS, "phone = a.address AND email_key IS NULL"),
    )
}


def customers_with(
    session: Session, addresses: Collection[tuple[Channel, str]]
) -> dict[tuple[Channel, str], list[str]]:
    """Return the ids of those who are known by each address (in normal form), the first 20.

    Who has an e-mail address is known by that alone: households share a phone, and one of them must not get
    mail about what another has bought.
    """
    found = defaultdict(list)
    for channel in Channel:
        wanted = sorted(address for of, address in addresses if of is channel)
        for address, identifier in _holders(session, channel, wanted):
            found[channel, address].append(identifier)
    return found


def _holders(session: Session, channel: Channel, addresses: list[str]) -> Iterator[Any]:
    connection = session.connection()
    if session.get_bind().dialect.name == "postgresql" and addresses:
        yield from connection.execute(_FOR_ALL[channel], {"addresses": addresses})
        return
    for address in addresses:
        yield from connection.execute(_STATEMENTS[channel], {"address": address})
