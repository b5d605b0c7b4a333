"""Orders and their news from the command line: received as from everywhere, then forwarded at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaign.errors import BadPurchase
from campaign.wire import OrderUpdate, Purchase
from intake.orders import EventOutcome, Lease, Outcome, receive_event, receive_orders
from starter.client import Campaigns
from starter.forwarding import LEASE, MOST, Tried, Turn, forward_jobs, forward_turn, record_turn
from storage.database import Database
from storage.queries.inbox.forwarding import Job
from storage.queries.inbox.listing import event_waits, waiting_orders
from storage.queries.inbox.states import Why


class Became(StrEnum):
    """What became of an order, or of its news."""

    STARTED = "started"
    KNOWN = "known"
    WAITS = "waits"
    SIGNALLED = "signalled"
    RECORDED = "recorded"
    EVENT_WAITS = "event_waits"
    WAITS_FOR_ORDER = "waits_for_order"


@dataclass(frozen=True)
class Handled:
    """One order, and what became of it or of its news."""

    order_id: str
    became: Became


async def send_orders(
    database: Database, campaigns: Campaigns, purchases: Sequence[Purchase], now: datetime
) -> list[Handled]:
    """Receive orders, all or none, and start their campaigns as far as Temporal is there.

    Raises:
        BadPurchase: one lies in the future, or another order has its id. Nothing was saved.
    """
    outcomes = await asyncio.to_thread(_receive, database, purchases, now)
    leased = [
        Job(outcome.leased, outcome.order_id, purchase=purchase)
        for purchase, outcome in zip(purchases, outcomes, strict=True)
        if outcome.leased is not None
    ]
    ids = {outcome.order_id for outcome in outcomes}
    started = {one.job.order_id for one in await _forward(database, campaigns, leased, now, ids) if one.state}
    waiting = await asyncio.to_thread(_waiting, database, ids)
    return [Handled(outcome.order_id, _became(outcome, started, waiting)) for outcome in outcomes]


def _receive(database: Database, purchases: Sequence[Purchase], now: datetime) -> list[Outcome]:
    with database.transaction() as session:
        outcomes = receive_orders(session, purchases, now, lease=Lease(now + LEASE))
        if problems := [problem for one in outcomes if one.error for problem in one.error.problems]:
            raise BadPurchase(problems)
        return outcomes


def _became(outcome: Outcome, started: Collection[str], waiting: Collection[str]) -> Became:
    if outcome.order_id in waiting:
        return Became.WAITS
    return Became.STARTED if outcome.added or outcome.order_id in started else Became.KNOWN


async def send_event(
    database: Database, campaigns: Campaigns, order_id: str, update: OrderUpdate, now: datetime
) -> Handled:
    """Record news, which counts after the campaign too, and signal it as far as Temporal is there.

    Raises:
        BadInput: it lies in the future, or before the order.
        NotFound: no order can have such an id.
    """
    outcome = await asyncio.to_thread(_receive_event, database, order_id, update, now)
    if not outcome.known:
        return Handled(order_id, Became.WAITS_FOR_ORDER)
    leased = [Job(outcome.leased, order_id, update=update)] if outcome.leased is not None else []
    tried = await _forward(database, campaigns, leased, now, {order_id})
    whys = {one.why for one in tried if one.job.update == update}
    if whys & {Why.CAMPAIGN_ENDED, Why.NO_CAMPAIGN}:
        return Handled(order_id, Became.RECORDED)
    waits = await asyncio.to_thread(_event_waits, database, order_id, update)
    return Handled(order_id, Became.EVENT_WAITS if waits else Became.SIGNALLED)


def _receive_event(database: Database, order_id: str, update: OrderUpdate, now: datetime) -> EventOutcome:
    lease = Lease(now + LEASE)
    return database.retrying(lambda session: receive_event(session, order_id, update, now, lease=lease))


async def _forward(
    database: Database, campaigns: Campaigns, leased: Sequence[Job], now: datetime, order_ids: Collection[str]
) -> list[Tried]:
    """Forward what is leased, then what waited behind it of these orders, until nothing more can be done."""
    tried: list[Tried] = []
    for first in range(0, len(leased), MOST):
        turn = await forward_jobs(campaigns, leased[first : first + MOST])
        if turn.away:
            rest = [Tried(job, None, Why.TEMPORAL_AWAY) for job in leased[first + MOST :]]
            turn = Turn([*turn.tried, *rest], away=True)
        await asyncio.to_thread(record_turn, database, turn, now)
        tried += turn.tried
        if turn.away:
            return tried
    while (turn := await forward_turn(database, campaigns, now, order_ids)).tried and not turn.away:
        tried += turn.tried
    return tried


def _waiting(database: Database, order_ids: Collection[str]) -> set[str]:
    with database.reading() as session:
        return waiting_orders(session, order_ids)


def _event_waits(database: Database, order_id: str, update: OrderUpdate) -> bool:
    with database.reading() as session:
        return event_waits(session, order_id, update)
