"""A running Temporal server with its Web UI, from whatever is there.

In this order: the server at ``TEMPORAL_ADDRESS``; ``temporal`` on PATH; the SDK's own download;
the server and Web UI built by Go, once. The last three keep their state in an SQLite file below a
given folder, so that campaigns survive a restart, and skip time where a client asks for it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import CountWorkflowExecutionsRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from campaign.errors import Unavailable
from dev import binaries, server_config
from dev.binaries import Say
from dev.ports import HOST, free_ports
from dev.processes import Process, start

NAMESPACE = "default"
START_SECONDS = 60.0
PAUSE_SECONDS = 0.1


@dataclass
class Places:
    """Where a server listens and keeps its files. ``ui_port`` None: without a Web UI."""

    home: Path
    port: int
    ui_port: int | None

    @property
    def address(self) -> str:
        """The server's address."""
        return f"{HOST}:{self.port}"

    @property
    def ui_url(self) -> str | None:
        """The Web UI's address."""
        return f"http://{HOST}:{self.ui_port}" if self.ui_port else None

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
        """Remember where it is."""
        self.places = places

    @property
    def address(self) -> str:
        """Host and port for clients."""
        return self.places.address

    @property
    def ui_url(self) -> str | None:
        """The Web UI's address, if it has one."""
        return self.places.ui_url

    @abstractmethod
    async def start(self) -> None:
        """Start it, on the same ports and files every time."""

    @abstractmethod
    async def stop(self) -> None:
        """End it cleanly."""

    async def kill(self) -> None:
        """End the server at once, as a crash would.

        Raises:
            Unavailable: it is not ours to kill.
        """
        msg = f"a server from {self.source} is not ours to kill"
        raise Unavailable(msg)


class GivenServer(TemporalServer):
    """The server at TEMPORAL_ADDRESS: used, neither started nor stopped."""

    source = "TEMPORAL_ADDRESS"

    def __init__(self, places: Places, address: str) -> None:
        """Remember its address."""
        super().__init__(places)
        self._address = address

    @property
    def address(self) -> str:
        """The address that was given."""
        return self._address

    @property
    def ui_url(self) -> str | None:
        """Not known."""
        return None

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""


@dataclass
class _Processes:
    """The processes of a server that we run ourselves."""

    server: Process | None = None
    ui: Process | None = None
    inner_ports: list[int] = field(default_factory=lambda: free_ports(9))


class CommandLineServer(TemporalServer):
    """`temporal server start-dev`, from PATH."""

    source = "temporal on PATH"

    def __init__(self, places: Places, program: str) -> None:
        """Remember the program."""
        super().__init__(places)
        self._program, self._run = program, _Processes()

    async def start(self) -> None:
        """Start the development server; its Web UI is inside it."""
        arguments: list[str] = [
            self._program, "server", "start-dev", "--ip", HOST, "--port", str(self.places.port),
            "--db-filename", str(self.places.database), "--log-level", "warn",
        ]  # fmt: skip
        ui = (
            ["--ui-ip", HOST, "--ui-port", str(self.places.ui_port)]
            if self.places.ui_port
            else ["--headless"]
        )
        self._run.server = await start(
            [*arguments, *ui, *dynamic_arguments()], self.places.logs / "temporal.log"
        )
        await wait_until_ready(self.address, self._run.server)

    async def stop(self) -> None:
        """Stop the process."""
        if self._run.server:
            await self._run.server.stop()

    async def kill(self) -> None:
        """Kill the process."""
        if self._run.server:
            await self._run.server.kill()


class DownloadedServer(TemporalServer):
    """The SDK's own download of the development server."""

    source = "the SDK's download"
    _environment: WorkflowEnvironment | None = None

    async def start(self) -> None:
        """Download it if need be, and start it. Without internet this fails at once."""
        try:
            self._environment = await WorkflowEnvironment.start_local(
                ip=HOST,
                port=self.places.port,
                ui=self.places.ui_port is not None,
                ui_port=self.places.ui_port,
                dev_server_database_filename=str(self.places.database),
                dev_server_extra_args=dynamic_arguments(),
            )
        except RuntimeError:
            msg = "the SDK could not download its server"
            raise Unavailable(msg) from None

    async def stop(self) -> None:
        """Stop it."""
        if self._environment:
            await self._environment.shutdown()


