"""A flood of signals to one campaign: its history stays within the server's limits, and it goes on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from dev.servers.temporal import TemporalServer
from storage.queries.campaigns.runs import get_run
from tests.shop import Shop, unique
from tests.workflows.orders import news, noon, purchase, start, waiting

pytestmark = pytest.mark.temporal
CLIENT = Path(__file__).parent / "flood_client.py"
EVENTS = 51_200
"""How many events a history may have: beyond, the server ends the workflow."""


async def flood(temporal: TemporalServer, workflow_id: str, number: int, kind: str) -> None:
    """Send the signals from a process of their own."""
    command = [sys.executable, "-I", str(CLIENT), temporal.address, workflow_id, str(number), kind]
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["alike", "different"])
async def test_a_flood_of_signals_ends_no_campaign(
    kind: str, shop: Shop, temporal: TemporalServer, request: pytest.FixtureRequest
) -> None:
    """Thousands of signals (20,000 by `make chaos`), repeated or all different; then `stop` works as ever."""
    number = request.config.getoption("--flood-signals")
    shop.save()
    order = purchase(unique("o"))
    handle = await start(shop.client, order, news("processed", noon()))
    await waiting(handle)
    await flood(temporal, handle.id, number, kind)
    last = shop.client.get_workflow_handle(handle.id)
    await last.signal("stop", {"reason": "test"})
    assert (await last.result())["exit_reason"] == "stopped"
    status = await last.query("status")
    assert (status["refused_signals"], set(status["order_updates"])) == (0, {"processed", "fulfilled"})
    description = await last.describe()
    assert description.run_id != handle.result_run_id
    assert description.history_length < EVENTS
    assert {"CustomerId", "CampaignStep", "ExitReason"} <= {
        pair.key.name for pair in description.typed_search_attributes
    }
    with shop.database.transaction() as session:
        assert get_run(session, order["order_id"]).exit_reason == "stopped"
