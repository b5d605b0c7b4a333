"""A person's campaigns taken out of Temporal: ended, and their histories deleted.

A history holds no contact data, but the customer's id. Deleted it is gone at once, not after the namespace's
retention; archives and backups of the server are its operator's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from campaign.contract import SearchAttribute, Signal, workflow_id
from campaign.wire import Stop

GRACE = timedelta(seconds=10)
"""How long a campaign that was stopped has to end by itself; then the server ends it. The database has it
as ended already."""
_AT_ONCE = 8
_ID_CHARACTERS = str.maketrans({"\\": "\\\\", '"': '\\"'})


@dataclass(frozen=True)
class Execution:
    """One execution of a workflow."""

    workflow_id: str
    run_id: str


async def forget(client: Client, customer_ids: Collection[str], order_ids: Collection[str]) -> int:
    """Stop what runs of a person, and delete every history; return how many executions that were.

    Those of the orders, and whatever else the server finds under the customer's ids: an execution that the
    database does not know. May be repeated without harm.

    Raises:
        RPCError: the server does not answer.
    """
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(execution: Execution) -> None:
        async with at_once:
            await _stop(client, execution)
            await _delete(client, execution)

    found = {execution async for execution in _executions(client, customer_ids, order_ids)}
    await asyncio.gather(*map(one, found))
    return len(found)


async def _executions(
    client: Client, customer_ids: Collection[str], order_ids: Collection[str]
) -> AsyncIterator[Execution]:
    """Give all executions: by id at once, and by visibility, which lags, also those before a new history."""
    for order_id in order_ids:
        if latest := await _latest(client, workflow_id(order_id)):
            yield latest
    queries = [f'{SearchAttribute.CUSTOMER_ID} = "{_quoted(one)}"' for one in customer_ids]
    queries += [f'WorkflowId = "{_quoted(workflow_id(one))}"' for one in order_ids]
    for query in queries:
        async for listed in client.list_workflows(query):
            yield Execution(listed.id, listed.run_id)


def _quoted(text: str) -> str:
    return text.translate(_ID_CHARACTERS)


async def _latest(client: Client, identifier: str) -> Execution | None:
    try:
        description = await client.get_workflow_handle(identifier).describe()
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            return None
        raise
    return Execution(identifier, description.run_id)


async def _stop(client: Client, execution: Execution) -> None:
    """End a campaign as its own `stop` does, so that a message that is being sent gets a known state."""
    handle = client.get_workflow_handle(execution.workflow_id, run_id=execution.run_id)
    try:
        if (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING:
            return
        await handle.signal(Signal.STOP.value, Stop(reason="erased"))
        await asyncio.wait_for(_ended(client, execution), GRACE.total_seconds())
    except TimeoutError:
        return
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _ended(client: Client, execution: Execution) -> None:
    """Wait for the end, however that is: its result does not matter."""
    handle = client.get_workflow_handle(execution.workflow_id, run_id=execution.run_id)
    async for _ in handle.fetch_history_events(wait_new_event=True, skip_archival=True):
        pass


async def _delete(client: Client, execution: Execution) -> None:
    request = DeleteWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=execution.workflow_id, run_id=execution.run_id),
    )
    try:
        await client.workflow_service.delete_workflow_execution(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
