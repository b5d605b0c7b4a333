"""SignalFailedMessages: what a webhook could not signal is signalled here, so that no fallback is lost."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.interface import FIND_FAILURES, FailuresRequest
    from campaign.contract import FAILURES_WORKFLOW, Signal
    from workflows.scheduled.signalling import find, signal_campaign


@workflow.defn(name=FAILURES_WORKFLOW)
class SignalFailedMessages:
    """One turn, started by the schedule (`worker.schedules`)."""

    @workflow.run
    async def run(self) -> int:
        """Signal `delivery_failed` to the campaigns that have not looked at a failure; return how many."""
        found = await find(
            FIND_FAILURES, FailuresRequest(now=workflow.now()), "find failures that no campaign has looked at"
        )
        signals = (
            signal_campaign(message.order_id, Signal.DELIVERY_FAILED, {"step": message.step})
            for message in found.messages
        )
        return sum(await asyncio.gather(*signals))
