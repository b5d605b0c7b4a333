"""SignalAddedCoupons: campaigns that wait for an offer's codes look for them soon after there are some."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.interface import FIND_CODES, CodesRequest
    from campaign.contract import COUPONS_WORKFLOW, Signal
    from workflows.scheduled.signalling import find, signal_campaign


@workflow.defn(name=COUPONS_WORKFLOW)
class SignalAddedCoupons:
    """One turn, started by the schedule (`worker.schedules`), one at a time."""

    @workflow.run
    async def run(self) -> int:
        """Signal `coupons_added` to at most so many campaigns as there are codes; return how many."""
        found = await find(
            FIND_CODES, CodesRequest(now=workflow.now()), "find campaigns that wait for codes which are there"
        )
        signals = (signal_campaign(order_id, Signal.COUPONS_ADDED) for order_id in found.order_ids)
        return sum(await asyncio.gather(*signals))
