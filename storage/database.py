"""The connection: one engine, and one transaction at a time that either happens or does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InternalError, OperationalError, SQLAlchemyError
from sqlmodel import Session

from campaign.errors import DatabaseBusy, Unavailable

LOCK_SECONDS = 5
"""How long a statement waits for what another transaction holds, before it gives way and is retried."""
ATTEMPTS = 5
IDLE_SECONDS = 5
OPT_OUT_KEYS = "afterglow_opt_out_keys"
"""Under this name a session's ``info`` has the keys of kept opt-outs."""
_USED = "afterglow_used"
_READS_ONLY = "afterglow_reads_only"
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_LOST_RACE = ("40001", "40P01")
_HELD = "55P03"

T = TypeVar("T")


class Database:
    """SQLite (WAL, busy timeout, foreign keys) or PostgreSQL, by URL.

    Values never stand in the text of an error: they can be a phone number.
    """

    def __init__(self, url: str, *, pool_size: int = 10, opt_out_keys: Sequence[str] = ()) -> None:
        """Make the engine; nothing is connected yet.

        ``opt_out_keys``: what opt-outs of erased addresses are hashed with, newest first
        (`storage.queries.people.kept_opt_outs`). Without them none is recognised, and nobody can be erased.
        """
        self._opt_out_keys = tuple(opt_out_keys)
        self.url = _with_driver(url)
        self.engine = _engine(self.url, pool_size)
        self._reader = self.engine.execution_options(**{_READS_ONLY: True})

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that commits at the end, or rolls back on any error.

        Raises:
            DatabaseBusy: another transaction holds what this one needs; it may be tried again at once.
            Unavailable: the database cannot be reached, or cannot be written to.
        """
        with our_errors(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            session.connection()
            session.info[OPT_OUT_KEYS] = self._opt_out_keys
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that only reads: on SQLite it keeps nobody from writing. Raises as `transaction`."""
        with our_errors(), Session(self._reader, expire_on_commit=False) as session, session.begin():
            session.info[OPT_OUT_KEYS] = self._opt_out_keys
            session.connection()
            yield session

    def retrying(self, work: Callable[[Session], T]) -> T:
        """Do something in a transaction, and again from its start where it has lost a race to another one.

        Raises:
            DatabaseBusy: it has lost every race, or waited too long for a lock.
            Unavailable: the database cannot be reached, or cannot be written to.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._once(work)
            except DatabaseBusy as error:
                if not error.lost_race:
                    raise
        return self._once(work)

    def _once(self, work: Callable[[Session], T]) -> T:
        with self.transaction() as session:
            return work(session)

    def answers(self) -> bool:
        """Return whether it can be written to: the database's part of a readiness check.

        On SQLite a page is written: only so a full disk is noticed.
        """
        try:
            with self.engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("PRAGMA user_version = 0")
                    return True
                return connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "off"
        except SQLAlchemyError:
            return False

    def overwrite_erased(self) -> None:
        """Take what was erased out of SQLite's log too; where somebody reads just now, the next one does.

        Its file has it no more: `secure_delete` writes zeros over it. PostgreSQL's rows go with its vacuum.
        """
        if self.engine.dialect.name == "sqlite":
            connection = self.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                connection.close()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def our_errors() -> Iterator[None]:
    """Turn what a database says of its own state into our errors; a mistake of ours stays what it is."""
    try:
        yield
    except DBAPIError as error:
        ours = _ours(error)
        if ours is None:
            raise
        raise ours from None


def _ours(error: DBAPIError) -> Unavailable | None:
    state = getattr(error.orig, "sqlstate", None)
    if state in _LOST_RACE:
        return DatabaseBusy("the database chose another transaction: try again", lost_race=True)
    if state == _HELD or "database is locked" in str(error.orig):
        return DatabaseBusy("another transaction has held the lock for too long: try again")
    if not isinstance(error, OperationalError | InternalError):
        return None
    signs = f"{state} {error.orig}"
    return Unavailable(next((text for sign, text in _STATES.items() if sign in signs), _AWAY))


_AWAY = "the database cannot be reached: check that it runs, and AFTERGLOW_DATABASE_URL"
_STATES = {
    "readonly database": "the database is read-only: let the process write the file and its folder",
    "25006": "the database is read-only: AFTERGLOW_DATABASE_URL names a standby, or it was set so",
    "disk is full": "the database's disk is full: make room",
    "53100": "the database's disk is full: make room",
}


def _with_driver(url: str) -> str:
    """Use psycopg 3 for plain ``postgresql://`` addresses."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def _engine(url: str, pool_size: int) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url, hide_parameters=True, pool_size=pool_size, connect_args={"timeout": LOCK_SECONDS}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    engine = create_engine(url, hide_parameters=True, pool_size=pool_size)
    event.listen(engine, "connect", _limit_waiting)
    event.listen(engine, "checkin", _remember_use)
    event.listen(engine, "checkout", _test_if_idle)
    return engine


def _remember_use(_connection: Any, record: Any) -> None:
    record.info[_USED] = time.monotonic()


def _test_if_idle(connection: Any, record: Any, _proxy: Any) -> None:
    """Test a connection that has been idle for long: its server may have been restarted since.

    Testing each time, as ``pool_pre_ping`` does, costs a round trip for every transaction.
    """
    if time.monotonic() - record.info.get(_USED, time.monotonic()) < IDLE_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except connection.Error as error:
        raise DisconnectionError from error


def _limit_waiting(connection: Any, _record: Any) -> None:
    """Set how long to wait for a lock, once a connection: a pooler refuses it as a start-up option."""
    connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set what SQLite only keeps for a connection; leave BEGIN to us."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Any) -> None:
    """Take the write lock at once where something will be written: one taken half-way cannot wait."""
    reads_only = connection.get_execution_options().get(_READS_ONLY)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
