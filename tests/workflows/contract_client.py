"""An order service in miniature: knows the contract's names and JSON, and imports nothing of this project.

``python contract_client.py ADDRESS NAME CUSTOMER [CUSTOMER2]`` plays one scene and prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.testing import TimeSkipper, TimeSkippingConfig

DAY = timedelta(days=1)
PLACED = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0)  # noqa: TID251 - an order service has a clock


async def start(
    client: Client, order_id: str, customer_id: str, minutes: int = 0
) -> WorkflowHandle[Any, Any]:
    """Start a campaign by names and plain JSON."""
    purchase = {
        "order_id": order_id, "customer_id": customer_id, "currency": "USD", "total": "20.00",
        "placed_at": PLACED.isoformat(),
        "lines": [{"sku": "mug", "quantity": 1, "unit_price": "20.00"}],
    }  # fmt: skip
    return await client.start_workflow(
        "PostPurchaseCampaign",
        purchase,
        id=f"post-purchase/{order_id}",
        task_queue="post-purchase",
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
    )


async def processed(handle: WorkflowHandle[Any, Any]) -> None:
    """Report that the order was processed."""
    await handle.signal("order_updated", {"status": "processed", "at": PLACED.isoformat()})


async def to_the_end(client: Client, order_id: str, customer_id: str) -> dict[str, Any]:
    """Skip through a whole campaign."""
    handle = await start(TimeSkipper(client).client, order_id, customer_id)
    await processed(handle)
    return {"placed_at": PLACED.isoformat(), "result": await handle.result()}


async def buys_again(client: Client, order_id: str, customer_id: str) -> dict[str, Any]:
    """Signal `repurchased` on day 20, and see how long the end takes in real time."""
    still = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    handle = await start(still.client, order_id, customer_id)
    await processed(handle)
    await still.fast_forward(handle, 20 * DAY)
    began = time.monotonic()
    await handle.signal("repurchased", {"order_id": f"{order_id}-next"})
    result = await handle.result()
    return {"result": result, "seconds": time.monotonic() - began}


async def ten_times(client: Client, order_id: str, customer_id: str) -> dict[str, Any]:
    """Start the same purchase ten times at once."""
    handles = await asyncio.gather(*(start(client, order_id, customer_id) for _ in range(10)))
    runs = {handle.first_execution_run_id or handle.result_run_id for handle in handles}
    await handles[0].signal("stop", {"reason": "test"})
    return {"runs": len(runs), "result": await handles[0].result()}


async def two_at_once(client: Client, order_id: str, customer_id: str) -> dict[str, Any]:
    """Start two orders of one customer at once; say which of them is open in the end."""
    names = [f"{order_id}-a", f"{order_id}-b"]
    older, newer = await asyncio.gather(*(start(client, name, customer_id) for name in names))
    result = await older.result()
    status = await newer.query("status")
    await newer.signal("stop", {"reason": "test"})
    return {"older": result, "newer_exit_reason": status["exit_reason"]}


async def main(address: str, scene: str, order_id: str, customer_id: str) -> None:
    """Play a scene."""
    scenes = {f.__name__: f for f in (to_the_end, buys_again, ten_times, two_at_once)}
    print(json.dumps(await scenes[scene](await Client.connect(address), order_id, customer_id)))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    # The SDK's own threads (1.35.0) may crash an interpreter that ends while they do.
    sys.stdout.flush()
    os._exit(0)
