"""Starts and signals that cannot be read, from raw clients: refused, counted, and nothing is stuck."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from dev.servers.temporal import TemporalServer
from tests.shop import Shop, unique
from tests.workflows.orders import news, noon, purchase, start

pytestmark = pytest.mark.temporal

BEFORE_TIME, AFTER_TIME = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-05:00"
GARBLED = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{not json"))
FOREIGN = RawValue(Payload(metadata={"encoding": b"binary/encrypted"}, data=b"\x00"))
NOT_ONE_OBJECT: dict[str, list[Any]] = {
    "nothing": [],
    "two": [{}, {}],
    "list": [[]],
    "text": ["purchase"],
    "null": [None],
    "garbled": [GARBLED],
    "foreign": [FOREIGN],
}


async def refusal(client: Client, inputs: list[Any]) -> str:
    """Start a campaign with raw inputs; return why it fails."""
    handle = await client.start_workflow(
        "PostPurchaseCampaign", args=inputs, id=unique("junk"), task_queue="post-purchase"
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    cause = caught.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "bad_purchase"
    return cause.message


@pytest.mark.parametrize("name", NOT_ONE_OBJECT)
async def test_a_start_without_one_object_fails(name: str, shop: Shop, temporal: TemporalServer) -> None:
    """No input, too many, or something else than one object: the start fails as `bad_purchase`."""
    raw = await Client.connect(temporal.address)
    assert (await refusal(raw, NOT_ONE_OBJECT[name])).startswith("input: ")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"placed_at": BEFORE_TIME}, "placed_at: is out of range"),
        ({"placed_at": AFTER_TIME}, "placed_at: is out of range"),
        ({"placed_at": 1_767_225_600}, "placed_at: is not a time"),
        ({"order_id": "(202) 555-0123"}, "order_id: looks like"),
        ({"customer_id": "ada@example.com"}, "customer_id: looks like"),
    ],
)
async def test_a_start_with_an_impossible_value_fails(shop: Shop, change: dict[str, Any], field: str) -> None:
    """Times that overflow, numbers for times and contact data as ids: the start fails, by field."""
    assert field in await refusal(shop.client, [{**purchase(unique("o")), **change}])


async def test_two_purchases_are_no_start(shop: Shop) -> None:
    """A second input is refused even where the first one would do."""
    assert "has 2 values" in await refusal(shop.client, [purchase(unique("o")), purchase(unique("o"))])


@pytest.mark.parametrize("signal", ["repurchased", "order_updated", "stop", "delivery_failed"])
async def test_unreadable_signals_are_counted_and_change_nothing(
    shop: Shop, temporal: TemporalServer, signal: str
) -> None:
    """A signal with no input, too many, or garbage is counted; a correct `stop` still works after it."""
    shop.save()
    order = purchase(unique("o"))
    await start(shop.client, order)
    raw = (await Client.connect(temporal.address)).get_workflow_handle(f"post-purchase/{order['order_id']}")
    for inputs in NOT_ONE_OBJECT.values():
        await raw.signal(signal, args=inputs)
    status = await raw.query("status")
    assert (status["refused_signals"], status["exit_reason"]) == (len(NOT_ONE_OBJECT), None)
    await raw.signal("stop", {"reason": "test"})
    assert (await raw.result())["exit_reason"] == "stopped"


async def test_signals_with_impossible_times_are_counted(shop: Shop) -> None:
    """Times that overflow, of the future, before the order, or as a number change nothing."""
    shop.save()
    order = purchase(unique("o"))
    times = [BEFORE_TIME, AFTER_TIME, 1_767_225_600, (noon() + timedelta(days=9)).isoformat()]
    times.append((noon() - timedelta(days=3)).isoformat())
    handle = await start(shop.client, order)
    for at in times:
        await handle.signal("order_updated", {"status": "cancelled", "at": at})
    await handle.signal(*news("fulfilled", noon()))
    status = await handle.query("status")
    assert (status["refused_signals"], status["exit_reason"]) == (len(times), None)
    await handle.signal("stop", {"reason": "test"})
    await handle.result()
    assert list((await handle.query("status"))["order_updates"]) == ["fulfilled"]
