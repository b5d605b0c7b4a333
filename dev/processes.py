"""Processes that end with us: each in its own group, so that a terminal's Ctrl-C is ours to pass on."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 20
_PR_SET_PDEATHSIG = 1


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
        """Ask it to end, and end it after some seconds; return its exit code."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End it at once (SIGKILL)."""
        if self.running:
            self._process.kill()
        return await self._process.wait()

    async def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return await self._process.wait()


async def start(
    arguments: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> Process:
    """Start a process whose output goes to a log file. Where the kernel can, it ends when we die."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *map(str, arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
    return Process(process, log)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
