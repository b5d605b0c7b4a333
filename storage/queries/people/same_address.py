"""Customers by address: one person may have several ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import bindparam, select
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


def customers_with(
    session: Session, addresses: Collection[tuple[Channel, str]]
) -> dict[tuple[Channel, str], list[str]]:
    """Return the ids of those who have each address (in normal form), the first 20."""
    found = defaultdict(list)
    for channel, address in sorted(addresses):
        for _, identifier in session.connection().execute(_STATEMENTS[channel], {"address": address}):
            found[channel, address].append(identifier)
    return found
