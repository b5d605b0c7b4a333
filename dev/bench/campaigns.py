"""Whole campaigns with time skipped, beside the bare shape, in turns, on the same servers.

Four messages by e-mail to each customer: every step is decided, rendered and written to the outbox by the
real worker process. Waiting costs nothing, so this is what a campaign costs over its life.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from dev.bench.fill import fill_products, fill_shop
from dev.bench.play import Played, begin_bare, begin_campaign, play, save_customers
from dev.bench.servers import Servers, servers, stored_bytes
from dev.bench.statements import recorded_statements
from dev.servers.binaries import Report
from dev.servers.ports import HOST, free_ports
from dev.servers.processes import start
from dev.servers.readiness import wait_until_answers
from settings import Settings
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.shop.statistics import refresh_statistics
from worker.plugin import afterglow_plugin
from worker.run import make_activities, workers

ROOT = Path(__file__).parents[2]
WARM_UP = 10
COUNTED = 5


@dataclass(frozen=True)
class Wanted:
    """How much to measure: runs of each size, campaigns a run, past orders in the shop, ascending."""

    runs: int
    campaigns: int
    orders: Sequence[int]


@dataclass
class Size:
    """The runs with so many past orders; ``refresh``: seconds that counting the statistics took."""

    orders: int
    refresh: float = 0.0
    bare: list[Played] = field(default_factory=list)
    product: list[Played] = field(default_factory=list)
    stored: Counter[str] = field(default_factory=Counter)


@dataclass
class Measured:
    """All sizes on one kind of database, and the statements of `COUNTED` campaigns by activity."""

    kind: str
    sizes: list[Size] = field(default_factory=list)
    statements: Counter[str] = field(default_factory=Counter)


class Bench:
    """One kind of database: its servers, its two workers, and the numbers of customers used so far."""

    def __init__(self, running: Servers, report: Report) -> None:
        """Use servers that run."""
        self.running, self._report = running, report
        self.now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the server's clock is real
        self.database = Database(running.url)
        (self._health,) = free_ports(1)
        self.environment = {
            "AFTERGLOW_HOME": str(running.home), "AFTERGLOW_DATABASE_URL": running.url,
            "AFTERGLOW_ENVIRONMENT": "development", "AFTERGLOW_HEALTH_PORT": str(self._health),
            "AFTERGLOW_EMAIL_RATE": "2000", "AFTERGLOW_LOG_LEVEL": "INFO",
            "AFTERGLOW_PUBLIC_URL": f"http://{HOST}:8080", "TEMPORAL_ADDRESS": running.address,
        }  # fmt: skip
        self._pids: dict[str, int] = {}
        self._used = 0

    @asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        """Run the product's worker and the bare one."""
        logs = self.running.home / "logs"
        async with AsyncExitStack() as exits:
            for name, module in (("worker", "worker"), ("bare", "dev.bench.bare")):
                log = logs / f"{name}.log"
                process = await start([sys.executable, "-m", module], log, self.environment, folder=ROOT)
                exits.push_async_callback(process.stop)
                self._pids[name] = process.pid
                if name == "worker":
                    await wait_until_answers(f"http://{HOST}:{self._health}/readyz", process)
            await self._bare(WARM_UP)
            await self._product(WARM_UP)
            yield

    async def size(self, orders: int, before: int, wanted: Wanted) -> Size:
        """Fill the shop up to so many past orders, count its statistics, and run both in turns."""
        size = Size(orders)
        if orders > before:
            self._report(f"{self.running.kind}: {orders:,} past orders ...")
            await asyncio.to_thread(fill_shop, self.database, before, orders - 1, self.now)
        began = time.perf_counter()
        await asyncio.to_thread(refresh_statistics, self.database, self.now)
        size.refresh = time.perf_counter() - began
        for run in range(1, wanted.runs + 1):
            size.bare.append(await self._bare(wanted.campaigns))
            stored = Counter(stored_bytes(self.running))
            size.product.append(await self._product(wanted.campaigns))
            size.stored.update(Counter(stored_bytes(self.running)) - stored)
            ratio = size.product[-1].total / size.bare[-1].total
            self._report(
                f"{self.running.kind}, {orders:,} orders, run {run}: {ratio:.2f} times the bare shape"
            )
        return size

    async def count_statements(self) -> Counter[str]:
        """Run a few campaigns by a worker in this process; return the statements of each activity."""
        await self._save_customers(COUNTED)
        client = await Client.connect(self.running.address, plugins=[afterglow_plugin()])
        home, url = self.running.home, self.running.url
        settings = Settings(home=home, database_url=url, public_url=f"http://{HOST}:8080", email_rate=2000)
        activities = make_activities(settings, self.database)
        with recorded_statements(self.database) as found:
            async with workers(client, settings, activities):
                await self._play_product(COUNTED)
        return found.sent

    async def _bare(self, number: int) -> Played:
        pids = self.running.pids | {"worker": self._pids["bare"]}
        return await play(self.running.address, pids, begin_bare, range(number))

    async def _product(self, number: int) -> Played:
        await self._save_customers(number)
        return await self._play_product(number)

    async def _save_customers(self, number: int) -> None:
        numbers = range(self._used, self._used + number)
        await save_customers(self.running.home, numbers, self.environment, ROOT)

    async def _play_product(self, number: int) -> Played:
        numbers = range(self._used, self._used + number)
        self._used += number
        pids = self.running.pids | {"worker": self._pids.get("worker")}
        return await play(self.running.address, pids, begin_campaign(self.now), numbers)


async def measure(kind: str, home: Path, wanted: Wanted, report: Report) -> Measured:
    """Measure on fresh servers with one kind of database.

    Raises:
        Unavailable: something does not start; the text names its log.
    """
    measured = Measured(kind)
    async with servers(kind, home, report) as running:
        bench = Bench(running, report)
        upgrade(bench.database)
        await asyncio.to_thread(_fill_products, bench)
        before = 0
        async with bench.workers():
            for orders in wanted.orders:
                measured.sizes.append(await bench.size(orders, before, wanted))
                before = orders
        measured.statements = await bench.count_statements()
        bench.database.close()
    return measured


def _fill_products(bench: Bench) -> None:
    """Give the shop its catalogue."""
    with bench.database.transaction() as session:
        fill_products(session, bench.now)
