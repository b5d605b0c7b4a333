"""Customers by address: one person may have several ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlmodel import Session, col

from campaign.reasons import Channel
from storage.tables import CustomerRow

_MOST = 20
"""An address that many ids share costs no more than any other; accounts come before guests in it."""
_COLUMNS = {Channel.EMAIL: col(CustomerRow.email_key), Channel.SMS: col(CustomerRow.phone)}
_STATEMENTS = {
    channel: select(column, col(CustomerRow.id)).where(column == bindparam("address"))
    .order_by(col(CustomerRow.id)).limit(_MOST)
    for channel, column in _COLUMNS.items()
}  # fmt: skip
# The same for all addresses of a file's batch at once. SQLite has no LATERAL, and needs no round trip.
_FOR_ALL = {
    channel: text(
        "SELECT a.address, c.id FROM unnest(CAST(:addresses AS text[])) AS a(address) CROSS JOIN LATERAL "  # noqa: S608
        f"(SELECT id FROM customers WHERE {column} = a.address ORDER BY id LIMIT {_MOST}) AS c"
    )
    for channel, column in ((Channel.EMAIL, "email_key"), (Channel.SMS, "phone"))
}


def customers_with(
    session: Session, addresses: Collection[tuple[Channel, str]]
) -> dict[tuple[Channel, str], list[str]]:
    """Return the ids of those who have each address (in normal form), the first 20."""
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
