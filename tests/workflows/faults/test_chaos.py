"""Workers and the Temporal server are killed while campaigns run: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlmodel import select
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper

from campaign.wire import Customer
from dev.servers.processes import Process, start
from dev.servers.temporal import TemporalServer, temporal_server
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.people.customers import save_customer
from storage.tables import MessageEventRow, MessageRow, RunRow
from tests.shop import sent_files

pytestmark = [pytest.mark.temporal, pytest.mark.chaos]
LONGEST_LIFE = 2.5
CANCELLED_EVERY = 5


class Chaos:
    """One worker process that keeps being killed, and the campaigns it works on."""

    def __init__(self, home: Path, temporal: TemporalServer, client: Client) -> None:
        """Use a home and a server."""
        self.home, self.temporal, self.client = home, temporal, client
        self.database = Database(f"sqlite:///{home / 'afterglow.db'}")
        self.random = Random(1)  # noqa: S311 - moments of death, not secrets
        self.handles: dict[str, WorkflowHandle[Any, Any]] = {}

    async def worker(self) -> Process:
        """Start a worker as an operator would; it is ready on return (its log grows by that line)."""
        place = {"AFTERGLOW_HOME": str(self.home), "TEMPORAL_ADDRESS": self.temporal.address}
        fast = {"AFTERGLOW_EMAIL_RATE": "1000", "AFTERGLOW_SMS_RATE": "1000"}
        ready = self.ready_lines()
        worker = await start([sys.executable, "-m", "worker"], self.home / "worker.log", place | fast)
        while self.ready_lines() == ready and worker.running:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.02)
        return worker

    def ready_lines(self) -> int:
        """How often a worker has said that it is ready."""
        log = self.home / "worker.log"
        return log.read_text().count("worker ready") if log.exists() else 0

    async def begin(self, number: int) -> None:
        """Start a campaign; every fifth order is cancelled with its start."""
        order_id = f"chaos-{number}"
        with self.database.transaction() as session:
            contact = {
                "customer_id": f"c-{number}",
                "email": f"c{number}@example.com",
                "time_zone": "Etc/UTC",
            }
            save_customer(session, Customer.model_validate(contact))
        placed = datetime.now(UTC)  # noqa: TID251 - the server's clock is real
        status = "cancelled" if number % CANCELLED_EVERY == 0 else "processed"
        line = {"sku": "x", "quantity": 1, "unit_price": "5.00"}
        purchase = {"order_id": order_id, "customer_id": f"c-{number}", "placed_at": placed.isoformat(),
                    "currency": "USD", "total": "5.00", "lines": [line]}  # fmt: skip
        self.handles[order_id] = await TimeSkipper(self.client).client.start_workflow(
            "PostPurchaseCampaign", purchase, id=f"post-purchase/{order_id}", task_queue="post-purchase",
            start_signal="order_updated", start_signal_args=[{"status": status, "at": placed.isoformat()}],
        )  # fmt: skip

    async def life_and_death(self) -> None:
        """Let a worker live for a random while from its first poll, then `kill -9` it."""
        worker = await self.worker()
        await asyncio.sleep(self.random.uniform(0, LONGEST_LIFE))
        await worker.kill()

    async def ended(self, handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
        """Wait for the result, also across a dead server."""
        while True:
            try:
                result: dict[str, Any] = await handle.result()
            except RPCError:
                await asyncio.sleep(0.1)
            else:
                return result


async def test_killing_workers_and_the_server_loses_and_doubles_nothing(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """`kill -9` of the worker at random moments and once of the server: all end as they would have."""
    campaigns = request.config.getoption("--chaos-campaigns")
    kills = request.config.getoption("--chaos-kills")
    async with temporal_server(tmp_path / "temporal", ui=False) as temporal:
        client = await Client.connect(temporal.address, data_converter=pydantic_data_converter)
        chaos = Chaos(tmp_path, temporal, client)
        upgrade(chaos.database)
        started = 0
        for kill in range(kills):
            upto = campaigns * (kill + 1) // kills
            for number in range(started, upto):
                await chaos.begin(number)
            started = upto
            await chaos.life_and_death()
            if kill == kills // 2:
                await temporal.kill()
                await temporal.start()
        worker = await chaos.worker()
        results = await asyncio.gather(*map(chaos.ended, chaos.handles.values()))
        assert await worker.stop() == 0
    expected = {"completed": campaigns - len(range(0, campaigns, CANCELLED_EVERY)),
                "cancelled": len(range(0, campaigns, CANCELLED_EVERY))}  # fmt: skip
    assert Counter(result["exit_reason"] for result in results) == expected
    check_database(chaos.database, expected["completed"])
    assert len(sent_files(tmp_path / "outbox")) == 4 * expected["completed"]
    chaos.database.close()


def check_database(database: Database, completed: int) -> None:
    """Every message was sent exactly once, in its window, and every run is closed."""
    with database.transaction() as session:
        messages = session.exec(select(MessageRow)).all()
        runs = session.exec(select(RunRow)).all()
        events = session.exec(select(MessageEventRow)).all()
    assert Counter(message.state for message in messages) == {"sent": 4 * completed}
    assert all(run.closed_at for run in runs)
    sent = Counter(event.message_id for event in events if event.kind == "sent")
    assert set(sent.values()) == {1}
    late = [m for m in messages if m.sent_at is None or m.sent_at > m.latest_at + timedelta(seconds=1)]
    assert late == []
