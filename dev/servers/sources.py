"""Where a Temporal server for development comes from: one class a source, the same promises from each."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.contract import SEARCH_ATTRIBUTES
from campaign.errors import Unavailable
from dev.servers import binaries, server_config
from dev.servers.binaries import Report
from dev.servers.ports import HOST, free_ports, is_free
from dev.servers.processes import Process, start
from dev.servers.readiness import forget_members, prepare_given, wait_until_listening, wait_until_ready

# The HTTP API's, and one for RPC and one for membership of each of the four services.
INNER_PORTS = 9


class PortTaken(Unavailable):
    """Another program listens on a port that the server is to have."""


@dataclass(frozen=True)
class Places:
    """Where a server listens and keeps its files. ``ui_port`` None: without a Web UI.

    ``lock``: a descriptor that keeps others out of ``home`` for as long as the server runs.
    """

    home: Path
    port: int
    ui_port: int | None
    lock: int | None = None

    @property
    def database(self) -> Path:
        """The SQLite file with all workflows."""
        return self.home / "temporal.db"

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.home / "logs"


class TemporalServer(ABC):
    """A running server. ``source`` says where it came from."""

    source: str

    def __init__(self, places: Places) -> None:
        """Remember where it is to be."""
        self.places = places

    @property
    def address(self) -> str:
        """Host and port for clients."""
        return f"{HOST}:{self.places.port}"

    @property
    def ui_url(self) -> str | None:
        """The Web UI's address, if it has one."""
        return f"http://{HOST}:{self.places.ui_port}" if self.places.ui_port else None

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.places.logs

    @property
    def pid(self) -> int | None:
        """The server's process, if it is ours and runs."""
        return None

    @abstractmethod
    async def start(self) -> None:
        """Start it, on the same ports and files every time; it is ready for campaigns on return.

        Raises:
            PortTaken: another program has its port.
            Unavailable: it cannot be had here; the text says why.
        """

    @abstractmethod
    async def stop(self) -> None:
        """End it cleanly."""

    async def kill(self) -> None:
        """End the server at once, as a crash would; the Web UI stays.

        Raises:
            Unavailable: it is not ours to kill.
        """
        msg = f"a server from {self.source} is not ours to kill"
        raise Unavailable(msg)

    async def restart(self) -> None:
        """Stop it, if it runs, and start it again: same ports, same database file.

        Raises:
            Unavailable: it is not ours to restart, or does not start.
        """
        msg = f"a server from {self.source} is not ours to restart"
        raise Unavailable(msg)


class GivenServer(TemporalServer):
    """The server at TEMPORAL_ADDRESS: used with Temporal's own settings, neither started nor stopped."""

    source = "TEMPORAL_ADDRESS"

    def __init__(self, places: Places, address: str, report: Report) -> None:
        """Remember its address."""
        super().__init__(places)
        self._address, self._report = address, report

    @property
    def address(self) -> str:
        """The address that was given."""
        return self._address

    @property
    def ui_url(self) -> str | None:
        """Not known."""
        return None

    async def start(self) -> None:
        """Only look whether it is there, and register search attributes that are missing."""
        await prepare_given(self._report)

    async def stop(self) -> None:
        """Nothing to stop."""


class OwnServer(TemporalServer):
    """A server that runs as our process, with its state in an SQLite file."""

    _server: Process | None = None

    @property
    def pid(self) -> int | None:
        """The server's process, if it runs."""
        return self._server.pid if self._server and self._server.running else None

    async def start(self) -> None:
        """Start the process, and wait until it is ready."""
        command = await self._command()
        self._check(self.places.port)
        forget_members(self.places.database)
        self._server = await self._run(command, "temporal")
        await wait_until_ready(self.address, self._server)

    async def stop(self) -> None:
        """Stop the process."""
        if self._server:
            await self._server.stop()

    async def kill(self) -> None:
        """Kill the process."""
        if self._server:
            await self._server.kill()

    async def restart(self) -> None:
        """Stop and start the process."""
        await self.stop()
        await self.start()

    @abstractmethod
    async def _command(self) -> Sequence[str | Path]:
        """Return what to run, having made what it needs."""

    async def _run(self, command: Sequence[str | Path], name: str) -> Process:
        keep_open = [] if self.places.lock is None else [self.places.lock]
        return await start(command, self.logs / f"{name}.log", keep_open=keep_open)

    @staticmethod
    def _check(port: int) -> None:
        """Refuse a port that is taken: its server's answers would be taken for ours."""
        if not is_free(port):
            msg = f"port {port} is taken by another program: stop it, or choose another port"
            raise PortTaken(msg)


