"""Of when a customer's contact data is, by the shop's clock: older data that comes late changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from storage.tables import CustomerRow

_VERSIONS = select(col(CustomerRow.id), col(CustomerRow.changed_at)).where(
    col(CustomerRow.id).in_(bindparam("ids", expanding=True)), col(CustomerRow.changed_at).is_not(None)
)
_MARK = (
    update(CustomerRow)
    .where(col(CustomerRow.id) == bindparam("customer"))
    .values({col(CustomerRow.changed_at): bindparam("at")})
)


def data_versions(session: Session, customer_ids: Collection[str]) -> dict[str, datetime]:
    """Return the shop's time of each customer's data, where it is known."""
    rows = session.connection().execute(_VERSIONS, {"ids": sorted(customer_ids)})
    return {identifier: at for identifier, at in rows if at}


def mark_versions(session: Session, versions: Mapping[str, datetime]) -> None:
    """Record the shop's time of what was saved, by customer id. Their locks are held."""
    if versions:
        rows = [{"customer": identifier, "at": at} for identifier, at in versions.items()]
        session.connection().execute(_MARK, rows)
