"""``python -m dev.histories``: record histories of this version's campaigns for the replay test.

Run it after a change that is meant to be seen by new campaigns only, and give the files a new
prefix: the old ones stay, since campaigns that started under them are still asleep.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.testing import TimeSkipper

from activities.interface import TASK_QUEUE, WORKFLOW, workflow_id
from campaign.wire import Customer
from dev.temporal import temporal_server
from settings import Settings
from storage.customers import save_customer
from storage.database import Database
from storage.migrate import upgrade
from worker.plugin import afterglow_plugin
from worker.run import make_activities, workers

FOLDER = Path(__file__).parent.parent / "tests" / "histories"
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
        "email": "a@example.com",
        "time_zone": "Etc/UTC",
        "country": "US",
        **contact,
    }
    with database.transaction() as session:
        save_customer(session, Customer.model_validate(values))
    handle = await _start(name, client, at, signals)
    await handle.result()
    history = await handle.fetch_history()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(history.to_json(), "utf-8")
    print(f"{name}: {len(history.events)} events")


async def _start(
    name: str, client: Client, at: datetime, signals: list[tuple[str, Any]], suffix: str = ""
) -> Any:
    line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
    purchase: Mapping[str, Any] = {
        "order_id": name + suffix, "customer_id": f"c-{name}", "placed_at": at.isoformat(),
        "currency": "USD", "total": "20.00", "lines": [line],
    }  # fmt: skip
    first, *rest = signals or [("", None)]
    starting = {"start_signal": first[0], "start_signal_args": [first[1]]} if first[0] else {}
    handle = await TimeSkipper(client).client.start_workflow(
        WORKFLOW, purchase, id=workflow_id(name + suffix), task_queue=TASK_QUEUE, **starting
    )  # type: ignore[call-overload]
    for signal, payload in rest:
        await handle.signal(signal, payload)
    return handle


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


if __name__ == "__main__":
    asyncio.run(record_all(sys.argv[1] if len(sys.argv) > 1 else "v1"))
