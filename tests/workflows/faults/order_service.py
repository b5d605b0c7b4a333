"""An order service that sends until it is answered, and the stack that it sends to, which keeps dying."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx

from dev.servers.ports import HOST, free_ports
from dev.servers.processes import Process, start
from dev.servers.readiness import wait_until_answers

AT_ONCE = 8
KEY = "q8Zt3vN0bK7yW2xR5mLd"
LONGEST_LIFE = 0.4
Request = tuple[str, dict[str, Any]]


def order(number: int) -> Request:
    """One order, of a customer of its own."""
    line = {"sku": "mug", "quantity": 1, "unit_price": "5.00"}
    return "/orders", {
        "order_id": f"chaos-{number}", "customer_id": f"c-{number}", "placed_at": _now(), "currency": "USD",
        "total": "5.00", "lines": [line],
    }  # fmt: skip


def cancellation(number: int) -> Request:
    """News that ends the order's campaign."""
    return f"/orders/chaos-{number}/events", {"status": "cancelled", "at": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat()  # noqa: TID251 - the server's clock is real


@dataclass
class OrderService:
    """Sends every request until it is answered 202, whatever happens to the server meanwhile."""

    address: str
    answered: int = 0
    unanswered: int = 0
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, requests: Sequence[Request]) -> None:
        """Send them all, some at a time, in their order."""
        queue = iter(requests)
        self.first.clear()
        headers = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=self.address, headers=headers, timeout=30) as http:
            await asyncio.gather(*(self._work(http, queue) for _ in range(AT_ONCE)))

    async def _work(self, http: httpx.AsyncClient, queue: Any) -> None:
        for path, body in queue:
            while not await self._accepted(http, path, body):
                self.unanswered += 1
                await asyncio.sleep(0.05)
            self.answered += 1
            self.first.set()

    async def _accepted(self, http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> bool:
        try:
            answer = await http.post(path, json=body)
        except httpx.TransportError:
            return False
        assert answer.status_code in (202, 503), answer.text
        return answer.status_code == 202


@dataclass
class Processes:
    """A web process that is killed again and again, and a worker that goes on."""

    home: Path
    database_url: str
    temporal: str
    random: Random
    web: Process | None = None
    web_port: int = field(default_factory=lambda: free_ports(1)[0])

    async def start_web(self) -> None:
        """Start the web process; it serves on return."""
        self.web = await self._module("web", AFTERGLOW_WEB_PORT=str(self.web_port))
        await wait_until_answers(f"http://{HOST}:{self.web_port}/healthz", self.web)

    async def kill_web(self) -> None:
        """`kill -9`."""
        if self.web:
            await self.web.kill()

    async def start_worker(self) -> Process:
        """Start a worker; it polls on return."""
        (health,) = free_ports(1)
        worker = await self._module("worker", AFTERGLOW_HEALTH_PORT=str(health))
        await wait_until_answers(f"http://{HOST}:{health}/readyz", worker)
        return worker

    async def life_and_death(self, service: OrderService) -> None:
        """Let the web process answer for a random while, then kill it and start it again."""
        await service.first.wait()
        await asyncio.sleep(self.random.uniform(0, LONGEST_LIFE))
        await self.kill_web()
        await self.start_web()

    async def _module(self, name: str, **more: str) -> Process:
        place = {
            "AFTERGLOW_HOME": str(self.home), "AFTERGLOW_DATABASE_URL": self.database_url,
            "AFTERGLOW_API_TOKEN": KEY, "TEMPORAL_ADDRESS": self.temporal, **more,
        }  # fmt: skip
        return await start([sys.executable, "-m", name], self.home / f"{name}.log", place)
