"""Tables that a schedule computes anew: their rows are replaced key by key, in short transactions.

Whoever reads meanwhile sees the old rows of a key or the new ones, and hardly ever waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, delete
from sqlmodel import Session, SQLModel

from storage.batches import whole_keys
from storage.database import Database
from storage.tables import StatisticRow

ROWS_AT_ONCE = 1_000

Rows = Sequence[Mapping[str, Any]]


def replace_rows(
    database: Database,
    name: str,
    table: type[SQLModel],
    key: Any,
    compute: Callable[[Connection], Iterable[Mapping[str, Any]]],
    write: Callable[[Session, Rows], int],
    now: datetime,
) -> int:
    """Replace a table's rows from the first key to the last; return how many were written.

    ``compute`` gives what is to be written, sorted by the column ``key``; ``write`` writes some of it, after
    the rows that have stood there are deleted, and returns how many rows that made. ``name``: of the
    statistic, whose time and number of rows are kept.
    """
    written, last = 0, None
    with database.reading() as reading:
        for batch in whole_keys(compute(reading.connection()), itemgetter(key.key), ROWS_AT_ONCE):
            until = batch[-1][key.key]
            where = _between(key, last, until)
            written += database.retrying(partial(_replace, table=table, where=where, write=write, rows=batch))
            last = until

    def end(session: Session) -> None:
        _replace(session, table, _between(key, last, None), write, ())
        session.merge(StatisticRow(name=name, computed_at=now, rows=written))

    database.retrying(end)
    return written


def _replace(
    session: Session,
    table: type[SQLModel],
    where: Sequence[Any],
    write: Callable[[Session, Rows], int],
    rows: Rows,
) -> int:
    session.connection().execute(delete(table).where(*where))
    return write(session, rows) if rows else 0


def _between(column: Any, after: str | None, until: str | None) -> list[Any]:
    return ([] if after is None else [column > after]) + ([] if until is None else [column <= until])
