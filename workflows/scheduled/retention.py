"""EraseOldData: texts, digests and payloads past the shop's own limits are erased, once a day."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.interface import ERASE_OLD, EraseOldRequest, OldErased
    from campaign.contract import RETENTION_WORKFLOW

ATTEMPT_TIMEOUT = timedelta(hours=1)
#: A schedule starts the next one anyway: one that cannot erase gives up, and is seen as failed.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=10), maximum_attempts=5)


@workflow.defn(name=RETENTION_WORKFLOW)
class EraseOldData:
    """One turn, started by the schedule (`worker.schedules`)."""

    @workflow.run
    async def run(self) -> OldErased:
        """Return how many rows of each kind were erased."""
        erased: OldErased = await workflow.execute_activity(
            ERASE_OLD.name,
            EraseOldRequest(now=workflow.now()),
            result_type=ERASE_OLD.answer,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            retry_policy=RETRIES,
            summary="erase what is older than the shop wants to keep",
        )
        return erased
