"""The connection: one engine, and one transaction at a time that either happens or does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlmodel import Session

from campaign.errors import Unavailable

SQLITE_BUSY_SECONDS = 30
_READS_ONLY = "afterglow_reads_only"


class Database:
    """SQLite (WAL, busy timeout, foreign keys) or PostgreSQL, by URL.

    Values never stand in the text of an error: they can be a phone number.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Make the engine; nothing is connected yet."""
        self.url = _with_driver(url)
        self.engine = _engine(self.url, pool_size)
        self._reader = self.engine.execution_options(**{_READS_ONLY: True})

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that commits at the end, or rolls back on any error.

        Raises:
            Unavailable: the database cannot be reached.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            _connect(session)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that only reads: on SQLite it keeps nobody from writing. Raises as `transaction`."""
        with Session(self._reader, expire_on_commit=False) as session, session.begin():
            _connect(session)
            yield session

    def answers(self) -> bool:
        """Say whether a statement comes back: the database's part of a readiness check."""
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _connect(session: Session) -> None:
    try:
        session.connection()
    except OperationalError:
        msg = "the database cannot be reached or is locked"
        raise Unavailable(msg) from None


def _with_driver(url: str) -> str:
    """Use psycopg 3 for plain ``postgresql://`` addresses."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def _engine(url: str, pool_size: int) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url, hide_parameters=True, pool_size=pool_size, connect_args={"timeout": SQLITE_BUSY_SECONDS}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    return create_engine(url, hide_parameters=True, pool_size=pool_size, pool_pre_ping=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set what SQLite only keeps for a connection; leave BEGIN to us."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Any) -> None:
    """Take the write lock at once where something will be written: one taken half-way cannot wait."""
    reads_only = connection.get_execution_options().get(_READS_ONLY)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
