"""The way from an order service to its campaigns, while web, PostgreSQL and Temporal die: nothing is lost."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlmodel import col, func, select
from temporalio.client import Client
from temporalio.service import RPCError

from campaign.errors import Unavailable
from dev.servers.ports import HOST
from dev.servers.postgres import PostgresServer, postgres
from dev.servers.temporal import temporal_server
from storage.database import Database
from storage.migrate import upgrade
from storage.tables import InboxRow, OrderEventRow, OrderRow, RunRow
from tests.shop import new_postgres_database
from tests.workflows.faults.order_service import OrderService, Processes, Request, cancellation, order

pytestmark = [pytest.mark.temporal, pytest.mark.chaos]
PAUSE = 0.1


def load(orders: int, random: Random) -> list[Request]:
    """Orders, and news of every second one, which comes after its order or, now and then, before it."""
    timed = [(number + 0.0, order(number)) for number in range(orders)]
    timed += [(n + random.uniform(-2, 20), cancellation(n)) for n in range(0, orders, 2)]
    return [request for _, request in sorted(timed, key=lambda one: one[0])]


def slices(requests: Sequence[Request], number: int) -> list[Sequence[Request]]:
    """Cut the load into so many parts."""
    size = -(-len(requests) // number)
    return [requests[begin : begin + size] for begin in range(0, len(requests), size)]


async def restart(server: PostgresServer) -> None:
    """Crash PostgreSQL, and start it again."""
    await asyncio.to_thread(server.stop, signal.SIGQUIT)
    await asyncio.to_thread(server.start)


def counts(database: Database) -> dict[str, int]:
    """How many orders, their news, campaigns, ended campaigns and open rows of the inbox there are."""
    with database.reading() as session:
        return {
            "orders": session.exec(select(func.count()).select_from(OrderRow)).one(),
            "news": session.exec(select(func.count()).select_from(OrderEventRow)).one(),
            "campaigns": session.exec(select(func.count()).select_from(RunRow)).one(),
            "cancelled": session.exec(
                select(func.count()).select_from(RunRow).where(col(RunRow.exit_reason) == "cancelled")
            ).one(),
            "open rows": session.exec(
                select(func.count()).select_from(InboxRow).where(col(InboxRow.state) != "done")
            ).one(),
        }


async def until(database: Database, expected: dict[str, int]) -> None:
    """Wait until the database has what is expected; more of anything is never right."""
    while (found := await asyncio.to_thread(counts, database)) != expected:
        assert all(found[name] <= most for name, most in expected.items() if name != "open rows"), found
        await asyncio.sleep(PAUSE)


async def started(client: Client) -> Counter[str]:
    """How many executions Temporal has of each campaign; none while it is too busy to say."""
    query = "WorkflowType = 'PostPurchaseCampaign'"
    try:
        return Counter([execution.id async for execution in client.list_workflows(query)])
    except RPCError:
        return Counter()


async def until_listed(client: Client, number: int) -> Counter[str]:
    """Wait until visibility, which is behind, has so many campaigns; return how often each is there."""
    while (found := await started(client)).total() < number:  # noqa: ASYNC110 - visibility has no event
        await asyncio.sleep(10 * PAUSE)
    return found


@pytest.mark.parametrize("stopped", [True, False], ids=["without-temporal", "with-temporal"])
async def test_every_order_that_was_answered_has_one_campaign(
    tmp_path: Path, request: pytest.FixtureRequest, stopped: bool
) -> None:
    """Web is killed and PostgreSQL crashes under the load, Temporal away or there: one campaign an order."""
    options: Any = request.config.getoption
    orders, kills, crashes = (options(f"--inbox-{name}") for name in ("orders", "kills", "crashes"))
    random, begin = Random(1), time.monotonic()  # noqa: S311 - moments of death, not secrets
    try:
        with postgres() as server:
            async with temporal_server(tmp_path / "temporal", ui=False) as temporal:
                database = Database(new_postgres_database(server.url))
                upgrade(database)
                processes = Processes(tmp_path, database.url, temporal.address, random)
                service = OrderService(f"http://{HOST}:{processes.web_port}")
                worker = await processes.start_worker()
                await processes.start_web()
                if stopped:
                    await temporal.kill()
                parts = slices(load(orders, random), kills + 1)
                for number, part in enumerate(parts):
                    sending = asyncio.create_task(service.send(part))
                    if number < kills:
                        await processes.life_and_death(service)
                    if crashes and number and number % max(kills // crashes, 1) == 0:
                        crashes -= 1
                        await restart(server)
                    await sending
                sent = time.monotonic() - begin
                if stopped:
                    await temporal.start()
                news = len(range(0, orders, 2))
                await until(database, {
                    "orders": orders, "news": news, "campaigns": orders, "cancelled": news, "open rows": 0,
                })  # fmt: skip
                listed = await until_listed(await Client.connect(temporal.address), orders)
                assert set(listed.values()) == {1}
                assert len(listed) == orders
                assert await worker.stop() == 0
                assert processes.web is not None
                assert await processes.web.stop() == -signal.SIGTERM  # uvicorn hands the signal on
                database.close()
    except Unavailable as error:
        pytest.skip(str(error))
    assert service.answered == orders + news
    assert crashes == 0
    sys.stderr.write(
        f"{orders} orders, {news} news, {kills} kills of web, Temporal {'away' if stopped else 'there'}: "
        f"{service.unanswered} requests sent again; all sent after {sent:.0f} s, all campaigns begun and "
        f"{news} cancelled after {time.monotonic() - begin:.0f} s\n"
    )