class CommandLineServer(OwnServer):
    """`temporal server start-dev`, from PATH. Its Web UI is inside it."""

    source = "temporal on PATH"

    def __init__(self, places: Places, program: str | None) -> None:
        """Remember the program; None: there is none."""
        super().__init__(places)
        self._path = program

    async def _command(self) -> Sequence[str | Path]:
        if self.places.ui_port:
            self._check(self.places.ui_port)
        return [await self._program(), *start_dev_arguments(self.places)]

    async def _program(self) -> str | Path:
        if self._path is None:
            msg = "there is none"
            raise Unavailable(msg)
        return self._path


class DownloadedServer(CommandLineServer):
    """The same program, as the SDK downloads it.

    We run it ourselves: the SDK's own process would get the terminal's Ctrl-C before the workers have
    drained, outlive a crash of ours, write to the terminal, and could not be killed for a test.
    """

    source = "the SDK's download"

    def __init__(self, places: Places, report: Report) -> None:
        """Remember how to report a download."""
        super().__init__(places, None)
        self._report = report

    async def _program(self) -> Path:
        return await binaries.downloaded(self._report)


class BuiltServer(OwnServer):
    """Server and Web UI, built by Go."""

    source = "Go"
    _ui: Process | None = None

    def __init__(self, places: Places, report: Report) -> None:
        """Remember how to report a build."""
        super().__init__(places)
        self._report = report
        self._inner_ports = free_ports(INNER_PORTS)

    async def start(self) -> None:
        """Build what is missing, start the server, then the Web UI unless it runs."""
        await super().start()
        if self.places.ui_port and not (self._ui and self._ui.running):
            await self._start_ui(self.places.ui_port)

    async def stop(self) -> None:
        """Stop both."""
        await asyncio.gather(*(process.stop() for process in (self._ui, self._server) if process))

    async def _command(self) -> Sequence[str | Path]:
        program = await binaries.built(binaries.SERVER, self._report)
        if not all(map(is_free, self._inner_ports)):
            self._inner_ports = free_ports(INNER_PORTS)
        folder = self.places.home / "temporal"
        store = server_config.sqlite_store(self.places.database)
        dynamic = server_config.write_dynamic(folder / "dynamic.json")
        config = server_config.server_config(self.places.port, self._inner_ports, store, store, dynamic)
        file = server_config.write(folder / "server.json", config)
        return [program, "--config-file", file, "--allow-no-auth", "start"]

    async def _start_ui(self, port: int) -> None:
        program = await binaries.built(binaries.WEB_UI, self._report)
        self._check(port)
        folder = self.places.home / "temporal" / "ui"
        server_config.write(folder / "development.yaml", server_config.ui_config(port, self.address))
        where = ["--root", str(folder), "--config", ".", "--env", "development"]
        self._ui = await self._run([program, *where, "start"], "temporal-ui")
        await wait_until_listening(port, HOST, self._ui)


def start_dev_arguments(places: Places) -> list[str]:
    """Return the arguments of `temporal` for a development server like the one that Go builds."""
    ui = ["--ui-ip", HOST, "--ui-port", str(places.ui_port)] if places.ui_port else ["--headless"]
    pragmas = ["journal_mode=wal", "synchronous=normal", "busy_timeout=10000"]
    attributes = [f"{name}=Keyword" for name in SEARCH_ATTRIBUTES]
    dynamic = [f"{key}={json.dumps(value)}" for key, value in server_config.DYNAMIC.items()]
    return [
        "server", "start-dev", "--ip", HOST, "--port", str(places.port), *ui,
        "--db-filename", str(places.database), "--log-level", "warn",
        *_repeated("--sqlite-pragma", pragmas),
        *_repeated("--search-attribute", attributes),
        *_repeated("--dynamic-config-value", dynamic),
    ]  # fmt: skip


def _repeated(option: str, values: Sequence[str]) -> list[str]:
    return [argument for value in values for argument in (option, value)]
