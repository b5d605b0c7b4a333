"""SIGTERM to a worker's process: it takes no more work, and ends what is under way."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from campaign.wire import Customer
from dev.servers.processes import start as start_process
from dev.servers.temporal import TemporalServer
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.people.customers import save_customer
from tests.shop import unique
from tests.workflows.orders import due_at_once, news, start, texted_in_the_afternoon, zone_of_afternoon

pytestmark = pytest.mark.temporal
CAMPAIGNS, CONCURRENCY, RATE = 60, 2, 4


def settled_after(log: Path, line: str) -> list[dict[str, Any]]:
    """The messages that were settled after a line of the log."""
    events = [json.loads(text) for text in log.read_text().splitlines() if text.startswith("{")]
    since = next(n for n, event in enumerate(events) if event["event"] == line)
    return [event for event in events[since:] if event["event"] == "message settled"]


def save(database: Database, number: int, **contact: Any) -> None:
    """Save a customer for whom it is afternoon."""
    values = {"customer_id": f"c-{number}", "email": f"c{number}@example.com", "country": "US"}
    with database.transaction() as session:
        save_customer(
            session, Customer.model_validate({**values, "time_zone": zone_of_afternoon(), **contact})
        )


#: A worker that writes for seconds to whom is called Slow: no template can take so long, they are bounded.
SLOW_WORKER = """
import runpy, time
from writing import message

def render_slowly(source, template, context, render=message.render_sms):
    if context.customer.first_name == "Slow":
        time.sleep(5)
    return render(source, template, context)

message.render_sms = render_slowly
runpy.run_module("worker", run_name="__main__")
"""


async def test_sigterm_stops_all_queues_at_once(temporal: TemporalServer, tmp_path: Path) -> None:
    """While one queue's work is still ending, no send of a backlog begins on another."""
    database = Database(f"sqlite:///{tmp_path / 'afterglow.db'}")
    upgrade(database)
    save(database, 0, first_name="Slow", **texted_in_the_afternoon())
    client = await Client.connect(temporal.address)
    for number in range(1, CAMPAIGNS):
        save(database, number)
        await start(client, due_at_once(unique("o"), customer_id=f"c-{number}"), news("processed"))
    slow = due_at_once(unique("slow"), customer_id="c-0")
    await start(client, slow, news("processed"))
    settings = {
        "AFTERGLOW_HOME": str(tmp_path),
        "AFTERGLOW_EMAIL_RATE": str(RATE),
        "AFTERGLOW_CONCURRENCY": str(CONCURRENCY),
        "TEMPORAL_ADDRESS": temporal.address,
    }
    worker = await start_process([sys.executable, "-c", SLOW_WORKER], tmp_path / "worker.log", settings)
    decided = f'"order": "{slow["order_id"]}", "step"'
    while worker.running and decided not in worker.log.read_text():  # noqa: ASYNC110 - a log has no event
        await asyncio.sleep(0.02)
    assert await worker.stop(seconds=60) == 0
    sent = settled_after(worker.log, "worker stopping")
    assert len(sent) <= CONCURRENCY
    assert all(event["order"].startswith("o-") for event in sent)
    database.close()
