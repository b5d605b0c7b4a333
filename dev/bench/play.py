"""Campaigns and bare shapes, started with time skipped and run to their ends."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkipper

from campaign.contract import TASK_QUEUE, WORKFLOW, workflow_id
from campaign.errors import Unavailable
from dev.bench import bare
from dev.bench.cpu import all_cpu
from dev.bench.fill import PRODUCTS
from dev.servers.processes import start

AT_ONCE = 50

Handle = WorkflowHandle[Any, Any]
Begin = Callable[[Client, int], Awaitable[Handle]]


@dataclass(frozen=True)
class Played:
    """What ``number`` campaigns took: wall-clock seconds, and CPU seconds by process."""

    number: int
    seconds: float
    cpu: Mapping[str, float]
    messages: int
    handles: list[Handle]

    @property
    def a_second(self) -> float:
        """Campaigns a second."""
        return self.number / self.seconds

    def milliseconds(self, process: str) -> float:
        """CPU milliseconds a campaign."""
        return self.cpu.get(process, 0.0) / self.number * 1000

    @property
    def total(self) -> float:
        """CPU milliseconds a campaign, of all processes."""
        return sum(self.cpu.values()) / self.number * 1000


async def play(address: str, pids: Mapping[str, int | None], begin: Begin, numbers: range) -> Played:
    """Start one for each number, `AT_ONCE` at a time, and wait for all."""
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    seats = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> tuple[Handle, int]:
        async with seats:
            handle = await begin(TimeSkipper(client).client, number)
            return handle, (await handle.result())["messages_sent"]

    before, began = all_cpu(pids), time.perf_counter()
    ended = await asyncio.gather(*map(one, numbers))
    seconds, after = time.perf_counter() - began, all_cpu(pids)
    cpu = {name: after[name] - before[name] for name in pids}
    sent = sum(messages for _, messages in ended)
    return Played(len(numbers), seconds, cpu, sent, [handle for handle, _ in ended])


async def begin_bare(client: Client, number: int) -> Handle:
    """Start a bare shape."""
    return await client.start_workflow(
        bare.WORKFLOW, f"o-{number}", id=f"bare-{time.time_ns()}-{number}", task_queue=bare.QUEUE
    )


def begin_campaign(now: datetime) -> Begin:
    """Return how to start a campaign of an order placed now: two products, processed a minute later."""

    async def begin(client: Client, number: int) -> Handle:
        skus = [f"p-{(number * 37 + offset) % PRODUCTS}" for offset in (0, 1)]
        purchase = {
            "order_id": f"bench-{number}", "customer_id": f"c-{number}", "placed_at": now.isoformat(),
            "currency": "USD", "total": "20.00",
            "lines": [{"sku": sku, "quantity": 1, "unit_price": "10.00"} for sku in skus],
        }  # fmt: skip
        return await client.start_workflow(
            WORKFLOW,
            purchase,
            id=workflow_id(f"bench-{number}"),
            task_queue=TASK_QUEUE,
            start_signal="order_updated",
            start_signal_args=[{"status": "processed", "at": (now + timedelta(minutes=1)).isoformat()}],
        )

    return begin


async def save_customers(home: Path, numbers: range, environment: Mapping[str, str], folder: Path) -> None:
    """Give the buyers' contact data to the starter's own command.

    Raises:
        Unavailable: it does not take them; the text names its log.
    """
    contacts = [
        {"customer_id": f"c-{n}", "email": f"c{n}@example.com", "first_name": "Ada", "country": "US"}
        for n in numbers
    ]
    file, log = home / "customers.json", home / "logs" / "customers.log"
    file.write_text(json.dumps(contacts), "utf-8")
    command = [sys.executable, "-m", "starter", "customer", file]
    process = await start([*map(str, command)], log, environment, folder=folder)
    if await process.wait() != 0:
        msg = f"the customers cannot be saved: see {log}"
        raise Unavailable(msg)
