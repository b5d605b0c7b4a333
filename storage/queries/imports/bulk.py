"""Thousands of rows in one short statement: on PostgreSQL its values are one array a column.

A statement with a parameter for every value takes the driver and the server longer to read than to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import TextClause, inspect, text
from sqlalchemy.dialects import postgresql
from sqlmodel import Session, SQLModel

from storage.inserts import insert_all_once


def insert_bulk(
    session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], key: str
) -> Sequence[Any]:
    """Insert rows, all with the same columns, that are not there; return the ``key`` of those inserted.

    No column may hold JSON or arrays.
    """
    if not rows or session.get_bind().dialect.name != "postgresql":
        return insert_all_once(session, table, rows, key)
    names = tuple(rows[0])
    arrays = {f"a{place}": [row[name] for row in rows] for place, name in enumerate(names)}
    return session.connection().execute(_statement(table, names, key), arrays).scalars().all()


@cache
def _statement(table: type[SQLModel], names: tuple[str, ...], key: str) -> TextClause:
    columns, dialect = inspect(table).columns, postgresql.dialect()  # type: ignore[no-untyped-call]
    types = [columns[name].type.dialect_impl(dialect).compile(dialect) for name in names]
    arrays = ", ".join(f"CAST(:a{place} AS {kind}[])" for place, kind in enumerate(types))
    return text(
        f"INSERT INTO {table.__tablename__} ({', '.join(names)}) SELECT * FROM unnest({arrays})"  # noqa: S608
        f" ON CONFLICT DO NOTHING RETURNING {key}"
    )
