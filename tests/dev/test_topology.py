"""The whole of docker-compose.yml, run natively in production settings: an order in, a message out."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from campaign.errors import Unavailable
from dev.topology.__main__ import Topology, programs, topology
from dev.topology.compose import read_compose
from settings import PREFIX
from tests.shop import sent_files

pytestmark = pytest.mark.topology
TRIES, PAUSE = 600, 0.1
NOON = 12
# uvicorn shuts down in good order, then ends as the signal would have ended it; the Web UI just ends.
BY_THE_SIGNAL = ("web", "temporal-ui")


def noon_somewhere(now: datetime) -> str:
    """Return a time zone in which it is between noon and one: far from every quiet hour."""
    ahead = (NOON - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


def order(now: datetime) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return a customer, her order of three hours ago and its event: the thank-you is due at once."""
    customer = {
        "email": "ada@example.com",
        "first_name": "Ada",
        "country": "US",
        "time_zone": noon_somewhere(now),
    }
    purchase = {
        "order_id": "t-1", "customer_id": "c-1", "currency": "USD", "total": "20.00",
        "placed_at": (now - timedelta(hours=3)).isoformat(),
        "lines": [{"sku": "MUG-1", "quantity": 1, "unit_price": "20.00"}],
    }  # fmt: skip
    return customer, purchase, {"status": "processed", "at": (now - timedelta(hours=2)).isoformat()}


@pytest.fixture(scope="module")
async def tools() -> list[Path]:
    """Temporal's programs; CI must have them, or Go to build them with."""
    try:
        return await programs(print)
    except Unavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the topology needs PostgreSQL, and Go or its cached builds: {error}")


async def message_sent(http: httpx.AsyncClient) -> dict[str, Any]:
    """Return the order's report once its first message is sent."""
    for _ in range(TRIES):
        report: dict[str, Any] = (await http.get("/orders/t-1")).raise_for_status().json()
        if any(message["state"] == "sent" for message in report.get("messages", [])):
            return report
        await asyncio.sleep(PAUSE)
    pytest.fail(f"no message was sent: {report}")


async def order_thanks(running: Topology) -> dict[str, Any]:
    """Send web a customer, her order and its event, with the token; return the order's report."""
    customer, purchase, event = order(datetime.now(UTC))  # noqa: TID251 - the server's clock is real
    token = {"Authorization": f"Bearer {running.afterglow[f'{PREFIX}API_TOKEN']}"}
    async with httpx.AsyncClient(base_url=running.url("web"), headers=token, timeout=30) as http:
        (await http.put("/customers/c-1", json=customer)).raise_for_status()
        (await http.post("/orders", json=purchase)).raise_for_status()
        (await http.post("/orders/t-1/events", json=event)).raise_for_status()
        return await message_sent(http)


async def pages(running: Topology) -> dict[str, int]:
    """Return the status codes of what operators look at."""
    urls = {
        "Web UI": f"{running.url('temporal-ui')}/api/v1/namespaces/default",
        "worker metrics": f"{running.url('worker-metrics')}/metrics",
        "server metrics": f"{running.url('temporal-metrics')}/metrics",
        "web without the token": f"{running.url('web')}/orders/t-1",
    }
    async with httpx.AsyncClient(timeout=30) as http:
        return {name: (await http.get(url)).status_code for name, url in urls.items()}


def databases_of(running: Topology, role: str) -> set[str]:
    """Return which databases let a role in with its own password."""
    host, port = running.postgres
    secret = running.variables[f"POSTGRES_PASSWORD_{role.upper()}"]
    entered = set()
    for name in ("afterglow", "temporal", "temporal_visibility", "postgres"):
        with suppress(psycopg.OperationalError):
            psycopg.connect(host=host, port=int(port), user=role, password=secret, dbname=name).close()
            entered.add(name)
    return entered


async def test_an_order_becomes_a_message_and_everything_ends_well(tools: list[Path], tmp_path: Path) -> None:
    """An order over HTTP puts its thank-you into the outbox; one-shots may be repeated; SIGTERM ends all."""
    async with topology(tmp_path, tools, print) as running:
        report = await order_thanks(running)
        (file,) = sent_files(running.outbox)
        assert b"To: ada@example.com" in file.read_bytes()
        assert [step["decision"] for step in report["steps"] if step["step"] == "thank-you"] == ["send"]
        assert await pages(running) == {
            "Web UI": 200, "worker metrics": 200, "server metrics": 200, "web without the token": 401,
        }  # fmt: skip
        assert databases_of(running, "afterglow") == {"afterglow", "postgres"}
        assert databases_of(running, "temporal") == {"temporal", "temporal_visibility", "postgres"}
        await running.again()
        assert all(process.running for process in running.services.values())
    ends = dict.fromkeys(read_compose()["services"], 0) | dict.fromkeys(BY_THE_SIGNAL, -signal.SIGTERM)
    assert running.codes == ends
    assert "Application shutdown complete" in (tmp_path / "logs" / "web.log").read_text("utf-8")
