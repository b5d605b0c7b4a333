"""Whole campaigns, with time skipped: how many a second, and what each costs.

Four messages by e-mail to each of as many customers: every step is decided, rendered and written to
the outbox by the real worker. Waiting costs nothing, so this is what a campaign costs over its life.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkipper

from campaign.contract import TASK_QUEUE, WORKFLOW, workflow_id
from campaign.wire import Customer
from dev.stack import Stack
from storage.database import Database
from storage.queries.customers import save_customer

AT_ONCE = 50
NOT_COUNTED = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
)
Handle = WorkflowHandle[Any, Any]


async def campaigns(running: Stack, number: int) -> Mapping[str, str]:
    """Run ``number`` campaigns to their ends, `AT_ONCE` at a time."""
    _save_customers(running.home, number)
    client = await Client.connect(running.temporal.address, data_converter=pydantic_data_converter)
    now = datetime.now(UTC)  # noqa: TID251 - the server's clock is real
    seats = asyncio.Semaphore(AT_ONCE)

    async def run(order: int) -> tuple[Handle, int]:
        async with seats:
            handle = await _start(TimeSkipper(client).client, order, now)
            return handle, (await handle.result())["messages_sent"]

    processes = {"server": running.temporal.pid, "worker": running.worker.pid}
    before, began = {name: _cpu(pid) for name, pid in processes.items()}, time.perf_counter()
    ended = await asyncio.gather(*(run(order) for order in range(number)))
    seconds = time.perf_counter() - began
    cpu = {name: _cpu(pid) - before[name] for name, pid in processes.items() if pid}
    sent = sum(messages for _, messages in ended)
    return {
        "campaigns": f"{number}, {AT_ONCE} at a time, in {seconds:.1f} s",
        "campaigns a second": f"{number / seconds:.1f}",
        "messages a second": f"{sent / seconds:.1f} ({sent} sent)",
        **await _sizes([handle for handle, _ in ended]),
        **{f"CPU of the {name}": f"{used / number * 1000:.0f} ms a campaign" for name, used in cpu.items()},
    }


def _save_customers(home: Path, number: int) -> None:
    database = Database(f"sqlite:///{home / 'afterglow.db'}")
    with database.transaction() as session:
        for order in range(number):
            contact = {"customer_id": f"c-{order}", "email": f"c{order}@example.com", "country": "US"}
            save_customer(session, Customer.model_validate(contact))
    database.close()


async def _start(client: Client, order: int, now: datetime) -> Handle:
    purchase = {
        "order_id": f"bench-{order}", "customer_id": f"c-{order}", "placed_at": now.isoformat(),
        "currency": "USD", "total": "20.00",
        "lines": [{"sku": "mug", "quantity": 1, "unit_price": "20.00"}],
    }  # fmt: skip
    return await client.start_workflow(
        WORKFLOW,
        purchase,
        id=workflow_id(f"bench-{order}"),
        task_queue=TASK_QUEUE,
        start_signal="order_updated",
        start_signal_args=[{"status": "processed", "at": (now + timedelta(minutes=1)).isoformat()}],
    )


async def _sizes(handles: list[Handle]) -> Mapping[str, str]:
    """Return the histories' events and bytes, as the server counts them, and one history's own events."""
    infos = [(await handle.describe()).raw_description.workflow_execution_info for handle in handles]
    events = sorted(info.history_length for info in infos)
    sizes = sorted(info.history_size_bytes for info in infos)
    history = await handles[0].fetch_history()
    own = sum(event.event_type not in NOT_COUNTED for event in history.events)
    return {
        "history events": f"{_middle(events)} median, {events[-1]} most; {own} without signals and skips",
        "history size": f"{_middle(sizes) / 1024:.1f} KB median, {sizes[-1] / 1024:.1f} KB most",
    }


def _middle(ordered: list[int]) -> int:
    return ordered[len(ordered) // 2]


def _cpu(pid: int | None) -> float:
    """Return a process's CPU seconds (proc_pid_stat(5): utime and stime); 0 where there is no /proc."""
    file = Path(f"/proc/{pid}/stat")
    if pid is None or not file.exists():
        return 0.0
    fields = file.read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
