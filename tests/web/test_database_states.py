"""A database that is locked, full or read-only: what the web server and the command line say of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import httpx
import pytest
from sqlalchemy import event, make_url
from structlog.testing import capture_logs
from typer.testing import CliRunner

from settings import Settings
from starter.__main__ import app as command_line
from storage import database as storage
from storage.database import Database
from tests.web.test_fuzz import FakeTemporal
from web.app import create_app

CONTACT = {"email": "ada@example.com", "tags": ["x" * 200] * 50}
READ_ONLY, FULL, LOCKED = "is read-only: ", "disk is full: make room", "held the lock for too long: try again"


@asynccontextmanager
async def client_of(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on the app, with Temporal there."""

    async def connected() -> Any:
        return FakeTemporal()

    app = create_app(Settings(), database, connected)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        yield client


def read_only(database: Database) -> str:
    """Make the database read-only for whoever connects from now on; return its address."""
    url = make_url(database.url)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///file:{url.database}?mode=ro&uri=true"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {url.database} SET default_transaction_read_only = on")
    return database.url


def full(database: Database) -> str:
    """Let the database grow no more: SQLite by its own limit, PostgreSQL by the error of a full disk."""
    if database.engine.dialect.name == "sqlite":

        @event.listens_for(database.engine, "connect")
        def _limit(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA max_page_count = 1").close()

        database.close()
        return database.url
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER full_disk BEFORE INSERT ON customers EXECUTE FUNCTION full_disk()"
        )
    return database.url


async def refused(http: httpx.AsyncClient, why: str, error: str = "unavailable") -> None:
    """A write is answered 503 with what to do and when to come again, and there is one line in the log."""
    with capture_logs() as lines:
        answer = await http.put("/customers/c-1", json=CONTACT)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert (answer.json()["error"], why in answer.json()["detail"]) == (error, True)
    (line,) = [line for line in lines if line["event"] == "request refused"]
    assert (line["route"], why in line["why"]) == ("/customers/{customer_id}", True)


async def test_a_read_only_database_is_unavailable(database: Database) -> None:
    """503 for writes, and unready; a process that only looks would take it for healthy."""
    with closing(Database(read_only(database))) as opened:
        async with client_of(opened) as http:
            await refused(http, READ_ONLY)
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["database"]) == (503, False)


async def test_a_full_database_is_unavailable(database: Database) -> None:
    """503 for writes with what to do."""
    full(database)
    async with client_of(database) as http:
        await refused(http, FULL)


async def test_a_locked_database_answers_soon(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds the lock: 503 after the lock time-out of 5 seconds, not 30, and a line in the log."""
    assert storage.LOCK_SECONDS <= 5
    monkeypatch.setattr(storage, "LOCK_SECONDS", 1)
    with closing(Database(database.url)) as opened, closing(Database(database.url)) as other:
        async with client_of(opened) as http:
            assert (await http.put("/customers/c-1", json=CONTACT)).status_code == 200
            with other.transaction() as session:
                session.connection().exec_driver_sql("UPDATE customers SET first_name = 'held'")
                await refused(http, LOCKED, "database_busy")
            assert (await http.put("/customers/c-1", json=CONTACT)).status_code == 200


async def test_the_command_line_says_what_to_do(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line and exit code 1; no trace."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", read_only(database))
    arguments = ["customer", "-"]
    result = await asyncio.to_thread(
        CliRunner().invoke, command_line, arguments, input='{"customer_id": "c-1", "first_name": "Ada"}'
    )
    assert (result.exit_code, result.output.count("\n")) == (1, 1), result.output
    assert READ_ONLY in result.output
