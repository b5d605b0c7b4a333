"""Programs and processes for the tests of dev: scripts, and whether a process is still there."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from dev.servers.ports import free_ports
from dev.servers.sources import Places


def program(folder: Path, name: str, text: str) -> Path:
    """Make a shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def places(home: Path) -> Places:
    """Places on free ports, without a Web UI."""
    return Places(home, free_ports(1)[0], None)


def names(folder: Path) -> set[str]:
    """What is in a folder."""
    return {path.name for path in folder.iterdir()}


def alive(pid: int) -> bool:
    """Whether a process is there; one that waits to be reaped by its parent is not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


async def gone(pid: int) -> None:
    """Wait for the end of a process that is not our child."""
    async with asyncio.timeout(30):
        while alive(pid):  # noqa: ASYNC110 - another's child: no event
            await asyncio.sleep(0.05)
