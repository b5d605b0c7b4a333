"""Group commit: requests that arrive while a transaction is under way share the next one.

Each is answered after the commit that it is in. So one process accepts many times more than its database
can commit one by one, and a single request waits for nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from campaign.errors import DatabaseBusy, Unavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Item, Answer]):
    """A queue in front of a transaction. ``work`` runs in a thread: one transaction for all it is given."""

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Answer]],
        size: Callable[[Item], int],
        *,
        most: int,
        waiting: int,
    ) -> None:
        """Take groups of a total size of ``most``, or one item; refuse more than ``waiting`` in the queue."""
        self._work, self._size, self._most, self._waiting = work, size, most, waiting
        self._queue: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._queued = 0
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Answer:
        """Have an item committed; return its answer.

        Raises:
            Unavailable: too much waits, or the database is not there.
        """
        if self._queued and self._queued + self._size(item) > self._waiting:
            msg = "more orders wait to be saved than the database takes: send it again"
            raise Unavailable(msg)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        self._queued += self._size(item)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def finished(self) -> None:
        """Wait until nothing is under way: before the process ends."""
        while self._running:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._queue:
                await self._commit(self._next_group())
        finally:
            self._running = None

    def _next_group(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        group: list[tuple[Item, asyncio.Future[Answer]]] = []
        size = 0
        while self._queue and (not group or size + self._size(self._queue[0][0]) <= self._most):
            group.append(self._queue.popleft())
            size += self._size(group[-1][0])
        self._queued -= size
        return group

    async def _commit(self, group: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        """Commit a group; where one of it may be to blame, each by itself, so that no other fails with it."""
        try:
            answers = await asyncio.to_thread(self._work, [item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is these requests' answer
            if len(group) > 1 and isinstance(error, DatabaseBusy | DBAPIError):
                for one in group:
                    await self._commit([one])
                return
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
