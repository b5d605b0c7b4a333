"""After an erasure nothing finds the person: the database, its file, the outbox, the logs, Temporal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode
from typer.testing import CliRunner

from campaign.contract import TASK_QUEUE, WORKFLOW, workflow_id
from campaign.reasons import Channel
from intake.received_replies import receive_reply
from shops.guests import guest_id
from starter import clock
from starter.__main__ import app
from storage.database import Database
from storage.queries.privacy.jobs import count_jobs
from tests.activities.test_privacy import everything as all_of_temporal
from tests.persons import everything
from tests.shop import Shop, running_shop, unique
from tests.workflows.orders import purchase, waiting
from worker import erasures
from worker.erasures import SECOND_LOOK, Eraser

pytestmark = pytest.mark.temporal


class Ada:
    """A person with an account and guest orders, whose every name is like no other's."""

    def __init__(self) -> None:
        """Make the names up."""
        self.id, tag = unique("account"), unique("zz")
        self.email, self.phone = f"{tag}@example.com", f"+1202555{int(tag[-8:], 16) % 10_000:04d}"
        self.first_name, self.last_name = f"Ada{tag}", f"Lovelace{tag}"
        self.guest = guest_id("development", f"email:{self.email}")
        self.contact = {
            "email": self.email, "phone": self.phone, "first_name": self.first_name, "country": "US",
            "last_name": self.last_name, "time_zone": "America/New_York", "preferred_channel": "both",
        }  # fmt: skip

    @property
    def needles(self) -> list[str]:
        """Everything by which the person could be found."""
        tag = self.email.split("@")[0]
        return [self.id, self.guest, tag, self.phone, self.phone[2:]]

    def consents(self, at: datetime) -> list[dict[str, Any]]:
        """Both consents, with their words."""
        words = f"Yes, write to {self.email}"
        common = {"state": "granted", "source": "checkout", "at": at.isoformat(), "confirmed": True}
        return [{"channel": channel.value, "wording": words, **common} for channel in Channel]


async def run_order(shop: Shop, customer_id: str) -> str:
    """Run a campaign to its end, with the time skipped; return its order."""
    order = purchase(unique("o"), customer_id)
    handle = await shop.skipping.start_workflow(
        WORKFLOW, order, id=workflow_id(order["order_id"]), task_queue=TASK_QUEUE,
        start_signal="order_updated", start_signal_args=[{"status": "processed", "at": order["placed_at"]}],
    )  # fmt: skip
    await handle.result()
    return str(order["order_id"])


async def open_order(shop: Shop, customer_id: str) -> str:
    """Start a campaign that waits."""
    order = purchase(unique("o"), customer_id)
    await shop.client.start_workflow(
        WORKFLOW, order, id=workflow_id(order["order_id"]), task_queue=TASK_QUEUE
    )
    await waiting(shop.handle(order["order_id"]))
    return str(order["order_id"])


async def erase(shop: Shop, *who: str) -> str:
    """Erase by the command line."""
    command = ["person", "erase", *who, "--yes"]
    result = await asyncio.to_thread(lambda: CliRunner().invoke(app, command))
    assert result.exit_code == 0, result.output
    return result.output


async def work_off(shop: Shop, now: Callable[[], datetime]) -> None:
    """Do what the worker does in its idle seconds."""
    eraser = Eraser(shop.database, shop.client, shop.settings.outbox, now)
    while await eraser.turn():
        pass


@pytest.fixture
def environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line beside the worker."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", shop.database.url)
    monkeypatch.setenv("AFTERGLOW_HOME", str(shop.settings.home))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
async def shop(client: Client, database: Database, tmp_path: Path) -> Any:
    """A worker whose messages have links."""
    async with running_shop(client, database, tmp_path / "home", public_url="http://127.0.0.1:8080") as made:
        yield made


