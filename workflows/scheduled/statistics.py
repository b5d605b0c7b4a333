"""RefreshShopStatistics: counts what needs the whole shop's history, for all messages at once."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.interface import REFRESH_STATISTICS, StatisticsRefreshed, StatisticsRequest
    from campaign.contract import STATISTICS_WORKFLOW

ATTEMPT_TIMEOUT = timedelta(minutes=30)
#: A schedule starts the next one anyway: one that cannot count gives up, and is seen as failed.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=10), maximum_attempts=5)


@workflow.defn(name=STATISTICS_WORKFLOW)
class RefreshShopStatistics:
    """One refresh, started by the schedule (`worker.schedules`)."""

    @workflow.run
    async def run(self) -> StatisticsRefreshed:
        """Return how many rows each statistic has."""
        refreshed: StatisticsRefreshed = await workflow.execute_activity(
            REFRESH_STATISTICS.name,
            StatisticsRequest(now=workflow.now()),
            result_type=REFRESH_STATISTICS.answer,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            retry_policy=RETRIES,
            summary="count best-sellers and what is bought together",
        )
        return refreshed
