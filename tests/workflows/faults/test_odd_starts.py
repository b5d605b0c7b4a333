"""Starts and signals that no client of ours makes: the server repeats runs, and signals come in hundreds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowContinuedAsNewError, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

from campaign.wire import Purchase
from storage.database import Database
from storage.queries.campaigns.orders import save_order
from tests.shop import Shop, running_shop, unique
from tests.workflows.orders import due_at_once, news, purchase, start, zone_of_afternoon
from tests.workflows.test_fallback import DAY, Story

pytestmark = pytest.mark.temporal
MANY = 700


async def test_hundreds_of_failures_in_turn_stop_no_campaign(
    client: Client, database: Database, tmp_path: Path
) -> None:
    """Hundreds of `delivery_failed` about two steps in turn, while no worker runs: the campaign goes on."""
    async with running_shop(client, database, tmp_path / "before") as shop:
        story = Story(shop)
        await story.begin()
        await story.until_sent("thank-you", timedelta(hours=1))
        await story.until_sent("loyalty", DAY)
    for n in range(MANY):
        await story.handle.signal("delivery_failed", {"step": ("thank-you", "loyalty")[n % 2]})
    await story.handle.signal("stop", {"reason": "test"})
    async with running_shop(client, database, tmp_path / "after"):
        handle = client.get_workflow_handle(story.handle.id)
        assert (await asyncio.wait_for(handle.result(), 40))["exit_reason"] == "stopped"


async def test_what_the_server_repeats_reads_its_purchase_again(shop: Shop) -> None:
    """Started with a cron schedule, the second run is no campaign that continues: it reads and ends, too."""
    shop.save()
    order = purchase(unique("o"))
    handle = await start(shop.client, order, ("stop", {"reason": "test"}), cron_schedule="@every 1s")
    run_id = handle.first_execution_run_id
    for _ in range(2):
        run = shop.client.get_workflow_handle(handle.id, run_id=run_id)
        with pytest.raises(WorkflowContinuedAsNewError) as repeated:
            await asyncio.wait_for(run.result(follow_runs=False), 20)
        assert (await run.query("status"))["exit_reason"] == "stopped"
        run_id = repeated.value.new_execution_run_id
    await shop.handle(order["order_id"]).terminate()


async def test_a_refused_start_is_not_repeated(shop: Shop) -> None:
    """Another order with the same id: the start fails for good, with its reason, whatever the retries."""
    shop.save()
    order = purchase(unique("o"))
    with shop.database.transaction() as session:
        save_order(session, Purchase.model_validate({**order, "total": "21.00"}))
    handle = await start(shop.client, order, retry_policy=RetryPolicy())
    with pytest.raises(WorkflowFailureError) as caught:
        await asyncio.wait_for(handle.result(), 20)
    cause = caught.value.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, cause.message.partition(":")[0]) == ("bad_purchase", "total")


async def test_a_campaign_under_another_id_is_refused(shop: Shop) -> None:
    """Signals about an order go to its own id: a campaign that none of them could stop sends nothing."""
    shop.save(time_zone=zone_of_afternoon())
    order = due_at_once(unique("o"))
    name, payload = news("processed")
    handle = await shop.client.start_workflow(
        "PostPurchaseCampaign",
        order,
        id=unique("mine"),
        task_queue="post-purchase",
        start_signal=name,
        start_signal_args=[payload],
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await asyncio.wait_for(handle.result(), 20)
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "bad_purchase"
    assert caught.value.cause.message.startswith("workflow id: ")
    assert shop.outbox == []