class BuiltServer(TemporalServer):
    """Server and Web UI, built by Go."""

    source = "Go"

    def __init__(self, places: Places, say: Say) -> None:
        """Remember how to tell about a build."""
        super().__init__(places)
        self._say, self._run = say, _Processes()

    async def start(self) -> None:
        """Build what is missing, write the configuration, start both."""
        program = await binaries.built(binaries.SERVER, self._say)
        store = server_config.sqlite_store(self.places.database)
        folder = self.places.home / "temporal"
        dynamic = server_config.write_dynamic(folder / "dynamic.json")
        config = server_config.server_config(self.places.port, self._run.inner_ports, store, store, dynamic)
        file = server_config.write(folder / "server.json", config)
        command: list[str | Path] = [program, "--config-file", file, "--allow-no-auth", "start"]
        self._run.server = await start(command, self.places.logs / "temporal.log")
        await wait_until_ready(self.address, self._run.server)
        await self._start_ui(folder / "ui")

    async def _start_ui(self, folder: Path) -> None:
        if not self.places.ui_port or (self._run.ui and self._run.ui.running):
            return
        program = await binaries.built(binaries.WEB_UI, self._say)
        server_config.write(
            folder / "development.yaml", server_config.ui_config(self.places.ui_port, self.address)
        )
        where = ["--root", str(folder), "--config", ".", "--env", "development"]
        command: list[str | Path] = [program, *where, "start"]
        self._run.ui = await start(command, self.places.logs / "temporal-ui.log")

    async def stop(self) -> None:
        """Stop both."""
        await asyncio.gather(*(p.stop() for p in (self._run.ui, self._run.server) if p))

    async def kill(self) -> None:
        """Kill the server; the Web UI stays."""
        if self._run.server:
            await self._run.server.kill()


def dynamic_arguments() -> list[str]:
    """Return the dynamic configuration as the development server's arguments."""
    pairs = [
        f"{key}={value}" if not isinstance(value, bool) else f"{key}={str(value).lower()}"
        for key, value in _quoted().items()
    ]
    return [argument for pair in pairs for argument in ("--dynamic-config-value", pair)]


def _quoted() -> Mapping[str, object]:
    return {k: f'"{v}"' if isinstance(v, str) else v for k, v in server_config.DYNAMIC.items()}


def candidates(places: Places, say: Say, environment: Mapping[str, str]) -> list[TemporalServer]:
    """Return the sources to try, in order."""
    given = environment.get("TEMPORAL_ADDRESS")
    if given:
        return [GivenServer(places, given)]
    program = shutil.which("temporal", path=environment.get("PATH"))
    found: list[TemporalServer] = [CommandLineServer(places, program)] if program else []
    found.append(DownloadedServer(places))
    if shutil.which("go", path=environment.get("PATH")) or binaries.cached(binaries.SERVER).exists():
        found.append(BuiltServer(places, say))
    return found


async def start_first(servers: list[TemporalServer]) -> TemporalServer:
    """Start the first source that works, and make it ready for campaigns.

    Raises:
        Unavailable: none does; the text says what was tried and what would help.
    """
    tried = []
    for server in servers:
        try:
            await server.start()
            await prepare(server.address)
        except Unavailable as error:
            tried.append(f"{server.source}: {error}")
            await server.stop()
            continue
        return server
    help_ = "Set TEMPORAL_ADDRESS, put `temporal` on PATH, allow the download, or install Go."
    msg = "no Temporal server: " + "; ".join(tried) + f". {help_}"
    raise Unavailable(msg)


@asynccontextmanager
async def temporal_server(
    home: Path, *, port: int | None = None, ui_port: int | None = None, ui: bool = True, say: Say = print
) -> AsyncIterator[TemporalServer]:
    """Run a server for as long as the block lasts. Ports that are not given are free ones.

    Raises:
        Unavailable: there is no way to get one here.
    """
    home = home.absolute()
    (home / "logs").mkdir(parents=True, exist_ok=True)
    spare = free_ports(2)
    places = Places(home, port or spare[0], (ui_port or spare[1]) if ui else None)
    server = await start_first(candidates(places, say, os.environ))
    try:
        yield server
    finally:
        await server.stop()


async def wait_until_ready(address: str, process: Process) -> None:
    """Wait for the server to answer.

    Raises:
        Unavailable: it ended, or does not answer in time; the text names its log.
    """
    for _ in range(int(START_SECONDS / PAUSE_SECONDS)):
        if not process.running:
            break
        try:
            await Client.connect(address)
        except RuntimeError:
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    msg = f"the server did not start: see {process.log}"
    raise Unavailable(msg)


async def prepare(address: str) -> None:
    """Register the namespace and the search attributes, and wait until a query can use them.

    Raises:
        Unavailable: the server does not take them.
    """
    try:
        client = await Client.connect(address)
    except RuntimeError:
        msg = f"no server answers at {address}"
        raise Unavailable(msg) from None
    for _ in range(int(START_SECONDS / PAUSE_SECONDS)):
        try:
            await _register(client)
            await _query_all(client)
        except RPCError:
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    msg = f"the server at {address} does not take the search attributes"
    raise Unavailable(msg)


async def _register(client: Client) -> None:
    retention = Duration(seconds=server_config.RETENTION_DAYS * 86_400)
    namespace = RegisterNamespaceRequest(namespace=NAMESPACE, workflow_execution_retention_period=retention)
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    attributes = AddSearchAttributesRequest(
        namespace=NAMESPACE, search_attributes=dict.fromkeys(server_config.SEARCH_ATTRIBUTES, keyword)
    )
    for call in (
        lambda: client.workflow_service.register_namespace(namespace),
        lambda: client.operator_service.add_search_attributes(attributes),
    ):
        try:
            await call()
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise


async def _query_all(client: Client) -> None:
    query = " AND ".join(f"{name} = 'none'" for name in server_config.SEARCH_ATTRIBUTES)
    await client.workflow_service.count_workflow_executions(
        CountWorkflowExecutionsRequest(namespace=NAMESPACE, query=query)
    )
