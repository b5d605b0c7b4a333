"""What runs by the clock: Temporal Schedules, made by the first worker that starts."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.service import RPCError

from campaign.contract import (
    FAILURES_SCHEDULE,
    FAILURES_WORKFLOW,
    MODELS_SCHEDULE,
    MODELS_WORKFLOW,
    RETENTION_SCHEDULE,
    RETENTION_WORKFLOW,
    STATISTICS_SCHEDULE,
    STATISTICS_WORKFLOW,
    TASK_QUEUE,
)
from starter import clock
from storage.database import Database
from storage.queries.models.fits import fitted_since
from storage.queries.shop.statistics import computed_since

log = structlog.get_logger()

REFRESH_EVERY = timedelta(hours=1)
SIGNAL_EVERY = timedelta(minutes=15)
ERASE_EVERY = timedelta(days=1)
FIT_EVERY = timedelta(days=1)
FIT_AT = timedelta(hours=3)
"""After midnight, in UTC."""
#: Missed while the server was down: one turn soon is enough.
CATCH_UP = timedelta(minutes=10)


async def ensure_schedules(client: Client, database: Database, *, refresh: bool = False) -> None:
    """Make the schedules that are missing; refresh at once what is missing or has missed a turn.

    ``refresh``: the statistics, with which the shop is given its codes, at once in any case.

    An operator's changes to a schedule (its spec, a pause) stay. A server that refuses schedules stops no
    messages: they show no best-sellers, and the worker's health says that there are none.
    """
    try:
        await _ensure_statistics(client, database, refresh=refresh)
        await _ensure_failures(client)
        await _ensure_retention(client)
        await _ensure_models(client, database)
    except RPCError as error:
        log.warning("no schedules", status=error.status.name.lower())


async def _ensure_statistics(client: Client, database: Database, *, refresh: bool) -> None:
    fresh = not refresh and computed_since(database, clock.now() - 2 * REFRESH_EVERY)
    summary = "Best-sellers and what is bought together, counted anew"
    schedule = _every(REFRESH_EVERY, STATISTICS_WORKFLOW, STATISTICS_SCHEDULE, summary)
    try:
        await client.create_schedule(STATISTICS_SCHEDULE, schedule, trigger_immediately=not fresh)
    except ScheduleAlreadyRunningError:
        if not fresh:
            await client.get_schedule_handle(STATISTICS_SCHEDULE).trigger()


async def _ensure_failures(client: Client) -> None:
    summary = "Failures that no campaign has looked at, signalled again"
    schedule = _every(SIGNAL_EVERY, FAILURES_WORKFLOW, FAILURES_SCHEDULE, summary)
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(FAILURES_SCHEDULE, schedule)


async def _ensure_retention(client: Client) -> None:
    summary = "Texts, digests and payloads erased that are older than the settings keep them"
    schedule = _every(ERASE_EVERY, RETENTION_WORKFLOW, RETENTION_SCHEDULE, summary)
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(RETENTION_SCHEDULE, schedule)


async def _ensure_models(client: Client, database: Database) -> None:
    fresh = fitted_since(database, clock.now() - 2 * FIT_EVERY)
    summary = "Lifetime value and buying cycles, fitted anew over the shop's orders"
    schedule = _every(FIT_EVERY, MODELS_WORKFLOW, MODELS_SCHEDULE, summary, FIT_AT)
    try:
        await client.create_schedule(MODELS_SCHEDULE, schedule, trigger_immediately=not fresh)
    except ScheduleAlreadyRunningError:
        if not fresh:
            await client.get_schedule_handle(MODELS_SCHEDULE).trigger()


def _every(
    interval: timedelta, workflow: str, identifier: str, summary: str, offset: timedelta = timedelta(0)
) -> Schedule:
    action = ScheduleActionStartWorkflow(
        workflow, id=identifier, task_queue=TASK_QUEUE, static_summary=summary
    )
    return Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=interval, offset=offset)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )
