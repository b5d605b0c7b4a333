"""``python -m dev.histories``: record histories of this version's campaigns for the replay test.

Run it after a change that is meant to be seen by new campaigns only, and give the files a new
prefix: the old ones stay, since campaigns that started under them are still asleep.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from campaign.contract import TASK_QUEUE, WORKFLOW, workflow_id
from campaign.facts import MessageState
from campaign.reasons import Channel, Reason
from campaign.wire import Customer
from dev.servers.temporal import temporal_server
from settings import Settings
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.messages.channel_stops import resume_channel, stop_channel
from storage.queries.messages.messages import messages_of, move_message
from storage.queries.people.customers import save_customer
from worker.plugin import afterglow_plugin
from worker.run import make_activities, workers

FOLDER = Path(__file__).parent.parent / "tests" / "workflows" / "histories"
MINUTE = timedelta(minutes=1)


@asynccontextmanager
async def shop(home: Path) -> AsyncIterator[tuple[Client, Database]]:
    """Run a server and a worker of this version."""
    settings = Settings(home=home)
    database = Database(settings.database_url)
    upgrade(database)
    async with temporal_server(home, ui=False) as server:
        client = await Client.connect(server.address, plugins=[afterglow_plugin()])
        async with workers(client, settings, make_activities(settings, database)):
            yield client, database
    database.close()


async def record(
    name: str,
    client: Client,
    database: Database,
    at: datetime,
    signals: list[tuple[str, Any]],
    **contact: Any,
) -> None:
    """Run one campaign to its end and keep its history."""
    values = {
        "customer_id": f"c-{name}",
        "email": f"{name}@example.com",
        "time_zone": "Etc/UTC",
        "country": "US",
        **contact,
    }
    with database.transaction() as session:
        save_customer(session, Customer.model_validate(values))
    await _keep(name, await _start(name, TimeSkipper(client).client, at, signals))


async def _keep(name: str, handle: Any) -> None:
    await handle.result()
    history = await handle.fetch_history()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(history.to_json(), "utf-8")
    print(f"{name}: {len(history.events)} events")


async def _start(name: str, client: Client, at: datetime, signals: list[tuple[str, Any]]) -> Any:
    line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
    purchase: Mapping[str, Any] = {
        "order_id": name, "customer_id": f"c-{name}", "placed_at": at.isoformat(),
        "currency": "USD", "total": "20.00", "lines": [line],
    }  # fmt: skip
    first, *rest = signals or [("", None)]
    starting = {"start_signal": first[0], "start_signal_args": [first[1]]} if first[0] else {}
    handle = await client.start_workflow(
        WORKFLOW, purchase, id=workflow_id(name), task_queue=TASK_QUEUE, **starting
    )  # type: ignore[call-overload]
    for signal, payload in rest:
        await handle.signal(signal, payload)
    return handle


async def record_fallback(name: str, client: Client, database: Database, at: datetime) -> None:
    """Record a campaign whose first email fails after it was sent, so that the SMS takes over."""
    with database.transaction() as session:
        consent = {"channel": "sms", "state": "granted", "source": "test", "at": at, "confirmed": True}
        values = {"customer_id": f"c-{name}", "email": f"{name}@example.com", "phone": "+12025550125"}
        where = {"time_zone": "America/New_York", "country": "US", "consents": [consent]}
        save_customer(session, Customer.model_validate({**values, **where}))
    still = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    processed = ("order_updated", {"status": "processed", "at": at.isoformat()})
    handle = await _start(name, still.client, at, [processed])
    while not await _fail_first(name, database, at):
        await still.fast_forward(handle, 60 * MINUTE)
    await handle.signal("delivery_failed", {"step": "thank-you"})
    await still.fast_forward(handle, timedelta(days=3))
    await handle.signal("stop", {"reason": "test"})
    await _keep(name, handle)


async def record_interrupted(name: str, client: Client, database: Database, at: datetime) -> None:
    """Record a campaign that is stopped while its message waits for a channel that is stopped."""
    contact = {
        "customer_id": f"c-{name}",
        "email": f"{name}@example.com",
        "time_zone": "Etc/UTC",
        "country": "US",
    }
    with database.transaction() as session:
        save_customer(session, Customer.model_validate(contact))
        stop_channel(session, Channel.EMAIL, "test", at)
    processed = ("order_updated", {"status": "processed", "at": at.isoformat()})
    handle = await _start(name, TimeSkipper(client).client, at, [processed])
    await _until(handle, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    await handle.signal("order_updated", {"status": "fulfilled", "at": at.isoformat()})
    await handle.signal("stop", {"reason": "test"})
    await _keep(name, handle)
    with database.transaction() as session:
        resume_channel(session, Channel.EMAIL)


async def record_woken(name: str, client: Client, database: Database, at: datetime) -> None:
    """Record a campaign that is signalled while it sleeps that codes are there, and then stopped."""
    contact = {"customer_id": f"c-{name}", "email": f"{name}@example.com", "country": "US"}
    with database.transaction() as session:
        save_customer(session, Customer.model_validate(contact))
    handle = await _start(name, client, at, [])
    await _until(handle, EventType.EVENT_TYPE_TIMER_STARTED)
    await handle.signal("coupons_added")
    await _until(handle, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, 2)
    await handle.signal("stop", {"reason": "test"})
    await _keep(name, handle)


async def _until(handle: Any, kind: EventType.ValueType, count: int = 1) -> None:
    async for event in handle.fetch_history_events(wait_new_event=True):
        count -= event.event_type == kind
        if not count:
            return


async def _fail_first(name: str, database: Database, at: datetime) -> bool:
    with database.transaction() as session:
        for row in messages_of(session, name):
            move_message(session, row, MessageState.FAILED, at, Reason.FAILED)
            return True
    return False


async def record_all(prefix: str) -> None:
    """Record one history of every way through the workflow."""
    at = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)  # noqa: TID251 - the server's clock is real
    processed = ("order_updated", {"status": "processed", "at": at.isoformat()})
    cancelled = ("order_updated", {"status": "cancelled", "at": (at + MINUTE).isoformat()})
    consents = [
        {"channel": c, "state": "granted", "source": "test", "at": at.isoformat(), "confirmed": True}
        for c in ("email", "sms")
    ]
    with tempfile.TemporaryDirectory() as home:
        async with shop(Path(home)) as (client, database):
            await record(f"{prefix}-four-emails", client, database, at, [processed])
            both: dict[str, Any] = {
                "phone": "+12025550123",
                "preferred_channel": "both",
                "consents": consents,
            }
            await record(f"{prefix}-both-channels", client, database, at, [processed], **both)
            await record(f"{prefix}-never-processed", client, database, at, [])
            await record(f"{prefix}-cancelled", client, database, at, [processed, cancelled])
            await record(f"{prefix}-stopped", client, database, at, [("stop", {"reason": "test"})])
            await record(f"{prefix}-no-address", client, database, at, [processed], email=None)
            either: dict[str, Any] = {"phone": "+12025550124", "consents": consents}
            await record_woken(f"{prefix}-woken", client, database, at)
            await record(f"{prefix}-watched-to-the-end", client, database, at, [processed], **either)
            await record_fallback(f"{prefix}-fallback", client, database, at)
            await record_interrupted(f"{prefix}-interrupted", client, database, at)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m dev.histories", description="Record this version's histories for the replay test."
    )
    parser.add_argument("prefix", help='what their files begin with, such as "v3": older ones must stay')
    asyncio.run(record_all(parser.parse_args().prefix))
