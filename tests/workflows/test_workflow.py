"""Whole campaigns on the real Temporal server, with time skipped."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from campaign.definition.loading import definition_text
from campaign.definition.version import Version
from starter.reports import order_report
from storage.database import Database
from storage.tables import DefinitionRow
from tests.activities.test_privacy import pending_failure
from tests.facts import ROOT
from tests.shop import Shop, running_shop, unique
from tests.workflows.orders import MINUTE, news, noon, purchase, start, until_event, waiting

pytestmark = pytest.mark.temporal


async def test_four_messages_at_their_times(shop: Shop) -> None:
    """A first-time customer gets thank-you, loyalty and two win-backs, each exactly when it is due."""
    shop.save()
    order = purchase(unique("o"))
    placed = datetime.fromisoformat(order["placed_at"])
    handle = await start(shop.skipping, order, news("processed", placed + 5 * MINUTE))
    assert await handle.result() == {"exit_reason": "completed", "messages_sent": 4}
    sent = [(row.step, row.state, row.sent_at) for row in shop.messages(order["order_id"])]
    expected = [("thank-you", 120 * MINUTE), ("loyalty", timedelta(days=21)),
                ("win-back-soft", timedelta(days=30)), ("win-back-best", timedelta(days=90))]  # fmt: skip
    for (step, state, at), (name, after) in zip(sent, expected, strict=True):
        assert (step, state) == (name, "sent")
        assert at is not None
        assert abs(at - max(placed + after, at if name == "thank-you" else placed)) < MINUTE
    assert len(shop.outbox) == 4


async def test_it_leaves_when_the_customer_buys_again(shop: Shop) -> None:
    """After `repurchased` the campaign completes and nothing more is sent."""
    shop.save()
    order = purchase(unique("o"))
    handle = await start(shop.client, order, ("repurchased", {"order_id": "newer"}))
    assert (await handle.result())["exit_reason"] == "repurchased"
    assert shop.outbox == []


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (("stop", {"reason": "by-support"}), "stopped"),
        (news("cancelled", noon()), "cancelled"),
        (news("refunded", noon()), "refunded"),
    ],
)
async def test_it_leaves_early(shop: Shop, signal: tuple[str, dict[str, Any]], reason: str) -> None:
    """Stopped, cancelled and refunded orders get nothing, and say why."""
    shop.save()
    order = purchase(unique("o"))
    handle = await start(shop.client, order, signal)
    assert (await handle.result())["exit_reason"] == reason
    status = await handle.query("status")
    assert (status["exit_reason"], status["messages"]) == (reason, [])
    assert shop.outbox == []


async def test_ten_identical_starts_are_one_campaign(shop: Shop) -> None:
    """A purchase delivered ten times, also after its campaign has ended, starts one."""
    shop.save()
    order = purchase(unique("o"))
    handles = [await start(shop.client, order) for _ in range(10)]
    assert len({handle.result_run_id or handle.first_execution_run_id for handle in handles}) == 1
    await handles[0].signal("stop", {"reason": "test"})
    await handles[0].result()
    with pytest.raises(WorkflowAlreadyStartedError):
        await start(shop.client, order)


async def test_a_second_workflow_for_an_order_does_nothing(shop: Shop) -> None:
    """Where Temporal has forgotten a campaign, the database has not: the order gets nothing twice."""
    shop.save()
    order = purchase(unique("o"))
    handle = await start(shop.client, order, ("stop", {"reason": "test"}))
    await handle.result()
    again = await shop.client.start_workflow(
        "PostPurchaseCampaign",
        order,
        id=handle.id,
        task_queue="post-purchase",
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )
    assert (await again.result())["exit_reason"] == "duplicate"


async def test_of_two_orders_at_once_one_campaign_stays(shop: Shop) -> None:
    """Two orders of a customer, enrolled at the same instant, leave exactly one campaign open: the newer."""
    customer = unique("c")
    shop.save(customer_id=customer)
    first, second = unique("a"), unique("b")
    older = purchase(first, customer, placed_at=(noon() - MINUTE).isoformat())
    handles = await asyncio.gather(start(shop.client, older), start(shop.client, purchase(second, customer)))
    assert (await handles[0].result())["exit_reason"] == "repurchased"
    assert (await waiting(handles[1]))["exit_reason"] is None
    await handles[1].signal("stop", {"reason": "test"})
    await handles[1].result()


async def test_an_older_order_that_comes_late_ends_at_once(shop: Shop) -> None:
    """Enrolled after a newer order, the older one's campaign ends, and the newer goes on."""
    customer = unique("c")
    shop.save(customer_id=customer)
    newer = await start(shop.client, purchase(unique("n"), customer))
    await waiting(newer)
    older = await start(shop.client, purchase(unique("o"), customer, placed_at=(noon() - MINUTE).isoformat()))
    assert (await older.result())["exit_reason"] == "repurchased"
    assert (await newer.query("status"))["exit_reason"] is None
    await newer.signal("stop", {"reason": "test"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total": "-5"}, "total"),
        ({"placed_at": "2026-03-01T12:00:00"}, "placed_at"),
        ({"email": "ada@example.com"}, "email"),
    ],
)
async def test_a_bad_purchase_fails_by_field(shop: Shop, change: dict[str, Any], field: str) -> None:
    """Whatever SDK sent it, a purchase that cannot be read fails at once and names the field."""
    handle = await start(shop.client, purchase(unique("o"), **change))
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    cause = caught.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "bad_purchase"
    assert cause.message.startswith(f"{field}: ")
    assert "ada@" not in cause.message


