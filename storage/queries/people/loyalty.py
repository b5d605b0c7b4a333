"""Customers' standings in a loyalty programme that is kept elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from storage.inserts import insert_or_update_all
from storage.tables import CustomerRow, LoyaltyStandingRow

_KNOWN = (
    select(col(CustomerRow.id), col(LoyaltyStandingRow.at))
    .outerjoin(LoyaltyStandingRow, col(LoyaltyStandingRow.customer_id) == col(CustomerRow.id))
    .where(col(CustomerRow.id).in_(bindparam("ids", expanding=True)))
)


def standing_times(session: Session, customer_ids: Collection[str]) -> dict[str, datetime | None]:
    """Return, of those who are customers, since when their standing is as it is; None: it is not known."""
    rows = session.connection().execute(_KNOWN, {"ids": sorted(customer_ids)})
    return {row[0]: row[1] for row in rows}


def save_standings(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add or replace standings. The customers are locked."""
    insert_or_update_all(session, LoyaltyStandingRow, rows)
