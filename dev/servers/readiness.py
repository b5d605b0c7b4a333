"""When a Temporal server is ready for campaigns: it answers, has what we need, and a query can use it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import httpx
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import PollWorkflowExecutionTimeSkippingRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

from campaign.contract import SEARCH_ATTRIBUTES
from campaign.errors import Unavailable
from dev.servers.binaries import Report
from dev.servers.processes import Process
from starter.namespace import add_search_attributes, prepare_namespace

RETENTION = timedelta(days=365)
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


async def wait_until_answers(url: str, process: Process) -> None:
    """Wait until an address answers with a success.

    Raises:
        Unavailable: the process ended or does not answer so in time; the text names its log.
    """
    async with httpx.AsyncClient() as http:
        await _until(process, lambda: _get(http, url))


async def _get(http: httpx.AsyncClient, url: str) -> None:
    try:
        (await http.get(url)).raise_for_status()
    except httpx.HTTPError as error:
        raise OSError from error


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


async def prepare_given(report: Report) -> None:
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
        await add_search_attributes(client)
    except RPCError as error:
        names = ", ".join(SEARCH_ATTRIBUTES)
        report(f"Search attributes could not be registered at {address} ({error.status.name}).")
        report(f"Have them registered, each as Keyword: {names}.")


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
    await prepare_namespace(client, RETENTION)
    await _check_time_skipping(client)


async def _check_time_skipping(client: Client) -> None:
    """Query a workflow that is not there: who can skip time, answers so, through all its services."""
    nobody = WorkflowExecution(workflow_id=_NOBODY, run_id=_NOBODY)
    request = PollWorkflowExecutionTimeSkippingRequest(
        namespace=client.namespace, workflow_execution=nobody, fast_forward_id=_NOBODY
    )
    try:
        await client.workflow_service.poll_workflow_execution_time_skipping(request)
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            msg = "it is too old: it cannot skip time"
            raise Unavailable(msg) from None
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
