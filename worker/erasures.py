"""What an erasure leaves to the worker: requests of shops, Temporal's histories, files of the outbox.

Any number of workers may look: a job is leased, and every part may be repeated. Where Temporal is away the
job waits for it. A second look, a quarter of an hour later, finds what was under way during the first one: a
campaign that was just being started, a message that was just being sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlmodel import Session
from temporalio.client import Client
from temporalio.service import RPCError

from campaign.errors import Unavailable
from channels.outbox.erase import erase_drafts, erase_order
from intake.person.approved import do_next_request
from starter import clock
from starter.histories import forget
from storage.database import Database
from storage.queries.privacy.erasing import second_look
from storage.queries.privacy.finding import messages_of_orders
from storage.queries.privacy.jobs import ErasureJob, claim_job, end_job, postpone_job

log = structlog.get_logger()

IDLE_SECONDS = 5.0
SECOND_LOOK = timedelta(minutes=15)
_LONGEST_WRITE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True)
class Eraser:
    """``outbox`` is the folder of the outbox channel, as this worker reaches it."""

    database: Database
    client: Client
    outbox: Path
    now: Callable[[], datetime] = clock.now

    async def run(self, stop: asyncio.Event) -> None:
        """Erase until stopped. What is under way is ended first."""
        while not stop.is_set():
            pause = 0.0 if await self._careful_turn() else IDLE_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def _careful_turn(self) -> bool:
        try:
            return await self.turn()
        except Unavailable:
            return False
        except Exception as error:  # noqa: BLE001 - one bad request must not end the worker
            log.warning("erasure failed", error=type(error).__name__)
            return False

    async def turn(self) -> bool:
        """Do one request or one job; False if there is none.

        Raises:
            Unavailable: the database is not there.
        """
        if await asyncio.to_thread(do_next_request, self.database, self.now()):
            return True
        job = await asyncio.to_thread(self._claim)
        if job is None:
            return False
        await self._do(job)
        return True

    def _claim(self) -> ErasureJob | None:
        return self.database.retrying(lambda session: claim_job(session, self.now()))

    async def _do(self, job: ErasureJob) -> None:
        try:
            await asyncio.to_thread(self._erase_files, job)
            deleted = await forget(self.client, job.customer_ids, job.order_ids)
        except (RPCError, OSError) as error:
            log.warning("erasure waits", job=job.id, error=type(error).__name__, attempts=job.attempts + 1)
            await asyncio.to_thread(self._write, lambda session: self._try_again(session, job))
            return
        await asyncio.to_thread(self._write, lambda session: self._finish(session, job))
        await asyncio.to_thread(self.database.overwrite_erased)
        log.info("histories erased", job=job.id, executions=deleted)

    def _erase_files(self, job: ErasureJob) -> None:
        with self.database.reading() as session:
            messages = messages_of_orders(session, job.order_ids)
        for order_id in job.order_ids:
            erase_order(self.outbox, order_id, messages.get(order_id, ()))
        erase_drafts(self.outbox, self.now() - _LONGEST_WRITE)

    def _write(self, work: Callable[[Session], None]) -> None:
        self.database.retrying(work)

    def _try_again(self, session: Session, job: ErasureJob) -> None:
        pause = min(timedelta(seconds=5 * 2 ** min(job.attempts, 10)), _LONGEST_PAUSE)
        postpone_job(session, job, self.now() + pause, failed=True)

    def _finish(self, session: Session, job: ErasureJob) -> None:
        """End the job, or have it looked at again."""
        if self.now() < job.erased_at + SECOND_LOOK:
            postpone_job(session, job, job.erased_at + SECOND_LOOK, failed=False)
            return
        second_look(session, job.order_ids)
        end_job(session, job)


@asynccontextmanager
async def erasing(eraser: Eraser) -> AsyncIterator[None]:
    """Erase for as long as the block lasts."""
    stop = asyncio.Event()
    task = asyncio.create_task(eraser.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task
