"""Temporal's own programs, built once by Go or downloaded once by the SDK, in the user's cache folder."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import temporalio.service
from platformdirs import user_cache_path
from temporalio.testing import WorkflowEnvironment

from campaign.errors import Unavailable
from dev.servers.ports import HOST
from dev.servers.processes import locked, start

Say = Callable[[str], None]

DOWNLOAD_SECONDS = 600
# Without internet a download fails in milliseconds: only a slow one is worth a word.
_WORTH_A_WORD = 1.0
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


def _cache() -> Path:
    return user_cache_path("afterglow") / "bin"


def cached(binary: Binary) -> Path:
    """Return where the program is, or will be after `built`."""
    folder = binary.package.replace("/", "_")
    return _cache() / f"{folder}@{binary.version}" / binary.program


def cached_download() -> Path:
    """Return where Temporal's command line is, or will be after `downloaded`: one for each SDK version."""
    return _cache() / f"temporal_sdk-python@{temporalio.service.__version__}" / "temporal"


async def built(binary: Binary, say: Say) -> Path:
    """Return the program, building it if it is not in the cache. Two processes do not build it twice.

    Raises:
        Unavailable: Go is not installed or too old, or the build fails; the text names the log.
    """

    async def build(folder: Path) -> Path:
        say(f"Building the {binary.title} {binary.version} with Go: once, {binary.takes} ...")
        await _install(binary, folder, _beside(cached(binary), "log"))
        return folder / binary.program

    return await _made_once(cached(binary), build, say)


async def downloaded(say: Say) -> Path:
    """Return the server that this SDK downloads, downloading it if it is not in the cache.

    Raises:
        Unavailable: it cannot be downloaded here.
    """

    async def download(folder: Path) -> Path:
        word = "Downloading Temporal's development server: once ..."
        later = asyncio.get_running_loop().call_later(_WORTH_A_WORD, say, word)
        try:
            await _download(folder)
        finally:
            later.cancel()
        return next(path for path in folder.iterdir() if path.is_file())

    return await _made_once(cached_download(), download, say)


async def _made_once(path: Path, make: Callable[[Path], Awaitable[Path]], say: Say) -> Path:
    """Make a program beside its place and move it there whole: an interruption leaves nothing behind."""
    if path.exists():
        return path
    lock = _beside(path, "lock")
    async with locked(lock, lambda: say(f"Another process is making {path}: waiting for it ...")):
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=lock.parent) as folder:
                made = await make(Path(folder))
                path.parent.mkdir(exist_ok=True)
                made.replace(path)
    return path


def _beside(path: Path, what: str) -> Path:
    return path.parent.with_name(f"{path.parent.name}.{what}")


async def _install(binary: Binary, folder: Path, log: Path) -> None:
    """Run `go install`. GOTOOLCHAIN stays the user's: an older Go may fetch the one it needs."""
    go = shutil.which("go")
    if go is None:
        msg = "Go is not installed"
        raise Unavailable(msg)
    log.unlink(missing_ok=True)
    command = [go, "install", f"{binary.package}@{binary.version}"]
    process = await start(command, log, {"GOBIN": str(folder), "GOOS": "", "GOARCH": ""})
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        await process.kill()
        raise
    if code != 0:
        raise Unavailable(_why_not(binary, log))


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
