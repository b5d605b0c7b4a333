"""SignalAddedCoupons: campaigns that wait for an offer's codes look for them soon after there are some."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.interface import FIND_CODES, CodesFound, CodesRequest
    from campaign.contract import COUPONS_WORKFLOW, Signal
    from workflows.scheduled.signalling import signal_campaign

ATTEMPT_TIMEOUT = timedelta(minutes=1)
#: A schedule starts the next one anyway: one that cannot read gives up, and is seen as failed.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=5)


@workflow.defn(name=COUPONS_WORKFLOW)
class SignalAddedCoupons:
    """One turn, started by the schedule (`worker.schedules`), one at a time."""

    @workflow.run
    async def run(self) -> int:
        """Signal `coupons_added` to at most so many campaigns as there are codes; return how many."""
        found: CodesFound = await workflow.execute_activity(
            FIND_CODES.name,
            CodesRequest(now=workflow.now()),
            result_type=FIND_CODES.answer,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            retry_policy=RETRIES,
            summary="find campaigns that wait for codes which are there",
        )
        signals = (signal_campaign(order_id, Signal.COUPONS_ADDED) for order_id in found.order_ids)
        return sum(await asyncio.gather(*signals))
