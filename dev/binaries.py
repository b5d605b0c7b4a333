"""Temporal's own programs, built once by Go and kept in the user's cache folder."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from campaign.errors import Unavailable

Say = Callable[[str], None]


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


def cached(binary: Binary) -> Path:
    """Return where the program is, or will be after `built`."""
    folder = binary.package.replace("/", "_")
    return user_cache_path("afterglow") / "bin" / f"{folder}@{binary.version}" / binary.program


async def built(binary: Binary, say: Say) -> Path:
    """Return the program, building it if it is not in the cache. Two processes do not build it twice.

    Raises:
        Unavailable: Go is not installed, or the build fails; the text names the log.
    """
    path = cached(binary)
    if path.exists():
        return path
    with _locked(path.parent.parent / f"{path.parent.name}.lock"):
        if not path.exists():
            say(f"Building the {binary.title} {binary.version} with Go: once, {binary.takes} ...")
            await _build(binary, path)
    return path


async def _build(binary: Binary, path: Path) -> None:
    """Build beside the place and move it there whole: an interrupted build leaves nothing behind."""
    go = shutil.which("go")
    if go is None:
        msg = "Go is not installed"
        raise Unavailable(msg)
    log = path.parent.parent / f"{path.parent.name}.log"
    with tempfile.TemporaryDirectory(dir=path.parent.parent) as folder:
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                go, "install", f"{binary.package}@{binary.version}",
                stdout=output, stderr=output, env={**os.environ, "GOBIN": folder},
            )  # fmt: skip
            code = await process.wait()
        if code != 0:
            msg = f"the {binary.title} could not be built: see {log}"
            raise Unavailable(msg)
        path.parent.mkdir(exist_ok=True)
        Path(folder, binary.program).replace(path)


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
