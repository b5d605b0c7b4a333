"""How the workflow calls its activities: local and quick first, then visible until it works."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from activities.interface import DELIVER, Answer, Call, ClaimedMessage, DeliverRequest, Request
    from campaign.contract import DELIVERY_QUEUES, Signal, workflow_id
    from campaign.facts import MessageState

LOCAL_TIMEOUT = timedelta(seconds=20)
LOCAL_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=3)
VISIBLE_TIMEOUT = timedelta(minutes=1)
VISIBLE_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
SEND_TIMEOUT = timedelta(seconds=30)
SEND_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10))


async def run_quickly(
    call: Call[Request, Answer], request: Request, summary: str, latest: datetime | None = None
) -> Answer:
    """Run a short activity in the worker; where that keeps failing, on the server's queue instead.

    A local activity costs one event, but its retries are not seen anywhere. A bug must be: the
    second way is retried, until ``latest`` or without end, and shows its last failure in the Web UI.

    Raises:
        FailureError: no retry will help (bad input), ``latest`` has passed, or the call is cancelled.
    """
    try:
        local: Answer = await workflow.execute_local_activity(
            call.name,
            request,
            result_type=call.answer,
            start_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=LOCAL_RETRIES,
            summary=summary,
        )
        return local  # noqa: TRY300 - beside the call
    except FailureError as error:
        if is_cancelled_exception(error) or is_final(error):
            raise
    return await _run(
        call,
        request,
        start_to_close_timeout=VISIBLE_TIMEOUT,
        schedule_to_close_timeout=latest and max(latest - workflow.now(), VISIBLE_TIMEOUT),
        retry_policy=VISIBLE_RETRIES,
        summary=summary,
    )


async def _run(call: Call[Request, Answer], request: Request, **options: Any) -> Answer:
    """Run a call as a normal activity."""
    answer: Answer = await workflow.execute_activity(call.name, request, result_type=call.answer, **options)
    return answer


def is_final(error: FailureError) -> bool:
    """Return whether no retry will help. A local activity's comes with or without an ActivityError."""
    cause = error.cause if isinstance(error, ActivityError) else error
    return isinstance(cause, ApplicationError) and cause.non_retryable


async def deliver(message: ClaimedMessage, summary: str) -> MessageState:
    """Hand a message to its channel's queue, until it is settled or its latest time has come.

    Cancelled, it ends at once where no attempt is under way, and else with that attempt: a message that
    is being sent gets a known state.

    Raises:
        FailureError: its time is up, or it was cancelled: the step is to be decided again.
    """
    now = workflow.now()
    delivered = await _run(
        DELIVER,
        DeliverRequest(message_id=message.id, now=now),
        task_queue=DELIVERY_QUEUES[message.channel],
        schedule_to_close_timeout=max(message.latest - now, SEND_TIMEOUT),
        start_to_close_timeout=SEND_TIMEOUT,
        retry_policy=SEND_RETRIES,
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=summary,
    )
    return delivered.state


async def signal_repurchased(older: list[str], newer: str) -> None:
    """Signal the campaigns of a customer's older orders; one that has just ended needs no signal."""
    signals = (
        workflow.get_external_workflow_handle(workflow_id(order_id)).signal(
            Signal.REPURCHASED.value, {"order_id": newer}
        )
        for order_id in older
    )
    for outcome in await asyncio.gather(*signals, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, FailureError):
            raise outcome
