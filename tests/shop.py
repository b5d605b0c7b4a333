"""One shop harness for every test: a worker with its own database and outbox, and what tests do with them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper

from activities.temporal import Activities
from campaign.contract import workflow_id
from campaign.wire import Customer
from settings import Settings
from starter import clock
from starter.client import Campaigns
from storage.database import Database
from storage.queries.inbox.listing import backlog
from storage.queries.messages.messages import messages_of
from storage.queries.people.customers import save_customer
from storage.tables import MessageRow
from worker.forwarder import forwarding
from worker.outbox_reports import outbox_reporting
from worker.run import make_activities, workers

OPT_OUT_KEYS = ("development",)
"""What opt-outs of erased addresses are hashed with: the settings' default."""


@dataclass
class Shop:
    """A worker with its own database and outbox, and what a test does with them."""

    settings: Settings
    database: Database
    client: Client
    activities: Activities

    @property
    def skipping(self) -> Client:
        """A client whose workflows skip time."""
        return TimeSkipper(self.client).client

    def save(self, **contact: Any) -> None:
        """Save a customer; a New Yorker with an e-mail address unless given otherwise."""
        values = {"customer_id": "c-1", "email": "ada@example.com", "first_name": "Ada", "country": "US"}
        with self.database.transaction() as opened:
            save_customer(
                opened, Customer.model_validate({**values, "time_zone": "America/New_York", **contact})
            )

    def messages(self, order_id: str) -> list[MessageRow]:
        """The order's messages as the database has them, by claim time."""
        with self.database.transaction() as opened:
            return list(messages_of(opened, order_id))

    def handle(self, order_id: str) -> WorkflowHandle[Any, Any]:
        """The order's workflow."""
        return self.client.get_workflow_handle(workflow_id(order_id))

    async def forwarded(self) -> None:
        """Wait until nothing of the inbox is due."""
        while await asyncio.to_thread(self._waits):  # noqa: ASYNC110 - a database has no event
            await asyncio.sleep(0.02)

    def _waits(self) -> bool:
        with self.database.reading() as opened:
            return backlog(opened, clock.now()).waiting > 0

    @property
    def outbox(self) -> list[Path]:
        """Every file that was sent."""
        return sent_files(self.settings.outbox)


@asynccontextmanager
async def running_shop(client: Client, database: Database, home: Path, **changes: Any) -> AsyncIterator[Shop]:
    """Run a worker in this process, with the inbox's forwarder and the outbox's reports."""
    settings = Settings(home=home, database_url=database.url, shutdown_seconds=5, **changes)
    activities = make_activities(settings, database)
    campaigns = Campaigns(client)
    async with (
        workers(client, settings, activities),
        forwarding(database, campaigns),
        outbox_reporting(settings, database, campaigns),
    ):
        yield Shop(settings, database, client, activities)


def sent_files(outbox: Path) -> list[Path]:
    """Every message in an outbox folder."""
    return sorted(path for path in outbox.glob("*/*") if path.is_file() and path.parent.name != ".drafts")


def unique(prefix: str) -> str:
    """An id that no other test uses: all share one Temporal server."""
    return f"{prefix}-{uuid4().hex[:8]}"


def new_postgres_database(server: str, template: str | None = None) -> str:
    """Make an empty database on the server, or one with the tables of another; return its URL."""
    name = f"test_{uuid4().hex[:12]}"
    _administrate(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_postgres_database(server: str, url: str) -> None:
    """Drop a test's database: each takes 10 MB, and there are more than a thousand. One in use stays."""
    with contextlib.suppress(OperationalError):
        _administrate(server, f"DROP DATABASE {make_url(url).database}")


def _administrate(server: str, statement: str) -> None:
    admin = Database(server)
    try:
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
    finally:
        admin.close()
