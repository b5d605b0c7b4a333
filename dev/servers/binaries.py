"""Temporal's own programs, built once by Go or downloaded once by the SDK, in the user's cache folder.

`python -m dev.setup` gets them before anything needs them. A test must never wait for a build: with
``PREPARED_PROGRAMS_ONLY`` set, what is not in the cache is refused.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import temporalio.service
from platformdirs import user_cache_path
from temporalio.testing import WorkflowEnvironment

from campaign.errors import Unavailable
from dev.servers.ports import HOST
from dev.servers.processes import locked, start

Report = Callable[[str], None]

PREPARED_ONLY = "PREPARED_PROGRAMS_ONLY"
DOWNLOAD_SECONDS = 600
# Without internet a download fails in milliseconds: only a slow one is reported.
_SLOW_SECONDS = 1.0
_PROGRESS_SECONDS = 20.0
_TOO_OLD = re.compile(r"requires go >= ([\d.]+)")


@dataclass(frozen=True)
class Binary:
    """A Go program: what it is, its package and version, the name Go gives it, how long a build takes."""

    title: str
    package: str
    version: str
    program: str
    takes: str


SERVER = Binary("Temporal server", "go.temporal.io/server/cmd/server", "v1.32.0", "server", "4 to 6 minutes")
WEB_UI = Binary(
    "Temporal Web UI", "github.com/temporalio/ui-server/v2/cmd/server", "v2.54.1", "server", "1 minute"
)
SQL_TOOL = Binary("Temporal SQL tool", "go.temporal.io/server/cmd/tools/sql", "v1.32.0", "sql", "1 minute")


def cache() -> Path:
    """Return the folder of all programs, and of their logs and locks."""
    return user_cache_path("afterglow") / "bin"


def cached(binary: Binary) -> Path:
    """Return where the program is, or will be after `built`."""
    folder = binary.package.replace("/", "_")
    return cache() / f"{folder}@{binary.version}" / binary.program


def cached_download() -> Path:
    """Return where Temporal's command line is, or will be after `downloaded`: one for each SDK version."""
    return cache() / f"temporal_sdk-python@{temporalio.service.__version__}" / "temporal"


async def built(binary: Binary, report: Report) -> Path:
    """Return the program, building it if it is not in the cache. Two processes do not build it twice.

    A build that was cut goes on where it stopped: Go's own cache keeps each package that it has compiled.

    Raises:
        Unavailable: Go is not installed or too old, the build fails (the text names the log), or the program
            is not in the cache and ``PREPARED_PROGRAMS_ONLY`` is set.
    """

    async def build(folder: Path) -> Path:
        report(f"Building the {binary.title} {binary.version} with Go: once, {binary.takes} on two cores ...")
        began = time.monotonic()
        await _install(binary, folder, _beside(cached(binary), "log"), report)
        report(f"Built the {binary.title} in {_minutes(began)}.")
        return folder / binary.program

    return await _made_once(cached(binary), build, report)


async def downloaded(report: Report) -> Path:
    """Return the server that this SDK downloads, downloading it if it is not in the cache.

    Raises:
        Unavailable: it cannot be downloaded here, or only what is in the cache may be used.
    """

    async def download(folder: Path) -> Path:
        text = "Downloading Temporal's development server: once ..."
        later = asyncio.get_running_loop().call_later(_SLOW_SECONDS, report, text)
        try:
            await _download(folder)
        finally:
            later.cancel()
        return next(path for path in folder.iterdir() if path.is_file())

    return await _made_once(cached_download(), download, report)


async def _made_once(path: Path, make: Callable[[Path], Awaitable[Path]], report: Report) -> Path:
    """Make a program beside its place and move it there whole: a cut leaves nothing in its place."""
    if path.exists():
        return path
    if os.environ.get(PREPARED_ONLY):
        msg = "it is not in the cache, and tests do not wait for it: run `make ready` first"
        raise Unavailable(msg)
    lock, folder = _beside(path, "lock"), _beside(path, "part")
    async with locked(lock, lambda: report(f"Another process is making {path}: waiting for it ...")):
        if not path.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what a killed process has left
            folder.mkdir()
            try:
                made = await make(folder)
                path.parent.mkdir(exist_ok=True)
                made.replace(path)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    return path


def _beside(path: Path, what: str) -> Path:
    return path.parent.with_name(f"{path.parent.name}.{what}")


async def _install(binary: Binary, folder: Path, log: Path, report: Report) -> None:
    """Run `go install`. GOTOOLCHAIN stays the user's: an older Go may fetch the one it needs."""
    go = shutil.which("go")
    if go is None:
        msg = "Go is not installed"
        raise Unavailable(msg)
    log.unlink(missing_ok=True)
    command = [go, "install", "-v", f"{binary.package}@{binary.version}"]
    process = await start(command, log, {"GOBIN": str(folder), "GOOS": "", "GOARCH": ""})
    try:
        async with _progress(log, report):
            code = await process.wait()
    except asyncio.CancelledError:
        await process.kill()
        raise
    if code != 0:
        raise Unavailable(_why_not(binary, log))


@asynccontextmanager
async def _progress(log: Path, report: Report) -> AsyncIterator[None]:
    """Report every 20 seconds how far a build is: `go install -v` writes a line for each package."""
    task = asyncio.create_task(_report_lines(log, report))
    try:
        yield
    finally:
        task.cancel()


async def _report_lines(log: Path, report: Report) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(_PROGRESS_SECONDS)
        lines = log.read_text("utf-8", "replace").splitlines()
        fetched = sum(line.startswith("go: downloading") for line in lines)
        report(f"  {_minutes(began)}: {fetched} modules downloaded, {len(lines) - fetched} packages compiled")


def _minutes(began: float) -> str:
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    return f"{minutes} min {seconds:02} s"


def _why_not(binary: Binary, log: Path) -> str:
    too_old = _TOO_OLD.search(log.read_text("utf-8", "replace"))
    if too_old:
        return f"Go is too old for the {binary.title}: it needs Go {too_old[1]} (see {log})"
    return f"the {binary.title} could not be built: see {log}"


async def _download(folder: Path) -> None:
    """Have the SDK download its server. It can only be had by starting it, so it runs for a moment."""
    try:
        async with asyncio.timeout(DOWNLOAD_SECONDS):
            environment = await WorkflowEnvironment.start_local(
                ip=HOST,
                download_dest_dir=str(folder),
                dev_server_log_level="error",
                dev_server_startup_timeout=timedelta(seconds=60),
            )
            await environment.shutdown()
    except (RuntimeError, TimeoutError):
        msg = "the SDK could not download its server (no internet, or it is blocked)"
        raise Unavailable(msg) from None
