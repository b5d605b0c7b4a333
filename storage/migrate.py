"""Bring a database to this version's tables, by Alembic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url

from campaign.errors import BadSettings, Problem
from storage.database import Database, our_errors

_FOLDER = Path(__file__).parent / "migrations"
_LOCK_KEY = 0xAF7E


def upgrade(database: Database) -> None:
    """Run every migration that is missing; two processes at once do it one after the other.

    Raises:
        Unavailable: the database cannot be reached, or cannot be written to.
    """
    _make_folder(database)
    connected = database.engine.connect
    with our_errors(), connected() as connection, _without_foreign_keys(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
        command.upgrade(_config(connection), "head")
        _check_foreign_keys(connection)


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """On SQLite a table is changed by making it anew, and dropping one that others refer to is refused.

    The switch does nothing inside a transaction: https://www.sqlite.org/lang_altertable.html#otheralter
    """
    driver: Any = connection.connection.driver_connection
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        driver.execute("PRAGMA foreign_keys = OFF").close()
    try:
        yield
    finally:
        if sqlite:
            driver.execute("PRAGMA foreign_keys = ON").close()


def _check_foreign_keys(connection: Connection) -> None:
    """Refuse, and so roll back, what would leave a row on SQLite that refers to none."""
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        msg = "a migration has left rows that refer to rows which are not there"
        raise RuntimeError(msg)


def ensure_schema(database: Database, *, may_upgrade: bool) -> None:
    """Upgrade (in development), or refuse to run on tables of another version.

    Raises:
        BadSettings: the tables are missing, or another version's.
        Unavailable: the database cannot be reached, or cannot be written to.
    """
    if may_upgrade:
        upgrade(database)
    elif _file_is_missing(database) or current_revision(database) != head_revision():
        raise BadSettings(
            [
                Problem(
                    "AFTERGLOW_DATABASE_URL",
                    "its tables are missing or another version's",
                    "run `afterglow migrate`",
                )
            ]
        )


def _file_is_missing(database: Database) -> bool:
    """An SQLite file that nobody has made yet, perhaps in a folder that is not there."""
    url = make_url(database.url)
    if url.get_backend_name() != "sqlite" or not url.database or url.query.get("uri"):
        return False
    return url.database != ":memory:" and not Path(url.database).exists()


def current_revision(database: Database) -> str | None:
    """Return the migration the database is at.

    Raises:
        Unavailable: the database cannot be reached, or cannot be written to.
    """
    with our_errors(), database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """Return the migration this version wants."""
    return ScriptDirectory(str(_FOLDER)).get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def _make_folder(database: Database) -> None:
    url = make_url(database.url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