async def test_nothing_finds_an_erased_person(
    shop: Shop, environment: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Orders, messages, consents, replies, a STOP; erased, no search of anything finds the person."""
    caplog.set_level(logging.INFO)
    ada, begun = Ada(), clock.now()
    shop.save(customer_id=ada.id, **ada.contact, consents=ada.consents(begun - timedelta(days=1)))
    shop.save(customer_id=ada.guest, **ada.contact)
    orders = [await run_order(shop, ada.id), await run_order(shop, ada.guest), await open_order(shop, ada.id)]
    with shop.database.transaction() as session:
        receive_reply(session, ada.phone, "please stop sending me so much, maybe", clock.now())
        receive_reply(session, ada.phone, "STOP", clock.now())
    channels = {message.channel for order in orders for message in shop.messages(order)}
    assert channels == {"email", "sms"}
    assert traces(ada, everything(shop.database)) and traces(ada, outbox(shop))  # noqa: PT018 - both are searched
    assert "customer id" in await erase(shop, "--email", ada.email)
    await work_off(shop, clock.now)
    await work_off(shop, lambda: clock.now() + SECOND_LOOK)
    assert traces(ada, everything(shop.database)) == set()
    assert traces(ada, outbox(shop)) == set()
    assert traces(ada, caplog.text) == set()
    assert traces(ada, database_file(shop.database)) == set()
    for order in orders:
        await gone(shop, order)
    assert traces(ada, await temporal(shop.client, begun)) == set()
    await returns(shop, ada, begun)


async def returns(shop: Shop, ada: Ada, begun: datetime) -> None:
    """A new order with the same address and the old consent, after the STOP: emailed, and never texted."""
    new = unique("new")
    shop.save(customer_id=new, **ada.contact, consents=ada.consents(begun - timedelta(days=1)))
    messages = shop.messages(await run_order(shop, new))
    assert {message.channel for message in messages if message.state == "sent"} == {"email"}


async def runs(shop: Shop, order: str) -> bool:
    """Whether the order's campaign is running."""
    try:
        return (await shop.handle(order).describe()).status is WorkflowExecutionStatus.RUNNING
    except RPCError:
        return False


async def gone(shop: Shop, order: str) -> None:
    """Wait until the server has done what it has accepted: the execution is deleted."""
    try:
        while await shop.handle(order).describe():  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.02)
    except RPCError as error:
        assert error.status is RPCStatusCode.NOT_FOUND  # noqa: PT017 - how the loop ends


def traces(ada: Ada, text: object) -> set[str]:
    """Which of the person's names are found."""
    return {needle for needle in ada.needles if needle in str(text)}


def outbox(shop: Shop) -> str:
    """All files that were written, with their names."""
    files = [path for path in shop.settings.outbox.rglob("*") if path.is_file()]
    return "".join(f"{path}{path.read_bytes().decode('latin-1')}" for path in files)


def database_file(database: Database) -> str:
    """The bytes of SQLite's files: what was deleted is overwritten."""
    if database.engine.dialect.name != "sqlite":
        return ""
    file = Path(make_url(database.url).database or "")
    return "".join(path.read_bytes().decode("latin-1") for path in file.parent.glob(f"{file.name}*"))


async def temporal(client: Client, since: datetime) -> str:
    """Histories, memos and attributes of everything that the server has begun since."""
    query = f"StartTime >= '{since.isoformat()}'"
    texts = []
    async for execution in client.list_workflows(query):
        try:
            texts.append(await all_of_temporal(client, execution.id))
        except RPCError as error:
            assert error.status is RPCStatusCode.NOT_FOUND  # noqa: PT017 - deleted, and still listed
    return "".join(texts)


async def test_an_erasure_waits_for_temporal(
    shop: Shop, environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Temporal away the person is erased from the database at once; the rest is done when it is back."""
    ada = Ada()
    shop.save(customer_id=ada.id, **ada.contact)
    order = await open_order(shop, ada.id)

    async def away(*_: Any) -> int:
        msg = "away"
        raise RPCError(msg, RPCStatusCode.UNAVAILABLE, b"")

    with monkeypatch.context() as patched:
        patched.setattr(erasures, "forget", away)
        await erase(shop, "--id", ada.id)
        await work_off(shop, clock.now)
    rows = everything(shop.database)
    assert traces(ada, [rows[name] for name in rows if name != "erasure_jobs"]) == set()
    assert await runs(shop, order)
    await work_off(shop, lambda: clock.now() + timedelta(minutes=1))
    assert not await runs(shop, order)
    await work_off(shop, lambda: clock.now() + SECOND_LOOK)
    with shop.database.reading() as session:
        assert count_jobs(session) == 0


async def test_a_running_campaign_of_an_erased_person_ends_as_stopped(shop: Shop, environment: None) -> None:
    """Before its history is deleted the campaign ends by itself, cleanly: nobody is left to write to."""
    ada = Ada()
    shop.save(customer_id=ada.id, **ada.contact)
    order = await open_order(shop, ada.id)
    await erase(shop, "--id", ada.id)
    await shop.handle(order).signal("order_updated", {"status": "processed", "at": clock.now().isoformat()})
    assert (await shop.handle(order).result())["exit_reason"] == "stopped"
