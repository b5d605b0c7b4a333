"""What the tests stand on: both databases, a real Temporal server, a worker on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from sqlalchemy import make_url
from sqlmodel import Session
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper

from activities.bound import Activities
from activities.interface import workflow_id
from campaign.errors import Unavailable
from campaign.wire import Customer
from dev.postgres import postgres_server
from dev.temporal import TemporalServer, temporal_server
from settings import Settings
from storage.customers import save_customer
from storage.database import Database
from storage.messages import messages_of
from storage.migrate import upgrade
from storage.tables import MessageRow
from tests.mail import Mail, mailing
from worker.plugin import afterglow_plugin
from worker.run import make_activities, workers

# Workers run in the tests' own process: what they log must not mix with what a command prints.
structlog.configure(
    processors=[structlog.stdlib.add_log_level, structlog.stdlib.render_to_log_kwargs],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The chaos test's size: small in CI, full by `make chaos`."""
    parser.addoption("--chaos-campaigns", type=int, default=10)
    parser.addoption("--chaos-kills", type=int, default=4)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str | None]:
    """A PostgreSQL server for the session; None where the machine has none (CI must have it)."""
    try:
        with postgres_server() as url:
            yield url
    except Unavailable:
        if os.environ.get("CI"):
            raise
        yield None


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str | None) -> Iterator[Database]:
    """An empty database of either kind, with this version's tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'afterglow.db'}"
    elif postgres_url is None:
        pytest.skip("no PostgreSQL on this machine: install Debian's package postgresql")
    else:
        url = new_postgres_database(postgres_url)
    opened = Database(url)
    upgrade(opened)
    yield opened
    opened.close()


def new_postgres_database(server: str) -> str:
    """Make an empty database on the server; return its URL."""
    name = f"test_{uuid4().hex[:12]}"
    admin = Database(server)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.close()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One open transaction."""
    with database.transaction() as opened:
        yield opened


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """A real Temporal server for the session."""
    async with temporal_server(tmp_path_factory.mktemp("temporal"), ui=False) as server:
        yield server


@pytest.fixture(scope="session")
async def client(temporal: TemporalServer) -> Client:
    """A client with our plugin, as the worker has it."""
    return await Client.connect(temporal.address, plugins=[afterglow_plugin()])


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
        """Save a customer; a New Yorker with an e-mail address unless told otherwise."""
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

    @property
    def outbox(self) -> list[Path]:
        """Every file that was sent."""
        return sent_files(self.settings.outbox)


@asynccontextmanager
async def running_shop(client: Client, database: Database, home: Path, **changes: Any) -> AsyncIterator[Shop]:
    """Run a worker in this process."""
    settings = Settings(home=home, database_url=database.url, shutdown_seconds=5, **changes)
    activities = make_activities(settings, database)
    async with workers(client, settings, activities):
        yield Shop(settings, database, client, activities)


@pytest.fixture
async def shop(client: Client, database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """A worker on either database."""
    async with running_shop(client, database, tmp_path / "home") as running:
        yield running


@pytest.fixture
async def mail(database: Database, tmp_path: Path) -> AsyncIterator[Mail]:
    """A customer with one open campaign, and the web server's pages."""
    async with mailing(database, tmp_path / "outbox") as made:
        yield made


def sent_files(outbox: Path) -> list[Path]:
    """Every message in an outbox folder."""
    return sorted(path for path in outbox.glob("*/*") if path.is_file() and path.parent.name != ".drafts")


def unique(prefix: str) -> str:
    """An id that no other test uses: all share one Temporal server."""
    return f"{prefix}-{uuid4().hex[:8]}"
