"""Ports and processes: none is shared by mistake, and each ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from dev.servers.ports import HOST, free_ports, is_free, next_free
from dev.servers.processes import locked, start
from tests.dev.programs import program


def test_free_ports_differ() -> None:
    """No port is given out twice, so that two servers of one process cannot collide."""
    ports = [port for _ in range(20) for port in free_ports(10)]
    assert len(set(ports)) == len(ports)


def test_the_next_free_port_is_found() -> None:
    """A wanted port that is taken is followed by the next."""
    with socket.socket() as taken:
        taken.bind((HOST, free_ports(1)[0]))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert next_free(port) > port
    assert next_free(port) == port


async def test_a_lock_lasts_as_long_as_the_process_that_keeps_it(tmp_path: Path) -> None:
    """After a crash of ours, the next start waits for the server that we left behind."""
    waits: list[str] = []
    async with locked(tmp_path / "lock", list) as descriptor:
        process = await start(["sleep", "60"], tmp_path / "log", keep_open=[descriptor])
    with pytest.raises(TimeoutError):
        async with locked(tmp_path / "lock", lambda: waits.append("waiting"), 0.01):
            pass
    await process.kill()
    async with locked(tmp_path / "lock", list):
        assert waits == ["waiting"]


async def test_a_program_that_hears_no_request_is_killed(tmp_path: Path) -> None:
    """`stop` is bounded."""
    script = program(tmp_path, "deaf", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
    process = await start([script], tmp_path / "log")
    async with asyncio.timeout(30):
        while "deaf" not in (tmp_path / "log").read_text():  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.02)
    assert await process.stop(0.1) == -signal.SIGKILL
    assert not process.running
