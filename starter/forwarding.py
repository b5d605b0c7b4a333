"""From the inbox to Temporal: claim, start or signal, settle. Every part may be repeated without harm.

A claim is a lease: where its holder dies, or cannot write down what it did, another does the same again,
and the workflow's id makes of it one campaign.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.errors import BadPurchase, CampaignClosed, NotFound, Unavailable
from counters import FORWARDED
from starter.client import Campaigns
from storage.database import Database
from storage.queries.inbox.forwarding import Job, claim_jobs, postpone, release, settle
from storage.queries.inbox.states import State, Why
from storage.tables.people import ERASED

LEASE = timedelta(seconds=60)
"""Longer than a turn can take, with Temporal's own time-outs."""
MOST = 100
_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True)
class Tried:
    """What came of one job. Without a state: it has to be tried again."""

    job: Job
    state: State | None
    why: Why | None = None


@dataclass(frozen=True)
class Turn:
    """What came of a turn. ``away``: Temporal does not answer at all, so that nothing else need be tried."""

    tried: Sequence[Tried]
    away: bool = False


async def forward_turn(
    database: Database,
    campaigns: Campaigns,
    now: datetime,
    order_ids: Collection[str] | None = None,
) -> Turn:
    """Forward the oldest waiting row of each customer, `MOST` at a time; of these orders alone, if given.

    Raises:
        Unavailable: the database is not there. What was claimed is free again after `LEASE`.
    """
    jobs = await asyncio.to_thread(_claim, database, now, order_ids)
    turn = await forward_jobs(campaigns, jobs)
    if jobs:
        await asyncio.to_thread(record_turn, database, turn, now)
    return turn


def _claim(database: Database, now: datetime, order_ids: Collection[str] | None) -> list[Job]:
    return database.retrying(lambda session: claim_jobs(session, now, now + LEASE, MOST, order_ids))


async def forward_jobs(campaigns: Campaigns, jobs: Sequence[Job]) -> Turn:
    """Start and signal what was claimed, all at once: they are of different customers."""
    tried = await asyncio.gather(*(_try(campaigns, job) for job in jobs))
    failed = any(one.state is None for one in tried)
    away = failed and not any(one.state for one in tried) and not await campaigns.answers()
    return Turn(tried, away)


async def _try(campaigns: Campaigns, job: Job) -> Tried:
    try:
        return await (_signal(campaigns, job) if job.update else _start(campaigns, job))
    except Unavailable:
        return Tried(job, None, Why.TEMPORAL_AWAY)


async def _start(campaigns: Campaigns, job: Job) -> Tried:
    if job.started:
        return Tried(job, State.DONE)
    if job.purchase is None:
        return Tried(job, State.REFUSED, Why.NO_ORDER)
    if job.purchase.customer_id.startswith(ERASED):
        return Tried(job, State.DISCARDED, Why.ERASED)
    if job.superseded:
        return Tried(job, State.DISCARDED, Why.NEWER_ORDER)
    try:
        await campaigns.start(job.purchase)
    except BadPurchase:
        return Tried(job, State.REFUSED, Why.NOT_ACCEPTED)
    return Tried(job, State.DONE)


async def _signal(campaigns: Campaigns, job: Job) -> Tried:
    """Signal news. The database has it already: where no campaign runs, none has to be signalled."""
    assert job.update is not None  # noqa: S101 - the caller has looked
    try:
        await campaigns.order_updated(job.order_id, job.update)
    except CampaignClosed:
        return Tried(job, State.DONE, Why.CAMPAIGN_ENDED)
    except NotFound:
        return Tried(job, State.DONE, Why.NO_CAMPAIGN)
    return Tried(job, State.DONE)


def record_turn(database: Database, turn: Turn, now: datetime) -> None:
    """Write down what came of a turn: one statement for all that is done.

    While Temporal is away rows keep their place. A row that fails while others do not is tried later and
    later, its customer's later rows behind it.
    """
    settled = defaultdict(list)
    for one in turn.tried:
        if one.state:
            settled[one.state, one.why].append(one.job)
    again = [one.job for one in turn.tried if one.state is None]
    with database.transaction() as session:
        for (state, why), jobs in settled.items():
            settle(session, [job.id for job in jobs], state, why, now)
        if turn.away:
            release(session, [job.id for job in again], Why.TEMPORAL_AWAY)
        elif again:
            postpone(session, [(job.id, now + pause_after(job.attempts)) for job in again], Why.TEMPORAL_AWAY)
    for (state, _), jobs in settled.items():
        for job in jobs:
            FORWARDED.labels(job.kind.value, state.value).inc()


def pause_after(attempts: int) -> timedelta:
    """Return how long a row pauses after so many attempts: a second, doubled each time, minutes at most."""
    return min(timedelta(seconds=2 ** min(attempts, 10)), _LONGEST_PAUSE)
