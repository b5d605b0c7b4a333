"""The end of a campaign: recorded whatever comes in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.interface import CLOSE, CloseRequest, ReceivedSignal
    from campaign.reasons import Reason
    from workflows.calls import run_quickly

CLOSE_WHEN_CANCELLED = "close-when-cancelled"
"""A patch: called only where a cancellation comes, so that it costs no event on the usual way."""

T = TypeVar("T")


async def record_end(
    order_id: str, reason: Reason, take_news: Callable[[], list[ReceivedSignal]], *, enrolled: bool
) -> None:
    """Write the end down, with every signal that came until now.

    Where the enrolment's answer never came, the run is named: only what this workflow has enrolled is ended.
    """
    unknown = {} if enrolled else {"run_id": workflow.info().first_execution_run_id}
    request = CloseRequest(order_id=order_id, reason=reason, now=workflow.now(), news=take_news(), **unknown)
    await run_quickly(CLOSE, request, f"Ended: {reason.text}")


async def surely(close: Coroutine[Any, Any, T]) -> T:
    """Run it to its end; a cancellation that comes meanwhile comes too late."""
    closing = asyncio.create_task(close)
    while not closing.done():
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            if closing.done() or not workflow.patched(CLOSE_WHEN_CANCELLED):
                closing.cancel()
    return closing.result()


def is_cancelled(error: BaseException, *, enrolled: bool) -> bool:
    """Say whether the campaign was cancelled, at a time at which this version records it."""
    if isinstance(error, asyncio.CancelledError) and enrolled:
        return True
    return is_cancelled_exception(error) and workflow.patched(CLOSE_WHEN_CANCELLED)
