"""An order service gone wrong signals as fast as it can: ADDRESS WORKFLOW_ID NUMBER alike|different."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

AT_ONCE = 20
NOON = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0)  # noqa: TID251 - a service has a clock


async def signal(handle: WorkflowHandle, at: datetime) -> None:  # type: ignore[type-arg]
    """Send one signal, again where the history is full: the server takes it once there is a new one."""
    while True:
        try:
            return await handle.signal("order_updated", {"status": "fulfilled", "at": at.isoformat()})
        except RPCError as error:
            if "limit for signal events" not in error.message:
                raise
            await asyncio.sleep(0.1)


async def main(address: str, workflow_id: str, number: int, *, alike: bool) -> None:
    """Send them all, a few at once."""
    handle = (await Client.connect(address)).get_workflow_handle(workflow_id)
    numbers = iter(range(number))

    async def send() -> None:
        for n in numbers:
            await signal(handle, NOON - timedelta(seconds=0 if alike else n))

    await asyncio.gather(*(send() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), alike=sys.argv[4] == "alike"))
    # The SDK's own threads (1.35.0) may crash an interpreter that ends while they do.
    sys.stdout.flush()
    os._exit(0)
