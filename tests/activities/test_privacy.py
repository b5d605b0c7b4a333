"""No personal data ever enters Temporal: whole histories, memos and search attributes are searched."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import TimeSkipper

from activities.interface import StepDecision
from activities.segment import segment
from activities.temporal import Activities
from campaign.contract import TASK_QUEUE, WORKFLOW, workflow_id
from campaign.wire import Customer
from channels.outbox.send import Outbox
from channels.protocol import Outgoing, Receipt
from dev.sample_shop.people import Person, order, people
from storage.database import Database
from storage.queries.people.customers import save_customer
from tests.shop import Shop, running_shop, unique
from worker.run import workers

pytestmark = pytest.mark.temporal
WHO = 12


def personal(person: Person) -> list[str]:
    """Everything of a customer that is personal."""
    contact = person.contact
    values = [contact[name] for name in ("email", "phone", "first_name", "last_name", "time_zone")]
    return [*values, contact["phone"][2:], contact["email"].split("@")[0], "@example.com"]


async def everything(client: Client, workflow_id: str) -> str:
    """All that Temporal keeps of a workflow: its history and its description, payloads as text."""
    handle = client.get_workflow_handle(workflow_id)
    raw = [event.SerializeToString() async for event in handle.fetch_history_events()]
    description = (await handle.describe()).raw_description.SerializeToString()
    return b"\n".join([*raw, description]).decode("utf-8", "replace")


class LeakingOutbox(Outbox):
    """A provider whose first errors hold the address, as real ones do."""

    def __init__(self, inner: Outbox) -> None:
        """Leak once for every message."""
        super().__init__(inner.folder)
        self._seen: set[str] = set()

    def send(self, message: Outgoing) -> Receipt:
        """Fail once, with everything in the text."""
        if message.id not in self._seen:
            self._seen.add(message.id)
            text = f"550 no such user {message.to}: {message.text}"
            raise RuntimeError(text) from ValueError(message.to)
        return super().send(message)


def leaking(shop_activities: Activities) -> Activities:
    """Activities on a provider that leaks."""
    outbox = next(iter(shop_activities.channels.values()))
    assert isinstance(outbox, Outbox)
    return replace(shop_activities, channels=dict.fromkeys(shop_activities.channels, LeakingOutbox(outbox)))


async def test_no_personal_data_in_temporal(client: Client, database: Database, tmp_path: Any) -> None:
    """Sample customers' campaigns, with providers that fail and leak: Temporal has nobody's data."""
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the server's clock is real
    persons = people(now)[:WHO]
    async with running_shop(client, database, tmp_path / "idle") as idle:
        activities = leaking(idle.activities)
    shop = Shop(idle.settings, database, client, activities)
    with database.transaction() as session:
        for person in persons:
            save_customer(session, Customer.model_validate(person.contact))
    async with workers(client, shop.settings, activities):
        ids = await asyncio.gather(*(run_campaign(client, person, now) for person in persons))
        assert len(shop.outbox) > WHO
        texts = [await everything(client, identifier) for identifier in ids]
    for person in persons:
        for value in personal(person):
            pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])")
            assert not any(pattern.search(text) for text in texts), value


async def run_campaign(client: Client, person: Person, now: datetime) -> str:
    """Run one customer's campaign to its end; return the workflow's id."""
    from random import Random  # noqa: PLC0415 - sample data only

    purchase = order(unique("p"), person.id, now, Random(1))  # noqa: S311 - sample data
    identifier = workflow_id(purchase["order_id"])
    handle = await TimeSkipper(client).client.start_workflow(
        WORKFLOW, purchase, id=identifier, task_queue=TASK_QUEUE,
        start_signal="order_updated", start_signal_args=[{"status": "processed", "at": now.isoformat()}],
    )  # fmt: skip
    await handle.result()
    return identifier


class Buggy:
    """A bug in the decision: fails with a customer's data in its text until it is repaired."""

    def __init__(self) -> None:
        """Start broken."""
        self.repaired = False

    def check(self) -> None:
        """Fail while broken."""
        if not self.repaired:
            text = "KeyError: ada@example.com"
            raise KeyError(text)


async def test_a_bug_is_retried_and_seen(
    client: Client, database: Database, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in an activity: the campaign keeps trying, visibly and without the text; repaired, it goes on."""
    bug = Buggy()

    def buggy(*args: Any) -> StepDecision:
        bug.check()
        return segment(*args)

    monkeypatch.setattr("activities.temporal.segment", buggy)
    async with running_shop(client, database, tmp_path / "home") as shop:
        shop.save()
        order_id = unique("o")
        now = datetime.now(UTC).isoformat()  # noqa: TID251 - the server's clock is real
        line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
        purchase = {"order_id": order_id, "customer_id": "c-1", "placed_at": now, "currency": "USD",
                    "total": "20.00", "lines": [line]}  # fmt: skip
        handle = await client.start_workflow(
            WORKFLOW, purchase, id=workflow_id(order_id), task_queue=TASK_QUEUE,
            start_signal="stop", start_signal_args=[{"reason": "test"}],
        )  # fmt: skip
        failure = await pending_failure(handle)
        assert failure.startswith("KeyError in check")
        assert "ada" not in failure
        bug.repaired = True
        assert (await handle.result())["exit_reason"] == "stopped"


async def pending_failure(handle: Any) -> str:
    """Wait until the Web UI's list of pending activities shows a failure; return its text."""
    async for event in handle.fetch_history_events(wait_new_event=True):
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            break
    for _ in range(10_000):
        description = (await handle.describe()).raw_description
        pending = description.pending_activities
        assert description.workflow_execution_info.status == WorkflowExecutionStatus.RUNNING
        if pending and pending[0].HasField("last_failure"):
            return str(pending[0].last_failure.message)
    pytest.fail("no failure is shown")
