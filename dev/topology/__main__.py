"""``python -m dev.topology``: every service of docker-compose.yml as a process of this machine, until Ctrl-C.

Order, commands, environments, configuration files and grace periods are docker-compose.yml's own, the
passwords are real, and Afterglow runs from a folder with what its image has. Only addresses differ: each
service listens on loopback, at a port of its own. What production refuses in the sample brand is replaced.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from campaign.errors import Unavailable
from dev.servers.binaries import SERVER, SQL_TOOL, WEB_UI, Report, built
from dev.servers.ports import HOST, free_ports
from dev.servers.postgres import find_binaries, postgres_server
from dev.servers.processes import Process, start
from dev.servers.readiness import wait_until_answers
from dev.stack import cancel_on_signals, finish, until_stopped
from dev.topology import compose
from settings import PREFIX, Settings

DEPLOY = compose.ROOT / "deploy"
FRONTEND, HTTP = "FRONTEND_GRPC_PORT", "FRONTEND_HTTP_PORT"
RPC = (FRONTEND, HTTP, "HISTORY_GRPC_PORT", "MATCHING_GRPC_PORT", "WORKER_GRPC_PORT")
MEMBERSHIP = tuple(f"{name}_MEMBERSHIP_PORT" for name in ("FRONTEND", "HISTORY", "MATCHING", "WORKER"))
OURS = ("temporal-metrics", "temporal-ui", "worker", "worker-metrics", "web")
BRAND = {"example.com": "example.org", "1 Sample Street": "7 Juniper Lane"}


@dataclass
class Topology:
    """What runs, and how it ended. ``postgres``: host and port. ``codes``: exit codes, once there are any."""

    home: Path
    ports: dict[str, int]
    variables: dict[str, str]
    afterglow: dict[str, str]
    postgres: tuple[str, str] = ("", "")
    services: dict[str, Process] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    one_shots: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def again(self) -> None:
        """Run the one-shots again, as each `docker compose up` does, while everything runs."""
        for one_shot in self.one_shots:
            await one_shot()

    def url(self, service: str) -> str:
        """Return where `web`, `worker`, `temporal-ui` or another service answers."""
        return f"http://{HOST}:{self.ports[service]}"

    @property
    def temporal(self) -> str:
        """Temporal's own address."""
        return f"{HOST}:{self.ports[FRONTEND]}"

    @property
    def outbox(self) -> Path:
        """The outbox channel's folder, on the volume that worker and web share."""
        return self.home / "volume" / "outbox"


async def programs(report: Report) -> list[Path]:
    """Return Temporal's SQL tool, server and Web UI, built if they must be.

    Raises:
        Unavailable: neither builds nor Go are here, or no PostgreSQL.
    """
    find_binaries()
    return [await built(binary, report) for binary in (SQL_TOOL, SERVER, WEB_UI)]


@asynccontextmanager
async def topology(
    home: Path, tools: Sequence[Path], report: Report, python: str = sys.executable
) -> AsyncIterator[Topology]:
    """Run everything for as long as the block lasts; then stop it in the reverse order, and keep the codes.

    ``tools``: what `programs` returns. ``python``: what Afterglow runs with.

    Raises:
        Unavailable: something does not start; the text names its log.
    """
    variables, ports = _variables(), (*RPC, *MEMBERSHIP, *OURS)
    running = Topology(home, dict(zip(ports, free_ports(len(ports)), strict=True)), variables, _settings())
    async with AsyncExitStack() as exits:
        postgres = make_url(exits.enter_context(postgres_server(variables["POSTGRES_PASSWORD"])))
        running.postgres = str(postgres.host), str(postgres.port)
        starter = _Starter(running, exits, report)
        await starter.databases(str(postgres.username))
        await starter.temporal(tools)
        await starter.afterglow(python)
        yield running


def _variables() -> dict[str, str]:
    """Fill in .env.example."""
    return {name: secrets.token_hex(24) for name in compose.read_environment(compose.ENVIRONMENT_EXAMPLE)}


