"""The contract as an order service sees it: a process that imports nothing of this project."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dev.servers.temporal import TemporalServer
from tests.shop import Shop, unique

pytestmark = pytest.mark.temporal
CLIENT = Path(__file__).parent / "contract_client.py"
DAY = timedelta(days=1)


async def play(temporal: TemporalServer, scene: str, order_id: str, customer_id: str, where: Path) -> Any:
    """Run a scene from another folder, isolated from this project's modules; return what it saw."""
    command = [sys.executable, "-I", str(CLIENT), temporal.address, scene, order_id, customer_id]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=where)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)


async def test_four_messages_in_order(shop: Shop, temporal: TemporalServer, tmp_path: Path) -> None:
    """A stranger's start by names and JSON brings four messages, in order, at their virtual times."""
    order_id, customer_id = unique("o"), unique("c")
    shop.save(customer_id=customer_id)
    seen = await play(temporal, "to_the_end", order_id, customer_id, tmp_path)
    assert seen["result"] == {"exit_reason": "completed", "messages_sent": 4}
    placed = datetime.fromisoformat(seen["placed_at"])
    sent = [(row.step, row.sent_at) for row in shop.messages(order_id)]
    days = {"loyalty": 21, "win-back-soft": 30, "win-back-best": 90}
    assert [step for step, _ in sent] == ["thank-you", *days]
    for step, at in sent[1:]:
        assert at is not None
        assert timedelta(0) <= at - placed - days[step] * DAY < timedelta(minutes=1)


async def test_no_message_after_a_repurchase(shop: Shop, temporal: TemporalServer, tmp_path: Path) -> None:
    """After `repurchased` on day 20 the campaign completes at once, with the thank-you its only message."""
    order_id, customer_id = unique("o"), unique("c")
    shop.save(customer_id=customer_id)
    seen = await play(temporal, "buys_again", order_id, customer_id, tmp_path)
    assert seen["result"] == {"exit_reason": "repurchased", "messages_sent": 1}
    assert [(row.step, row.state) for row in shop.messages(order_id)] == [("thank-you", "sent")]


async def test_ten_starts_are_one_campaign(shop: Shop, temporal: TemporalServer, tmp_path: Path) -> None:
    """Ten identical starts at once are one run."""
    order_id, customer_id = unique("o"), unique("c")
    shop.save(customer_id=customer_id)
    seen = await play(temporal, "ten_times", order_id, customer_id, tmp_path)
    assert seen["runs"] == 1


async def test_two_orders_leave_one_campaign(shop: Shop, temporal: TemporalServer, tmp_path: Path) -> None:
    """Of two orders of one customer at the same instant, exactly one campaign stays open."""
    order_id, customer_id = unique("o"), unique("c")
    shop.save(customer_id=customer_id)
    seen = await play(temporal, "two_at_once", order_id, customer_id, tmp_path)
    assert seen["older"]["exit_reason"] == "repurchased"
    assert seen["newer_exit_reason"] is None
