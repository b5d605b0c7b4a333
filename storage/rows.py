"""One row by its key, or an error that names what is missing."""

from __future__ import annotations

from typing import TypeVar

from sqlmodel import Session, SQLModel

from campaign.errors import NotFound

Row = TypeVar("Row", bound=SQLModel)


def get_row(
    session: Session, table: type[Row], key: str, missing: str, *, fresh: bool = True, hold: bool = False
) -> Row:
    """Return a row by its primary key.

    ``missing``: what the error says before the key. ``fresh``: read anew, even if this session has it.
    ``hold``: it stays as it is until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    row = session.get(table, key, populate_existing=fresh, with_for_update=hold or None)
    if row is None:
        msg = f"{missing} {key}"
        raise NotFound(msg)
    return row
