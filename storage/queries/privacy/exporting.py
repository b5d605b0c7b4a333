"""The rows of a person, table by table, as `storage.personal_data` says whose a row is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, or_, select
from sqlmodel import Session, SQLModel

from campaign.reasons import Channel
from storage.personal_data import EXPORTED, Belongs

_BY_ADDRESS = ((Belongs.ADDRESS, "address"),)
"""Where nothing else leads to a row: the index of such a table begins with the channel."""


def rows_of(session: Session, keys: Mapping[str, Collection[Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return all rows, by table. ``keys``: the person's ids, addresses and so on, by `Belongs`."""
    tables = SQLModel.metadata.tables
    return {name: _rows(session, tables[name], owned, keys) for name, owned in EXPORTED.items()}


def _rows(
    session: Session, table: Table, owned: Sequence[tuple[str, str]], keys: Mapping[str, Collection[Any]]
) -> list[dict[str, Any]]:
    theirs = or_(*(table.c[column].in_(sorted(keys[kind])) for kind, column in owned))
    channels = [table.c.channel.in_([channel.value for channel in Channel])] if owned == _BY_ADDRESS else []
    statement = select(table).where(theirs, *channels).order_by(*table.primary_key.columns)
    return [dict(row) for row in session.connection().execute(statement).mappings()]
