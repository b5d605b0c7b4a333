"""Processes that end with us, and locks that last until they have.

Each process has its own group, so that a terminal's Ctrl-C is ours to pass on, in our order.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

STOP_SECONDS = 20
_PAUSE = 0.1

# Has the kernel send a SIGTERM at our death (PR_SET_PDEATHSIG), then becomes the program under the
# same pid. A `preexec_fn` would run Python between fork and exec beside the SDK's threads, where it
# can deadlock. The check is for a parent that died before the request.
_LAUNCH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Process:
    """One process with its log file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        """Watch a started process."""
        self._process = process
        self.log = log
        self.pid = process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Send SIGTERM, and end it after some seconds, or when we are cancelled; return its exit code."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return await self.kill()
        except asyncio.CancelledError:
            self._kill_group()
            raise

    async def kill(self) -> int:
        """End it and what it started at once (SIGKILL); return its exit code."""
        self._kill_group()
        return await self._process.wait()

    async def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return await self._process.wait()

    def _kill_group(self) -> None:
        if self.running:
            os.killpg(self.pid, signal.SIGKILL)


async def start(
    arguments: Sequence[str | Path],
    log: Path,
    environment: Mapping[str, str] | None = None,
    keep_open: Sequence[int] = (),
    folder: Path | None = None,
) -> Process:
    """Start a process whose output is added to a log file.

    On Linux it gets SIGTERM when we die, even by SIGKILL. Start it from the main thread: the kernel
    means the thread's death. A program that is not there ends with code 1 and says so in the log.
    ``keep_open``: file descriptors that it inherits (a lock is kept until it has ended). ``folder``: where it
    runs, ours if left out.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *_launcher(),
            *map(str, arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            pass_fds=keep_open,
            cwd=folder,
        )
    return Process(process, log)


def _launcher() -> list[str]:
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid())]


@asynccontextmanager
async def locked(
    file: Path, waiting: Callable[[], object], seconds: float | None = None
) -> AsyncIterator[int]:
    """Hold a lock file; give its descriptor. The lock lasts until all who inherited that have ended.

    ``waiting`` is called once if another holds it.

    Raises:
        TimeoutError: another still holds it after ``seconds`` (None: wait for ever).
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as opened:
        if not _try_lock(opened):
            waiting()
            async with asyncio.timeout(seconds):
                while not _try_lock(opened):  # noqa: ASYNC110 - another process holds it: no event
                    await asyncio.sleep(_PAUSE)
        yield opened.fileno()


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
