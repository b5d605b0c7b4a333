"""The inbox's forwarder: what was accepted goes to Temporal. Any number of them may run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from campaign.errors import Unavailable
from intake.matching import match_events
from starter import clock
from starter.client import Campaigns
from starter.forwarding import forward_turn
from storage.database import Database
from storage.queries.inbox.forwarding import any_due

log = structlog.get_logger()

IDLE_SECONDS = 1.0
LONGEST_PAUSE = 10.0
MATCH_EVERY = timedelta(seconds=5)


class Forwarder:
    """One forwarder: it looks every second while nothing waits, one statement by index each time.

    Where Temporal or the database is away it pauses, longer each time, and goes on: it never ends by itself.
    """

    def __init__(
        self, database: Database, campaigns: Campaigns, now: Callable[[], datetime] = clock.now
    ) -> None:
        """Use a database and a Temporal server."""
        self._database, self._campaigns, self._now = database, campaigns, now
        self._failures = 0
        self._match_at = now()
        self._match_after = 0
        self._last_pause = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Forward until stopped. What is under way is written down first."""
        while not stop.is_set():
            pause = await self._careful_turn()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def turn(self) -> float:
        """Do what is to be done now; return for how many seconds to pause.

        Raises:
            Unavailable: the database is not there.
        """
        now = self._now()
        if now >= self._match_at:
            return await self._match(now)
        if not await asyncio.to_thread(self._any_due, now):
            return self._rest(IDLE_SECONDS)
        turn = await forward_turn(self._database, self._campaigns, now)
        if turn.away:
            return self._failed("Temporal does not answer")
        self._failures = 0
        return self._rest(0 if turn.tried else IDLE_SECONDS)

    def _rest(self, pause: float) -> float:
        self._last_pause = pause
        return pause

    async def _careful_turn(self) -> float:
        try:
            return await self.turn()
        except Unavailable as error:
            return self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - one bad row must not end the worker
            return self._failed(type(error).__name__)

    async def _match(self, now: datetime) -> float:
        """Match in place of a look at what is due, so that an idle second costs one statement."""
        self._match_after = await asyncio.to_thread(match_events, self._database, now, self._match_after)
        if self._match_after == 0:
            self._match_at = now + MATCH_EVERY
        return self._last_pause

    def _any_due(self, now: datetime) -> bool:
        with self._database.reading() as session:
            return any_due(session, now)

    def _failed(self, why: str) -> float:
        self._failures += 1
        if self._failures & (self._failures - 1) == 0:  # the 1st, 2nd, 4th, 8th: not a line each time
            log.warning("inbox waits", why=why, failures=self._failures)
        return float(min(2 ** min(self._failures, 10) / 4, LONGEST_PAUSE))


@asynccontextmanager
async def forwarding(database: Database, campaigns: Campaigns) -> AsyncIterator[None]:
    """Forward for as long as the block lasts; what is under way at its end is written down."""
    stop = asyncio.Event()
    task = asyncio.create_task(Forwarder(database, campaigns).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task