async def test_an_operators_cancel_is_a_stop(shop: Shop) -> None:
    """Cancelled in the Web UI, the run is closed in the database and nothing more is sent."""
    shop.save()
    order = purchase(unique("o"))
    handle = await start(shop.client, order)
    assert (await waiting(handle))["step"] == "thank-you"
    await handle.signal(*news("fulfilled", noon()))
    await until_event(handle, EventType.EVENT_TYPE_TIMER_STARTED, 2)
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert (await handle.query("status"))["exit_reason"] == "stopped"
    with shop.database.transaction() as session:
        (step,) = order_report(session, order["order_id"])["steps"]
    assert (step["decision"], step["why"], step["next_at"]) == ("exit", "stopped by request", None)


async def test_a_template_that_is_gone_is_waited_for(
    client: Client, database: Database, tmp_path: Path
) -> None:
    """Taken away from a campaign without texts, a template is waited for visibly; put back, all goes on."""
    folder = shutil.copytree(ROOT / "content" / "default", tmp_path / "content")
    template = folder / "email" / "thank_you.mjml.j2"
    template.write_text(f"{template.read_text('utf-8')}{{# {unique('older')} #}}", "utf-8")
    async with running_shop(client, database, tmp_path / "home", templates=folder) as shop:
        shop.save()
        store_without_texts(database, Version(shop.activities.definition, shop.activities.texts))
        order = purchase(unique("o"))
        away = template.rename(tmp_path / template.name)
        handle = await start(shop.skipping, order, news("processed", noon()))
        assert "thank_you.mjml.j2: no such file" in await pending_failure(handle)
        away.rename(template)
        assert (await handle.result())["exit_reason"] == "completed"


def store_without_texts(database: Database, version: Version) -> None:
    """Store a version as it was before versions kept their templates."""
    body = definition_text(version.definition)
    with database.transaction() as session:
        session.add(DefinitionRow(digest=version.digest, name="older", body=body, stored_at=noon()))


def counted(history: WorkflowHistory, *left_out: Callable[[Any], bool]) -> list[Any]:
    """The events of a history that the budget counts."""
    return [event for event in history.events if not any(test(event) for test in left_out)]


def is_skip(event: Any) -> bool:
    """An event that only skipping time makes."""
    return bool(event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED)


def is_signal(event: Any) -> bool:
    """The event of a signal itself; the decision it causes is counted."""
    return bool(event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)


async def test_the_history_stays_within_its_budget(shop: Shop) -> None:
    """Four one-channel messages cost exactly 65 events and 9 workflow tasks, and less than 16 KB."""
    shop.save()
    placed = noon() + timedelta(days=1)  # to come at any time of day: every step is waited for
    order = purchase(unique("o"), placed_at=placed.isoformat())
    handle = await start(shop.skipping, order, news("processed", placed + 5 * MINUTE))
    assert (await handle.result())["messages_sent"] == 4
    history = await handle.fetch_history()
    events = counted(history, is_skip, is_signal)
    tasks = [e for e in events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
    description = await handle.describe()
    assert (len(events), len(tasks)) == (65, 9)
    assert description.raw_description.workflow_execution_info.history_size_bytes <= 16 * 1024
