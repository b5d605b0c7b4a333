"""What is known of people by the batch, so that an import adds what is missing and no more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from campaign.wire import Contact
from storage.tables import ConsentRow, CustomerRow

FIELDS = tuple(name for name in Contact.model_fields if name != "consents")
Entry = tuple[str | None, str, str, str, datetime]
_KNOWN = select(
    col(CustomerRow.id),
    col(CustomerRow.email_as_given),
    col(CustomerRow.phone_as_given),
    *(col(getattr(CustomerRow, name)) for name in FIELDS),
).where(col(CustomerRow.id).in_(bindparam("ids", expanding=True)))
_ENTRIES = select(
    col(ConsentRow.customer_id),
    col(ConsentRow.channel),
    col(ConsentRow.state),
    col(ConsentRow.source),
    col(ConsentRow.at),
).where(col(ConsentRow.customer_id).in_(bindparam("ids", expanding=True)))


def known_contacts(session: Session, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the contact data of those customers who are here, by id."""
    rows: Any = session.connection().execute(_KNOWN, {"ids": sorted(ids)}).mappings() if ids else ()
    return {row["id"]: dict(row) for row in rows}


def known_entries(session: Session, ids: Collection[str]) -> set[Entry]:
    """Return which entries of the ledger these customers have: id, channel, state, source, time."""
    rows = session.connection().execute(_ENTRIES, {"ids": sorted(ids)}) if ids else ()
    return {(row[0], row[1], row[2], row[3], row[4]) for row in rows}
