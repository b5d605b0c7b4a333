"""What is measured on: Temporal's server with its store, and the product's database, of either kind."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from campaign.errors import Unavailable
from dev.servers import binaries, server_config
from dev.servers.binaries import Report
from dev.servers.ports import free_ports
from dev.servers.postgres import postgres_server
from dev.servers.processes import start
from dev.servers.sources import INNER_PORTS, BuiltServer, Places
from dev.servers.temporal import temporal_server

POSTGRESQL, SQLITE = "postgresql", "sqlite"
DATABASES = (POSTGRESQL, SQLITE)
_PRODUCT, _HISTORY, _VISIBILITY = "afterglow", "temporal", "temporal_visibility"
_CONNECTIONS = 20


@dataclass(frozen=True)
class Servers:
    """Where they are: ``address`` of Temporal, ``url`` of the product's database, ``pids`` by name."""

    kind: str
    home: Path
    address: str
    url: str
    pids: dict[str, int | None]


class PostgresTemporal(BuiltServer):
    """Temporal's server with its state in PostgreSQL, as in production."""

    def __init__(self, places: Places, report: Report, postgres: URL) -> None:
        """Use the databases of a PostgreSQL server."""
        super().__init__(places, report)
        self._postgres = postgres

    async def _command(self) -> Sequence[str | Path]:
        program = await binaries.built(binaries.SERVER, self._report)
        folder = self.places.home / "temporal"
        stores = [self._store(database) for database in (_HISTORY, _VISIBILITY)]
        dynamic = server_config.write_dynamic(folder / "dynamic.json")
        ports = free_ports(INNER_PORTS)
        config = server_config.server_config(self.places.port, ports, stores[0], stores[1], dynamic)
        file = server_config.write(folder / "server.json", config)
        return [program, "--config-file", file, "--allow-no-auth", "start"]

    def _store(self, database: str) -> dict[str, Any]:
        return {
            "sql": {
                "pluginName": "postgres12", "databaseName": database, "connectProtocol": "tcp",
                "connectAddr": f"{self._postgres.host}:{self._postgres.port}",
                "user": self._postgres.username, "password": "",
                "maxConns": _CONNECTIONS, "maxIdleConns": _CONNECTIONS, "maxConnLifetime": "1h",
            }
        }  # fmt: skip


@asynccontextmanager
async def servers(kind: str, home: Path, report: Report) -> AsyncIterator[Servers]:
    """Run Temporal and the databases of a kind for as long as the block lasts.

    Raises:
        Unavailable: there is no PostgreSQL, or no Temporal server that can use it.
    """
    async with AsyncExitStack() as exits:
        if kind == SQLITE:
            temporal = await exits.enter_async_context(temporal_server(home, ui=False, report=report))
            url = f"sqlite:///{home / 'afterglow.db'}"
            yield Servers(kind, home, temporal.address, url, {"server": temporal.pid})
            return
        postgres = make_url(exits.enter_context(postgres_server()))
        postmaster = _prepare(postgres)
        await _set_up(postgres, home, report)
        server = PostgresTemporal(Places(home, free_ports(1)[0], None), report, postgres)
        await server.start()
        exits.push_async_callback(server.stop)
        url = postgres.set(database=_PRODUCT).render_as_string(hide_password=False)
        yield Servers(kind, home, server.address, url, {"server": server.pid, "PostgreSQL": postmaster})


def stored_bytes(running: Servers) -> dict[str, int]:
    """Return how many bytes the product's database and Temporal's take now."""
    if running.kind == SQLITE:
        files = {"Afterglow": running.home / "afterglow.db", "Temporal": running.home / "temporal.db"}
        return {name: _sqlite_bytes(file) for name, file in files.items()}
    with psycopg.connect(running.url) as connection:
        names = {"Afterglow": [_PRODUCT], "Temporal": [_HISTORY, _VISIBILITY]}
        return {name: sum(_postgres_bytes(connection, one) for one in of) for name, of in names.items()}


def _sqlite_bytes(file: Path) -> int:
    """Return a file's size once its write-ahead log has been written back into it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size


def _postgres_bytes(connection: psycopg.Connection[Any], database: str) -> int:
    row = connection.execute("SELECT pg_database_size(%s)", [database]).fetchone()
    return int(row[0]) if row else 0


def _prepare(postgres: URL) -> int:
    """Make the three databases; return the process that all of PostgreSQL's are below."""
    plain = postgres.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for name in (_PRODUCT, _HISTORY, _VISIBILITY):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        row = connection.execute(
            "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int"
        ).fetchone()
    return int(row[0]) if row else 0


async def _set_up(postgres: URL, home: Path, report: Report) -> None:
    """Make Temporal's tables.

    Raises:
        Unavailable: its tool is not here, or fails; the text names its log.
    """
    tool = await binaries.built(binaries.SQL_TOOL, report)
    place = {
        "SQL_HOST": str(postgres.host), "SQL_PORT": str(postgres.port), "SQL_USER": str(postgres.username),
        "SQL_PASSWORD": "", "SQL_PLUGIN": "postgres12", "SQL_TOOL": str(tool),
    }  # fmt: skip
    script = Path(__file__).parents[2] / "deploy" / "temporal" / "schema.sh"
    process = await start(["sh", script], home / "logs" / "temporal-schema.log", place)
    if await process.wait() != 0:
        msg = f"Temporal's tables cannot be made: see {process.log}"
        raise Unavailable(msg)
