"""``python -m starter namespace``: a server of one's own is made ready for campaigns."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from typer.testing import CliRunner

from campaign.contract import SEARCH_ATTRIBUTES
from dev.servers.ports import HOST, free_ports
from dev.servers.temporal import TemporalServer
from starter.__main__ import app
from starter.commands import server as server_commands
from tests.shop import unique


async def run(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it says."""
    result = await asyncio.to_thread(CliRunner().invoke, app, ["namespace", *arguments])
    return result.exit_code, result.output


@pytest.mark.temporal
async def test_a_namespace_is_made_ready_and_may_be_again(
    temporal: TemporalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new namespace gets its retention and all search attributes; a second run sets the retention."""
    name = unique("shop")
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal.address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", name)
    assert await run() == (0, f"namespace {name}: {', '.join(SEARCH_ATTRIBUTES)} are registered\n")
    assert (await run("--retention-days", "30"))[0] == 0
    client = await Client.connect(temporal.address, namespace=name)
    there = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=name))
    assert set(SEARCH_ATTRIBUTES) <= set(there.custom_attributes)
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))
    assert described.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=30)


@pytest.mark.parametrize("wait", ["0", "1"])
async def test_without_a_server_it_says_so(wait: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody there: exit code 1 and the address, at once or after the time to wait."""
    address = f"{HOST}:{free_ports(1)[0]}"
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    code, text = await run("--wait-seconds", wait)
    assert code == 1
    assert f"no Temporal server at {address}" in text


async def test_a_server_that_forbids_it_gets_no_second_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where search attributes are not ours to register, the text says what to ask of whom."""

    async def forbidden(*_: object) -> None:
        msg = "no"
        raise RPCError(msg, RPCStatusCode.PERMISSION_DENIED, b"")

    async def connected() -> object:
        return object()

    monkeypatch.setattr(server_commands, "connect", connected)
    monkeypatch.setattr(server_commands, "prepare_namespace", forbidden)
    code, text = await run()
    assert code == 1
    assert f"each as Keyword: {', '.join(SEARCH_ATTRIBUTES)}" in text
