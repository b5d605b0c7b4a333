"""What runs by the clock: Temporal Schedules, made by the first worker that starts."""

from __future__ import annotations

from dataclasses import dataclass
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
    COUPONS_SCHEDULE,
    COUPONS_WORKFLOW,
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
WAKE_EVERY = timedelta(minutes=5)
ERASE_EVERY = timedelta(days=1)
FIT_EVERY = timedelta(days=1)
FIT_AT = timedelta(hours=3)
"""After midnight, in UTC."""
#: Missed while the server was down: one turn soon is enough.
CATCH_UP = timedelta(minutes=10)


@dataclass(frozen=True)
class _Turns:
    """Which workflow a schedule starts, and when: ``offset`` after each whole ``every``, in UTC."""

    workflow: str
    every: timedelta
    summary: str
    offset: timedelta = timedelta(0)


_STATISTICS = _Turns(
    STATISTICS_WORKFLOW, REFRESH_EVERY, "Best-sellers and what is bought together, counted anew"
)
_FAILURES = _Turns(
    FAILURES_WORKFLOW, SIGNAL_EVERY, "Failures that no campaign has looked at, signalled again"
)
_COUPONS = _Turns(COUPONS_WORKFLOW, WAKE_EVERY, "Campaigns that wait for codes which are there, signalled")
_RETENTION = _Turns(
    RETENTION_WORKFLOW,
    ERASE_EVERY,
    "Texts, digests and payloads erased that are older than the settings keep them",
)
_MODELS = _Turns(
    MODELS_WORKFLOW, FIT_EVERY, "Lifetime value and buying cycles, fitted anew over the shop's orders", FIT_AT
)


async def ensure_schedules(client: Client, database: Database, *, refresh: bool = False) -> None:
    """Make the schedules that are missing; refresh at once what is missing or has missed a turn.

    ``refresh``: the statistics, with which the shop is given its codes, at once in any case.

    An operator's changes to a schedule (its spec, a pause) stay. A server that refuses schedules stops no
    messages: they show no best-sellers, and the worker's health says that there are none.
    """
    counted = not refresh and computed_since(database, clock.now() - 2 * REFRESH_EVERY)
    fitted = fitted_since(database, clock.now() - 2 * FIT_EVERY)
    try:
        await _ensure(client, STATISTICS_SCHEDULE, _STATISTICS, at_once=not counted)
        await _ensure(client, FAILURES_SCHEDULE, _FAILURES)
        await _ensure(client, COUPONS_SCHEDULE, _COUPONS)
        await _ensure(client, RETENTION_SCHEDULE, _RETENTION)
        await _ensure(client, MODELS_SCHEDULE, _MODELS, at_once=not fitted)
    except RPCError as error:
        log.warning("no schedules", status=error.status.name.lower())


async def _ensure(client: Client, identifier: str, turns: _Turns, *, at_once: bool = False) -> None:
    """Make a schedule unless it is there; ``at_once``: either way it takes a turn now."""
    action = ScheduleActionStartWorkflow(
        turns.workflow, id=identifier, task_queue=TASK_QUEUE, static_summary=turns.summary
    )
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=turns.every, offset=turns.offset)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )
    try:
        await client.create_schedule(identifier, schedule, trigger_immediately=at_once)
    except ScheduleAlreadyRunningError:
        if at_once:
            await client.get_schedule_handle(identifier).trigger()
