"""SignalFailedMessages: what a webhook could not signal is signalled here, so that no fallback is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.interface import FIND_FAILURES, FailuresFound, FailuresRequest
    from campaign.contract import FAILURES_WORKFLOW, Signal
    from workflows.scheduled.signalling import signal_campaign

ATTEMPT_TIMEOUT = timedelta(minutes=1)
#: A schedule starts the next one anyway: one that cannot read gives up, and is seen as failed.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=5)


@workflow.defn(name=FAILURES_WORKFLOW)
class SignalFailedMessages:
    """One turn, started by the schedule (`worker.schedules`)."""

    @workflow.run
    async def run(self) -> int:
        """Signal `delivery_failed` to the campaigns that have not looked at a failure; return how many."""
        found: FailuresFound = await workflow.execute_activity(
            FIND_FAILURES.name,
            FailuresRequest(now=workflow.now()),
            result_type=FIND_FAILURES.answer,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            retry_policy=RETRIES,
            summary="find failures that no campaign has looked at",
        )
        signals = (
            signal_campaign(message.order_id, Signal.DELIVERY_FAILED, {"step": message.step})
            for message in found.messages
        )
        return sum(await asyncio.gather(*signals))
