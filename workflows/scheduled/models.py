"""FitShopModels: fits lifetime value and buying cycles over the shop's orders, scores its customers."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.interface import FIT_MODELS, ModelsFitted, ModelsRequest
    from campaign.contract import MODELS_WORKFLOW

ATTEMPT_TIMEOUT = timedelta(hours=2)
HEARTBEAT_TIMEOUT = timedelta(minutes=2)
#: The schedule starts the next one anyway, and until then the last fit serves.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=10), maximum_attempts=5)


@workflow.defn(name=MODELS_WORKFLOW)
class FitShopModels:
    """One fit, started by the schedule (`worker.schedules`) or by hand (``afterglow model fit``)."""

    @workflow.run
    async def run(self) -> ModelsFitted:
        """Return what serves now, and how many customers have a score."""
        fitted: ModelsFitted = await workflow.execute_activity(
            FIT_MODELS.name,
            ModelsRequest(now=workflow.now()),
            result_type=FIT_MODELS.answer,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RETRIES,
            summary="fit lifetime value and buying cycles",
        )
        return fitted
