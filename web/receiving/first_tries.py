"""The quick first try: what is accepted while nothing else waits is forwarded at once, by this process.

So a single order's campaign starts within milliseconds. With many at a time, or where Temporal is slow or
away, the workers' forwarders do it: nothing here has to succeed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from campaign.errors import AfterglowError
from intake.orders import Lease
from starter import clock
from starter.client import Campaigns
from starter.forwarding import forward_jobs, record_turn
from storage.database import Database
from storage.queries.inbox.forwarding import Job

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=15)
"""Longer than a try takes. Where this process dies, what it was trying waits for so long."""
MOST = 16
BUSY = timedelta(seconds=2)
AWAY = timedelta(seconds=15)


class FirstTries:
    """Tries under way, so many at most."""

    def __init__(self, database: Database, campaigns: Campaigns) -> None:
        """Use a database and a Temporal server."""
        self._database, self._campaigns = database, campaigns
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._paused_until = datetime.min.replace(tzinfo=UTC)

    def lease(self, number: int, now: datetime) -> Lease | None:
        """Return the lease for so many rows; None where they are left to the workers. From any thread."""
        if now < self._paused_until:
            return None
        if self._under_way + number > MOST:
            self._paused_until = now + BUSY
            return None
        return Lease(now + LEASE)

    def begin(self, jobs: Sequence[Job]) -> None:
        """Forward leased rows, without anybody waiting for it."""
        if jobs:
            self._under_way += len(jobs)
            task = asyncio.create_task(self._run(jobs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finished(self) -> None:
        """Wait for what is under way: before the process ends."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, jobs: Sequence[Job]) -> None:
        try:
            turn = await forward_jobs(self._campaigns, jobs)
            if turn.away:
                self._paused_until = clock.now() + AWAY
            await asyncio.to_thread(record_turn, self._database, turn, clock.now())
        except AfterglowError as error:
            log.warning("first try not recorded: a worker does it again", why=str(error))
        finally:
            self._under_way -= len(jobs)