def _settings() -> dict[str, str]:
    """Fill in afterglow.env.example, as far as this version has its settings."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    wanted = compose.read_environment(compose.AFTERGLOW_EXAMPLE)
    return {name: secrets.token_hex(24) for name in wanted if name in known}


def _brand(campaign: Path) -> None:
    text = campaign.read_text("utf-8")
    for sample, own in BRAND.items():
        text = text.replace(sample, own)
    campaign.write_text(text, "utf-8")


class _Starter:
    """Starts one service after the other, each with docker-compose.yml's environment."""

    def __init__(self, running: Topology, exits: AsyncExitStack, report: Report) -> None:
        self._running, self._exits, self._report = running, exits, report
        self._compose = compose.read_compose()["services"]
        self._image = running.home / "app"

    async def databases(self, user: str) -> None:
        """Do what the PostgreSQL image does when its volume is empty."""
        host, port = self._running.postgres
        own = self._environment("postgresql")
        place = {
            "PGHOST": host,
            "PGPORT": port,
            "PGPASSWORD": own["POSTGRES_PASSWORD"],
            "POSTGRES_USER": user,
        }
        await self._once("postgresql", ["sh", DEPLOY / "postgresql" / "databases.sh"], place)

    async def temporal(self, tools: Sequence[Path]) -> None:
        """Set up Temporal's tables, then run its server and its Web UI."""
        sql_tool, server, ui = tools
        folder, ports = DEPLOY / "temporal", self._running.ports
        database = dict(zip(("SQL_HOST", "SQL_PORT"), self._running.postgres, strict=True))
        schema = str(folder / "schema.sh")
        await self._once("temporal-schema", ["sh", schema], database | {"SQL_TOOL": str(sql_tool)})
        place = database | {name: str(ports[name]) for name in (*RPC, *MEMBERSHIP)}
        place |= {
            "TEMPORAL_SERVER_CONFIG_FILE_PATH": str(folder / "server.yaml"),
            "DYNAMIC_CONFIG_FILE_PATH": str(folder / "dynamic.yaml"),
            "BIND_ON_IP": HOST,
            "METRICS_ADDRESS": f"{HOST}:{ports['temporal-metrics']}",
        }
        health = f"{self._running.url(HTTP)}/api/v1/system-info"
        await self._serve("temporal", [server, "start"], place, health)
        place = {
            "TEMPORAL_ADDRESS": self._running.temporal,
            "TEMPORAL_UI_HOST": HOST,
            "TEMPORAL_UI_PORT": str(ports["temporal-ui"]),
            "TEMPORAL_CORS_ORIGINS": self._running.url("temporal-ui"),
        }
        where = ["--root", str(DEPLOY), "--config", "temporal", "--env", "ui"]
        health = f"{self._running.url('temporal-ui')}/healthz"
        await self._serve("temporal-ui", [ui, *where, "start"], place, health)

    async def afterglow(self, python: str) -> None:
        """Run our own image's commands, from a folder with what the image has."""
        compose.lay_out(self._image)
        _brand(self._image / "content" / "default" / "campaign.toml")
        ports = self._running.ports
        metrics = {f"{PREFIX}METRICS_ADDRESS": f"{HOST}:{ports['worker-metrics']}"}
        for name in ("temporal-namespace", "migrate"):
            await self._once(name, self._command(name, python), self._place(), self._image)
        for name, more in (("worker", metrics), ("web", {})):
            health = f"{self._running.url(name)}/readyz"
            place = self._place() | more
            await self._serve(name, self._command(name, python), place, health, self._image)

    def _command(self, service: str, python: str) -> list[str]:
        program, *arguments = self._compose[service]["command"]
        return [{"python": python}.get(program, program), *arguments]

    def _place(self) -> dict[str, str]:
        """Return what the image sets, and what our services get, at their native places."""
        url = self._environment("migrate")[f"{PREFIX}DATABASE_URL"].replace(
            "@postgresql:5432/", f"@{':'.join(self._running.postgres)}/"
        )
        ours = {
            "DATABASE_URL": url,
            "HOME": str(self._running.home / "volume"),
            "HEALTH_HOST": HOST,
            "HEALTH_PORT": str(self._running.ports["worker"]),
            "WEB_HOST": HOST,
            "WEB_PORT": str(self._running.ports["web"]),
        }
        place = {f"{PREFIX}{name}": value for name, value in ours.items()}
        return self._running.afterglow | place | {"TEMPORAL_ADDRESS": self._running.temporal}

    def _environment(self, service: str) -> dict[str, str]:
        return compose.environment_of(self._compose[service], self._running.variables)

    async def _start(
        self, service: str, command: Sequence[str | Path], place: dict[str, str], folder: Path | None
    ) -> Process:
        self._report(f"{service} ...")
        log = self._running.home / "logs" / f"{service}.log"
        return await start(command, log, self._environment(service) | place, folder=folder)

    async def _once(
        self, service: str, command: Sequence[str | Path], place: dict[str, str], folder: Path | None = None
    ) -> None:
        async def one_shot() -> None:
            process = await self._start(service, command, place, folder)
            code = self._running.codes[service] = await process.wait()
            if code != 0:
                msg = f"{service} ended with code {code}: see {process.log}"
                raise Unavailable(msg)

        await one_shot()
        if service != "postgresql":  # its script runs on an empty volume only
            self._running.one_shots.append(one_shot)

    async def _serve(
        self,
        service: str,
        command: Sequence[str | Path],
        place: dict[str, str],
        health: str,
        folder: Path | None = None,
    ) -> None:
        process = await self._start(service, command, place, folder)
        self._running.services[service] = process

        async def stop() -> None:
            grace = compose.seconds(self._compose[service].get("stop_grace_period", "10s"))
            self._running.codes[service] = await process.stop(grace)

        self._exits.push_async_callback(stop)
        await wait_until_answers(health, process)


async def run(python: str) -> int:
    """Run until Ctrl-C. ``python``: what Afterglow runs with."""
    cancel_on_signals()
    with TemporaryDirectory(prefix="afterglow-topology-") as home:
        async with topology(Path(home), await programs(print), print, python) as running:
            print(f"HTTP      {running.url('web')}   token {running.afterglow[f'{PREFIX}API_TOKEN']}")
            print(f"Web UI    {running.url('temporal-ui')}")
            print(f"Temporal  {running.temporal}")
            print(f"Logs      {running.home / 'logs'}")
            print("Ctrl-C stops and removes everything.", flush=True)
            ended = await until_stopped(list(running.services.values()))
            print(f"Stopping{f': see {ended.log}' if ended else ''} ...", flush=True)
        print(f"Exit codes: {running.codes}")
    return 0 if set(running.codes.values()) <= {0, -signal.SIGTERM} else 1


def main() -> int:
    """Run; report why it cannot go on."""
    parser = argparse.ArgumentParser(
        prog="python -m dev.topology", description="Run docker-compose.yml's services natively, until Ctrl-C."
    )
    parser.add_argument("python", nargs="?", default=sys.executable, help="the Python to run Afterglow with")
    return finish(run(parser.parse_args().python))


if __name__ == "__main__":
    sys.exit(main())
