"""When a Temporal server is ready for campaigns: it answers, has what we need, and a query can use it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    PollWorkflowExecutionTimeSkippingRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

from campaign.errors import Unavailable
from dev.binaries import Say
from dev.processes import Process
from dev.server_config import RETENTION_DAYS, SEARCH_ATTRIBUTES

NAMESPACE = "default"
START_SECONDS = 60.0
GIVEN_SECONDS = 10.0
_PAUSE = 0.05
_T = TypeVar("_T")
_NOBODY = "00000000-0000-0000-0000-000000000000"


async def wait_until_ready(address: str, process: Process) -> None:
    """Wait until the server takes campaigns: namespace, search attributes and time skipping included.

    Raises:
        Unavailable: it ended, does not answer in time, or cannot skip time; the text names its log.
    """
    client = await _until(process, lambda: Client.connect(address))
    await _until(process, lambda: _prepare(client))


async def wait_until_listening(port: int, host: str, process: Process) -> None:
    """Wait until something takes connections.

    Raises:
        Unavailable: the process ended or does not listen in time; the text names its log.
    """
    _, writer = await _until(process, lambda: asyncio.open_connection(host, port))
    writer.close()


async def _until(process: Process, attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Try until it works. A process that has ended is checked last: another's server may have answered."""
    for _ in range(int(START_SECONDS / _PAUSE)):
        try:
            result = await attempt()
        except (RuntimeError, RPCError, OSError):
            await asyncio.sleep(_PAUSE)
        else:
            if process.running:
                return result
        if not process.running:
            break
    msg = f"it did not start: see {process.log}"
    raise Unavailable(msg)


async def prepare_given(say: Say) -> None:
    """Look at the server that Temporal's own settings name; register search attributes if we may.

    Raises:
        Unavailable: it does not answer.
    """
    config = ClientConfig.load_client_connect_config()
    address = config.get("target_host")
    try:
        client = await asyncio.wait_for(Client.connect(**config), GIVEN_SECONDS)
    except (RuntimeError, TimeoutError):
        msg = f"no server answers at {address}"
        raise Unavailable(msg) from None
    try:
        await _add_search_attributes(client)
    except RPCError as error:
        names = ", ".join(SEARCH_ATTRIBUTES)
        say(f"Search attributes could not be registered at {address} ({error.status.name}).")
        say(f"Have them registered, each as Keyword: {names}.")


def forget_members(database: Path) -> None:
    """Empty the list of servers that were alive a moment ago. Call it while none runs on the file.

    A server that starts within 20 seconds of another's end, on other ports, would wait for that one
    and answer "not enough hosts" for up to a minute.
    """
    if not database.exists():
        return
    with closing(sqlite3.connect(database)) as connection, connection:
        try:
            connection.execute("DELETE FROM cluster_membership")
        except sqlite3.OperationalError:
            return  # no such table yet: nobody to forget


async def _prepare(client: Client) -> None:
    await _register_namespace(client)
    await _add_search_attributes(client)
    await _query_all(client)
    await _check_time_skipping(client)


async def _register_namespace(client: Client) -> None:
    """Register the namespace; where it was there before (the command line makes it), set its retention."""
    retention = Duration(seconds=RETENTION_DAYS * 86_400)
    service = client.workflow_service
    try:
        await service.register_namespace(
            RegisterNamespaceRequest(namespace=NAMESPACE, workflow_execution_retention_period=retention)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
        config = NamespaceConfig(workflow_execution_retention_ttl=retention)
        await service.update_namespace(UpdateNamespaceRequest(namespace=NAMESPACE, config=config))


async def _add_search_attributes(client: Client) -> None:
    there = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = [name for name in SEARCH_ATTRIBUTES if name not in there.custom_attributes]
    if missing:
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        attributes = dict.fromkeys(missing, keyword)
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=attributes)
        )


async def _query_all(client: Client) -> None:
    query = " AND ".join(f"{name} = 'none'" for name in SEARCH_ATTRIBUTES)
    await client.workflow_service.count_workflow_executions(
        CountWorkflowExecutionsRequest(namespace=NAMESPACE, query=query)
    )


async def _check_time_skipping(client: Client) -> None:
    """Ask about a workflow that is not there: who can skip time, answers so, through all its services."""
    nobody = WorkflowExecution(workflow_id=_NOBODY, run_id=_NOBODY)
    request = PollWorkflowExecutionTimeSkippingRequest(
        namespace=NAMESPACE, workflow_execution=nobody, fast_forward_id=_NOBODY
    )
    try:
        await client.workflow_service.poll_workflow_execution_time_skipping(request)
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            msg = "it is too old: it cannot skip time"
            raise Unavailable(msg) from None
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
