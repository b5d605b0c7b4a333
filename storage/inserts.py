"""Insert where it may already be there: the same statement on both databases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_row(session: Session, table: type[SQLModel], **values: Any) -> None:
    """Insert a row that cannot be there yet."""
    session.connection().execute(_plain(_dialect(session), table), values)


def insert_rows(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, all with the same columns, that cannot be there yet."""
    if rows:
        session.connection().execute(_plain(_dialect(session), table), list(rows))


def insert_once(session: Session, table: type[SQLModel], **values: Any) -> bool:
    """Insert a row unless a unique key already holds it. True if it was inserted."""
    key = inspect(table).primary_key[0]
    return session.connection().execute(_once(_dialect(session), table, key.name), values).first() is not None


def insert_all_once(
    session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], key: str
) -> Sequence[Any]:
    """Insert rows, all with the same columns, as `insert_once`; return the ``key`` of those inserted."""
    statement = _once(_dialect(session), table, key)
    return session.connection().execute(statement, list(rows)).scalars().all() if rows else []


def insert_or_update(
    session: Session, table: type[SQLModel], changed: Collection[str] | None = None, **values: Any
) -> None:
    """Insert a row, or bring the one with its primary key to these values: to those ``changed`` only."""
    columns = frozenset(values if changed is None else changed)
    session.connection().execute(_upsert(_dialect(session), table, columns), values)


def insert_or_update_all(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Do as `insert_or_update` with rows that all have the same columns."""
    if rows:
        statement = _upsert(_dialect(session), table, frozenset(rows[0]))
        session.connection().execute(statement, list(rows))


@cache
def _plain(dialect: str, table: type[SQLModel]) -> Any:
    return _insert(dialect, table)


@cache
def _once(dialect: str, table: type[SQLModel], key: str) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing().returning(inspect(table).columns[key])


@cache
def _upsert(dialect: str, table: type[SQLModel], columns: frozenset[str]) -> Any:
    statement, keys = _insert(dialect, table), [column.name for column in inspect(table).primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def _insert(dialect: str, table: type[SQLModel]) -> Any:
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)
