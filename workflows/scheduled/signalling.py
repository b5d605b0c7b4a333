"""What the schedules that signal campaigns share: an activity finds orders, their campaigns are signalled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.interface import Answer, Call, Request
    from campaign.contract import Signal, workflow_id

ATTEMPT_TIMEOUT = timedelta(minutes=1)
#: A schedule starts the next one anyway: one that cannot read gives up, and is seen as failed.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=5)


async def find(call: Call[Request, Answer], request: Request, summary: str) -> Answer:
    """Return what an activity finds."""
    found: Answer = await workflow.execute_activity(
        call.name,
        request,
        result_type=call.answer,
        start_to_close_timeout=ATTEMPT_TIMEOUT,
        retry_policy=RETRIES,
        summary=summary,
    )
    return found


async def signal_campaign(order_id: str, signal: Signal, payload: dict[str, Any] | None = None) -> bool:
    """Signal one campaign; False if it has ended by now, and needs none."""
    campaign = workflow.get_external_workflow_handle(workflow_id(order_id))
    try:
        await campaign.signal(signal.value, args=[] if payload is None else [payload])
    except FailureError:
        return False
    return True
