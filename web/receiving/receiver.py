"""How this process takes orders and their news: committed in groups, and tried once at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlmodel import Session

from campaign.wire import OrderUpdate, Refund
from intake.contacts import SentOrder, receive_sent_orders
from intake.orders import EventOutcome, Outcome, receive_event
from intake.refunds import RefundOutcome, record_refund
from starter import clock
from starter.client import Campaigns
from storage.database import Database
from storage.queries.inbox.forwarding import Job
from web.receiving.first_tries import FirstTries
from web.receiving.group_commit import GroupCommit

MOST_ORDERS = 500
"""In one request, and in one transaction."""
MOST_WAITING = 5_000

Sent = Sequence[SentOrder]


class Receiver:
    """Takes orders: each call returns when what it took is committed."""

    def __init__(self, database: Database, campaigns: Campaigns) -> None:
        """Use a database and a Temporal server, which may be away."""
        self._database = database
        self._tries = FirstTries(database, campaigns)
        self._groups: GroupCommit[Sent, list[Outcome]] = GroupCommit(
            self._save, len, most=MOST_ORDERS, waiting=MOST_WAITING
        )

    async def orders(self, sent: Sent) -> list[Outcome]:
        """Save one request's orders.

        Raises:
            Unavailable: the database is not there, or too much waits for it.
        """
        outcomes = await self._groups.submit(sent)
        pairs = zip(sent, outcomes, strict=True)
        self._tries.begin(
            [Job(o.leased, o.order_id, purchase=one.purchase) for one, o in pairs if o.leased is not None]
        )
        return outcomes

    async def event(self, order_id: str, update: OrderUpdate) -> EventOutcome:
        """Save one event. Raises as `receive_event`, and `Unavailable`."""
        outcome = await asyncio.to_thread(self._save_event, order_id, update)
        if outcome.leased is not None:
            self._tries.begin([Job(outcome.leased, order_id, update=update)])
        return outcome

    async def refund(self, order_id: str, refund: Refund) -> RefundOutcome:
        """Save a refund of a part of an order. Raises as `record_refund`, and `Unavailable`."""
        return await asyncio.to_thread(self._save_refund, order_id, refund)

    async def finished(self) -> None:
        """Wait for what is under way: before the process ends."""
        await self._groups.finished()
        await self._tries.finished()

    def _save(self, group: Sequence[Sent]) -> list[list[Outcome]]:
        now, orders = clock.now(), [one for sent in group for one in sent]
        lease = self._tries.lease(len(orders), now)

        def work(session: Session) -> list[Outcome]:
            return receive_sent_orders(session, orders, now, lease=lease)

        outcomes = iter(self._database.retrying(work))
        return [[next(outcomes) for _ in sent] for sent in group]

    def _save_refund(self, order_id: str, refund: Refund) -> RefundOutcome:
        now = clock.now()
        return self._database.retrying(lambda session: record_refund(session, order_id, refund, now))

    def _save_event(self, order_id: str, update: OrderUpdate) -> EventOutcome:
        now = clock.now()
        lease = self._tries.lease(1, now)
        return self._database.retrying(lambda s: receive_event(s, order_id, update, now, lease=lease))


@asynccontextmanager
async def receiving(database: Database, campaigns: Campaigns) -> AsyncIterator[Receiver]:
    """Give a receiver; at the end what is under way is finished."""
    receiver = Receiver(database, campaigns)
    try:
        yield receiver
    finally:
        await receiver.finished()
