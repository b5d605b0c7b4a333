"""Temporal, Web UI, worker and web together, as `make dev` and the demo run them."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign.errors import AfterglowError
from dev.servers.binaries import Report
from dev.servers.pictures import serving_pictures
from dev.servers.ports import HOST, free_ports
from dev.servers.processes import Process, start
from dev.servers.readiness import wait_until_answers
from dev.servers.temporal import TemporalServer, temporal_server


def _print_error(text: str) -> None:
    print(text, file=sys.stderr)


@dataclass
class Stack:
    """What runs, and where."""

    home: Path
    temporal: TemporalServer
    worker: Process
    web_url: str
    pictures_url: str
    processes: list[Process]

    @property
    def outbox(self) -> Path:
        """The outbox channel's folder."""
        return self.home / "outbox"


@dataclass(frozen=True)
class Wanted:
    """Ports to use; None: free ones. ``environment`` is given to worker and web."""

    temporal: int | None = None
    ui: int | None = None
    web: int | None = None
    environment: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def stack(home: Path, wanted: Wanted, report: Report) -> AsyncIterator[Stack]:
    """Run everything for as long as the block lasts, then stop it in the order that loses nothing.

    Raises:
        Unavailable: something does not start; the text names its log.
    """
    home = home.absolute()
    async with AsyncExitStack() as exits:
        temporal = await exits.enter_async_context(
            temporal_server(home, port=wanted.temporal, ui_port=wanted.ui, report=report)
        )
        health, web = free_ports(2)
        web = wanted.web or web
        environment = _environment(home, temporal, health, web) | wanted.environment
        worker = await _module("worker", home, environment)
        exits.push_async_callback(worker.stop)
        server = await _module("web", home, environment)
        exits.push_async_callback(server.stop)
        for port, process in ((health, worker), (web, server)):
            await wait_until_answers(f"http://{HOST}:{port}/readyz", process)
        pictures = exits.enter_context(serving_pictures())
        yield Stack(home, temporal, worker, f"http://{HOST}:{web}", pictures, [worker, server])


def _environment(home: Path, temporal: TemporalServer, health: int, web: int) -> dict[str, str]:
    return {
        "AFTERGLOW_HOME": str(home),
        "AFTERGLOW_HEALTH_PORT": str(health),
        "AFTERGLOW_WEB_PORT": str(web),
        "AFTERGLOW_PUBLIC_URL": f"http://{HOST}:{web}",
        "TEMPORAL_ADDRESS": temporal.address,
    }


async def _module(name: str, home: Path, environment: dict[str, str]) -> Process:
    return await start([sys.executable, "-m", name], home / "logs" / f"{name}.log", environment)


def finish(work: Coroutine[Any, Any, int], report: Report = _print_error) -> int:
    """Run a tool to its end; return its exit code, 1 with a word on why where it cannot go on."""
    try:
        return asyncio.run(work)
    except AfterglowError as error:
        report(str(error))
        return 1
    except asyncio.CancelledError:
        return 1


def cancel_on_signals() -> None:
    """While things start, let Ctrl-C and SIGTERM unwind what has been started so far."""
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        if task:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def until_stopped(processes: list[Process]) -> Process | None:
    """Wait for Ctrl-C or SIGTERM (None), or for a process that ends by itself."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    waits = {asyncio.create_task(process.wait()): process for process in processes}
    stopped = asyncio.create_task(stop.wait())
    done, pending = await asyncio.wait({stopped, *waits}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return None if stopped in done else next(process for task, process in waits.items() if task in done)
