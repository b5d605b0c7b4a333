"""The worker as an operator runs it: health, logs, SIGTERM."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from pathlib import Path

import httpx
import pytest
import structlog

from campaign.errors import Unavailable
from dev.servers.ports import free_ports
from dev.servers.temporal import TemporalServer
from logs import set_up_logs
from settings import Settings
from tests.facts import CAMPAIGN
from worker.run import run_worker

pytestmark = pytest.mark.temporal


async def answer(url: str, running: asyncio.Task[None]) -> httpx.Response:
    """Try until somebody listens."""
    async with httpx.AsyncClient() as http:
        while not running.done():
            try:
                return await http.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.02)
    running.result()
    pytest.fail("the worker has ended")


async def test_it_is_healthy_until_it_is_stopped(
    temporal: TemporalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes its tables, answers health and readiness, and ends by itself on SIGTERM."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal.address)
    (port,) = free_ports(1)
    running = asyncio.create_task(run_worker(Settings(home=tmp_path, health_port=port, shutdown_seconds=5)))
    assert (await answer(f"http://127.0.0.1:{port}/healthz", running)).json() == {"status": "ok"}
    ready = await answer(f"http://127.0.0.1:{port}/readyz", running)
    assert (ready.status_code, ready.json()["polling"], ready.json()["database"]) == (200, True, True)
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert (tmp_path / "afterglow.db").exists()


async def test_it_makes_the_first_codes_before_it_polls(
    temporal: TemporalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new offer of single-use codes has all that are kept ready once the worker is ready."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal.address)
    offer = 'coupon = "single_use"\nvalid_for = "14 days"\nkeep_ready = 7'
    text = CAMPAIGN.read_text("utf-8").replace('code = "COMEBACK20"\nvalid_for = "14 days"', offer)
    (tmp_path / "campaign.toml").write_text(text, "utf-8")
    (port,) = free_ports(1)
    settings = Settings(
        home=tmp_path, campaign=tmp_path / "campaign.toml", health_port=port, shutdown_seconds=5
    )
    running = asyncio.create_task(run_worker(settings))
    ready = await answer(f"http://127.0.0.1:{port}/readyz", running)
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert ready.json()["coupons"]["come-back"] == {"left": 7, "low": False, "refused": 0}


async def test_without_a_server_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Temporal: a refusal that names the address and the way to get one."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1: run `make dev`"):
        await run_worker(Settings(home=tmp_path))


def test_logs_are_json_without_an_errors_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One object a line, with the order's id; of an exception its kind only: its text may hold an address."""
    monkeypatch.setattr(logging.root, "handlers", [])
    before = structlog.get_config()
    set_up_logs(Settings())
    try:
        structlog.get_logger().info("message sent", order="o-1")
        try:
            raise ValueError("ada@example.com")  # noqa: EM101, TRY301 - what must not be seen
        except ValueError:
            logging.getLogger("library").exception("it failed")
    finally:
        structlog.configure(**before)
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["order"], first["level"]) == ("message sent", "o-1", "info")
    assert (second["error"], second["event"]) == ("ValueError", "it failed")
    assert "ada" not in json.dumps(second)
