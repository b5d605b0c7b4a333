"""What runs by the clock: Temporal Schedules, made by the first worker that starts."""

from __future__ import annotations

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

from campaign.contract import STATISTICS_SCHEDULE, STATISTICS_WORKFLOW, TASK_QUEUE
from starter import clock
from storage.database import Database
from storage.queries.statistics import computed_since

log = structlog.get_logger()

REFRESH_EVERY = timedelta(hours=1)
#: Missed while the server was down: one refresh soon is enough.
CATCH_UP = timedelta(minutes=10)


async def ensure_schedules(client: Client, database: Database) -> None:
    """Make the schedule that is missing; refresh at once what is missing or has missed a turn.

    An operator's changes to a schedule (its spec, a pause) stay. A server that refuses schedules stops no
    messages: they show no best-sellers, and the worker's health says that there are none.
    """
    try:
        await _ensure_statistics(client, database)
    except RPCError as error:
        log.warning("no schedule for statistics", status=error.status.name.lower())


async def _ensure_statistics(client: Client, database: Database) -> None:
    fresh = computed_since(database, clock.now() - 2 * REFRESH_EVERY)
    try:
        await client.create_schedule(STATISTICS_SCHEDULE, _hourly(), trigger_immediately=not fresh)
    except ScheduleAlreadyRunningError:
        if not fresh:
            await client.get_schedule_handle(STATISTICS_SCHEDULE).trigger()


def _hourly() -> Schedule:
    action = ScheduleActionStartWorkflow(
        STATISTICS_WORKFLOW,
        id=STATISTICS_SCHEDULE,
        task_queue=TASK_QUEUE,
        static_summary="Best-sellers and what is bought together, counted anew",
    )
    return Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=REFRESH_EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )
