"""Insert where it may already be there: the same statement on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_once(session: Session, table: type[SQLModel], **values: Any) -> bool:
    """Insert a row unless a unique key already holds it. True if it was inserted."""
    key = inspect(table).primary_key[0]
    statement = _insert(session, table).values(**values).on_conflict_do_nothing().returning(key)
    return session.connection().execute(statement).first() is not None


def insert_all_once(
    session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], key: str
) -> Sequence[Any]:
    """Insert rows, all with the same columns, as `insert_once`; return the ``key`` of those inserted."""
    statement = _insert(session, table).on_conflict_do_nothing().returning(inspect(table).columns[key])
    return session.connection().execute(statement, list(rows)).scalars().all() if rows else []


def _insert(session: Session, table: type[SQLModel]) -> Any:
    dialect = session.get_bind().dialect.name
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)
