"""A running Temporal server with its Web UI, from whatever is there.

In this order: the server at ``TEMPORAL_ADDRESS``; ``temporal`` on PATH; the SDK's own download;
the server and Web UI built by Go, once. The last three keep their state in an SQLite file below a
given folder, so that campaigns survive a restart, and skip time where a client wants it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from campaign.errors import Unavailable
from dev.servers.binaries import Report
from dev.servers.ports import free_ports
from dev.servers.processes import locked
from dev.servers.sources import (
    BuiltServer,
    CommandLineServer,
    DownloadedServer,
    GivenServer,
    Places,
    PortTaken,
    TemporalServer,
)

__all__ = ["TemporalServer", "candidates", "start_first", "temporal_server"]

# A server whose parent has just crashed needs a moment to end.
HOME_SECONDS = 10.0
GIVEN = (
    "TEMPORAL_ADDRESS is set, and only the server there is used: start that server, or have one run "
    "here: unset TEMPORAL_ADDRESS"
)
HELP = "Set TEMPORAL_ADDRESS, put `temporal` on PATH, let the SDK download it, or install Go 1.26 or newer."


@asynccontextmanager
async def temporal_server(
    home: Path,
    *,
    port: int | None = None,
    ui_port: int | None = None,
    ui: bool = True,
    report: Report = print,
) -> AsyncIterator[TemporalServer]:
    """Run a server for as long as the block lasts. Ports that are not given are free ones.

    A ``TEMPORAL_ADDRESS`` in the environment goes before ports and home: that server is used.

    Raises:
        Unavailable: there is no way to get one here, a given port is taken, or another server
            uses ``home``.
    """
    home = home.absolute()
    async with AsyncExitStack() as exits:
        given = os.environ.get("TEMPORAL_ADDRESS")
        lock = None if given else await exits.enter_async_context(_alone(home, report))
        spare, spare_ui = free_ports(2)
        places = Places(home, port or spare, (ui_port or spare_ui) if ui else None, lock)
        server = await start_first(candidates(places, report, os.environ))
        exits.push_async_callback(server.stop)
        yield server


def candidates(places: Places, report: Report, environment: Mapping[str, str]) -> list[TemporalServer]:
    """Return the sources to try, in order."""
    given = environment.get("TEMPORAL_ADDRESS")
    if given:
        return [GivenServer(places, given, report)]
    program = shutil.which("temporal", path=environment.get("PATH", os.defpath))
    return [
        CommandLineServer(places, program),
        DownloadedServer(places, report),
        BuiltServer(places, report),
    ]


async def start_first(servers: Sequence[TemporalServer]) -> TemporalServer:
    """Start the first source that works. Whatever happens, no other is left running.

    Raises:
        Unavailable: none works; the text says what was tried and what would help.
        PortTaken: the port is another program's, whatever the source.
    """
    tried = []
    for server in servers:
        try:
            await server.start()
        except BaseException as error:
            await server.stop()
            if isinstance(error, PortTaken) or not isinstance(error, Unavailable):
                raise
            tried.append(f"- {server.source}: {error}")
        else:
            return server
    given = any(isinstance(server, GivenServer) for server in servers)
    msg = "\n".join(["No Temporal server can be had here. Tried:", *tried, GIVEN if given else HELP])
    raise Unavailable(msg)


@asynccontextmanager
async def _alone(home: Path, report: Report) -> AsyncIterator[int]:
    """Keep other servers out of a home: two on one database file would ruin it.

    Raises:
        Unavailable: another server stays in it.
    """
    word = f"Another Temporal server is still using {home}: waiting for its end ..."
    async with AsyncExitStack() as exits:
        lock = locked(home / "temporal.lock", lambda: report(word), HOME_SECONDS)
        try:
            descriptor = await exits.enter_async_context(lock)
        except TimeoutError:
            msg = f"another Temporal server runs in {home}: stop it, or set AFTERGLOW_HOME to another folder"
            raise Unavailable(msg) from None
        yield descriptor
