"""Addresses that a shop has on file and no message can be sent to: kept for people to correct."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, update
from sqlmodel import Session, col

from campaign.reasons import Channel
from storage.tables import CustomerRow

_COLUMNS = {Channel.EMAIL: CustomerRow.email_as_given, Channel.SMS: CustomerRow.phone_as_given}


def save_as_given(session: Session, rows: Sequence[tuple[str, Channel, str | None]]) -> None:
    """Keep what was given, by customer id and channel; None clears it. Their locks are held."""
    for channel, column in _COLUMNS.items():
        values = [{"customer": who, "given": text} for who, of, text in rows if of is channel]
        if values:
            changed = col(column).is_distinct_from(bindparam("given"))
            statement = update(CustomerRow).where(col(CustomerRow.id) == bindparam("customer"), changed)
            session.connection().execute(statement.values({col(column): bindparam("given")}), values)
