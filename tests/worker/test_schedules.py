"""What runs by the clock: the schedule is made once, and counts at once where nothing has been counted."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from temporalio.client import (
    ScheduleActionExecutionStartWorkflow,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.service import RPCError

from campaign.contract import (
    COUPONS_SCHEDULE,
    FAILURES_SCHEDULE,
    MODELS_SCHEDULE,
    MODELS_WORKFLOW,
    RETENTION_SCHEDULE,
    RETENTION_WORKFLOW,
    STATISTICS_SCHEDULE,
    TASK_QUEUE,
)
from dev.simulated.filling import fill_orders
from dev.simulated.shops import draw_orders
from starter import clock
from storage.queries.models.fits import LIFETIME_VALUE, newest_fit
from storage.queries.reviews.ratings import QUOTES, RATINGS
from storage.queries.shop.statistics import (
    BEST_SELLERS,
    BOUGHT_TOGETHER,
    REPEAT_GAPS,
    computed_since,
    refresh_statistics,
)
from storage.tables import CustomerScoreRow, WebhookRow
from tests.shop import Shop, unique
from worker.schedules import (
    ERASE_EVERY,
    FIT_AT,
    FIT_EVERY,
    REFRESH_EVERY,
    SIGNAL_EVERY,
    WAKE_EVERY,
    ensure_schedules,
)

pytestmark = pytest.mark.temporal


async def first_run(shop: Shop, schedule: ScheduleHandle) -> WorkflowHandle[Any, Any]:
    """The first workflow that a schedule has started, waited for."""
    while not (started := (await schedule.describe()).info.recent_actions):
        pass
    execution = started[0].action
    assert isinstance(execution, ScheduleActionExecutionStartWorkflow)
    return shop.client.get_workflow_handle(execution.workflow_id)


async def remove(shop: Shop, schedule: ScheduleHandle) -> None:
    """Delete a schedule, and wait for what it has started.

    A workflow's id has the second in it: one made anew would start nothing while an id of this second runs.
    """
    running = (await schedule.describe()).info.running_actions
    await schedule.delete()
    for action in running:
        assert isinstance(action, ScheduleActionExecutionStartWorkflow)
        with contextlib.suppress(WorkflowFailureError):
            await shop.client.get_workflow_handle(action.workflow_id).result()


async def test_the_first_worker_makes_the_schedule_and_counts_at_once(shop: Shop) -> None:
    """Nothing has been counted: a refresh runs now, then every hour; a second start changes nothing."""
    since = clock.now() - timedelta(minutes=1)
    await ensure_schedules(shop.client, shop.database)
    schedule = shop.client.get_schedule_handle(STATISTICS_SCHEDULE)
    try:
        run = await first_run(shop, schedule)
        counted = (BEST_SELLERS, BOUGHT_TOGETHER, REPEAT_GAPS, RATINGS, QUOTES)
        assert (await run.result())["rows"] == dict.fromkeys(counted, 0)
        assert computed_since(shop.database, since)
        await ensure_schedules(shop.client, shop.database)
        described = await schedule.describe()
        failures = await shop.client.get_schedule_handle(FAILURES_SCHEDULE).describe()
        coupons = await shop.client.get_schedule_handle(COUPONS_SCHEDULE).describe()
        daily = await shop.client.get_schedule_handle(RETENTION_SCHEDULE).describe()
    finally:
        await remove(shop, schedule)
    assert described.info.num_actions == 1
    assert [spec.every for spec in daily.schedule.spec.intervals] == [ERASE_EVERY]
    assert [spec.every for spec in coupons.schedule.spec.intervals] == [WAKE_EVERY]
    assert coupons.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert [spec.every for spec in failures.schedule.spec.intervals] == [SIGNAL_EVERY]
    assert [spec.every for spec in described.schedule.spec.intervals] == [REFRESH_EVERY]
    assert described.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP


async def test_a_worker_counts_at_its_start_what_has_missed_its_turn(shop: Shop) -> None:
    """With the schedule there, what was counted three hours ago is counted anew; so is all on request."""
    refresh_statistics(shop.database, clock.now())
    await ensure_schedules(shop.client, shop.database)
    schedule = shop.client.get_schedule_handle(STATISTICS_SCHEDULE)
    try:
        assert (await schedule.describe()).info.num_actions == 0
        await ensure_schedules(shop.client, shop.database, refresh=True)
        await (await first_run(shop, schedule)).result()
        while (await schedule.describe()).info.running_actions:
            pass  # a turn is skipped while the schedule takes the one before for running
        refresh_statistics(shop.database, clock.now() - 3 * REFRESH_EVERY)
        await ensure_schedules(shop.client, shop.database)
        while (await schedule.describe()).info.num_actions < 2:
            pass
    finally:
        await remove(shop, schedule)


async def test_old_data_is_erased_by_a_workflow(shop: Shop) -> None:
    """A turn of the retention's workflow erases by the workflow's own time, and returns how much."""
    with shop.database.transaction() as session:
        session.add(WebhookRow(digest="old", at=clock.now() - timedelta(days=31)))
        session.add(WebhookRow(digest="new", at=clock.now() - timedelta(days=29)))
    erased = await shop.client.execute_workflow(RETENTION_WORKFLOW, id=unique("old"), task_queue=TASK_QUEUE)
    assert (erased["rows"]["webhooks"], sum(erased["rows"].values())) == (1, 1)


async def test_the_models_are_fitted_every_night_and_by_the_first_worker(shop: Shop) -> None:
    """Nothing has been fitted: it is done at once, then after midnight; a fresh fit triggers nothing."""
    fill_orders(shop.database, draw_orders(60, 20, 1), clock.now() - timedelta(weeks=20))
    schedule = shop.client.get_schedule_handle(MODELS_SCHEDULE)
    with contextlib.suppress(RPCError):
        await remove(shop, schedule)  # another test's workers have made one
    await ensure_schedules(shop.client, shop.database)
    try:
        fitted = await (await first_run(shop, schedule)).result()
        await ensure_schedules(shop.client, shop.database)
        described = await schedule.describe()
    finally:
        await remove(shop, schedule)
    assert fitted["buying_cycle"] == "none"
    assert described.info.num_actions == 1
    assert [(spec.every, spec.offset) for spec in described.schedule.spec.intervals] == [(FIT_EVERY, FIT_AT)]
    with shop.database.reading() as session:
        fit = newest_fit(session, LIFETIME_VALUE)
        assert fit
        assert fit.serves == fitted["lifetime_value"]
        scores = session.exec(select(CustomerScoreRow.model_id)).all()
    assert (set(scores), len(scores)) == ({fit.id}, fitted["scored"])


async def test_no_personal_data_is_in_the_history_of_a_fit(shop: Shop) -> None:
    """The workflow's history holds what serves and how many were scored: no customer's id."""
    fill_orders(shop.database, draw_orders(60, 20, 1), clock.now() - timedelta(weeks=20))
    workflow = unique("fit")
    await shop.client.execute_workflow(MODELS_WORKFLOW, id=workflow, task_queue=TASK_QUEUE)
    history = await shop.client.get_workflow_handle(workflow).fetch_history()
    assert "s-1" not in history.to_json()
