"""``python -m dev.bench.bare``: the bare shape, to compare the product with. A worker that does nothing.

Four steps, each a timer, two local activities and a normal one on a queue of its own; all of them empty.
It runs outside the sandbox, with the SDK's own converter: what Temporal itself costs here, and no more.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

WORKFLOW = "BareShape"
QUEUE, DELIVERY_QUEUE = "bare", "bare-deliver"
STEPS = 4
READY = "bare worker ready"
_AT_ONCE = 16
_TIMEOUT = timedelta(seconds=30)


@activity.defn
def decide(order_id: str) -> str:
    """Do nothing."""
    return order_id


@activity.defn
def deliver(order_id: str) -> str:
    """Do nothing."""
    return order_id


@workflow.defn(name=WORKFLOW)
class BareShape:
    """The shape of a campaign, without a campaign."""

    @workflow.run
    async def run(self, order_id: str) -> dict[str, int]:
        """Wait, decide twice, deliver; four times."""
        for _ in range(STEPS):
            await workflow.sleep(timedelta(days=20))
            for _ in range(2):
                await workflow.execute_local_activity(decide, order_id, start_to_close_timeout=_TIMEOUT)
            await workflow.execute_activity(
                deliver, order_id, task_queue=DELIVERY_QUEUE, start_to_close_timeout=_TIMEOUT
            )
        return {"messages_sent": STEPS}


async def run_worker(address: str) -> None:
    """Poll both queues, with the pollers that the product has, until the process is ended."""
    client = await Client.connect(address)
    async with AsyncExitStack() as stack:
        common: dict[str, Any] = {
            "activity_executor": stack.enter_context(ThreadPoolExecutor(_AT_ONCE)),
            "max_concurrent_activities": _AT_ONCE,
            "activity_task_poller_behavior": PollerBehaviorAutoscaling(minimum=1, maximum=20, initial=2),
        }
        delivering = Worker(client, task_queue=DELIVERY_QUEUE, activities=[deliver], **common)
        campaigns = Worker(
            client,
            task_queue=QUEUE,
            workflows=[BareShape],
            activities=[decide],
            workflow_runner=UnsandboxedWorkflowRunner(),
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(minimum=2, maximum=20, initial=4),
            **common,
        )
        for worker in (delivering, campaigns):
            await stack.enter_async_context(worker)
        print(READY, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run_worker(os.environ["TEMPORAL_ADDRESS"]))
