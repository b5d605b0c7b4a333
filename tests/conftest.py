"""What the tests stand on: both databases, a real Temporal server, a worker on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import make_url
from sqlmodel import Session
from temporalio.client import Client

from campaign.definition.model import Definition
from campaign.definition.templates import TemplateTexts
from campaign.errors import Unavailable
from content.loading import load_campaign
from dev.servers.binaries import PREPARED_ONLY
from dev.servers.postgres import postgres_server
from dev.servers.temporal import TemporalServer, temporal_server
from starter.commands.console import err, out
from storage.database import Database
from storage.migrate import upgrade
from tests.mail import Mail, mailing
from tests.shop import OPT_OUT_KEYS, Shop, drop_postgres_database, new_postgres_database, running_shop
from worker import run
from worker.plugin import afterglow_plugin

# Workers run in the tests' own process: what they log must not mix with what a command prints.
structlog.configure(
    processors=[structlog.stdlib.add_log_level, structlog.stdlib.render_to_log_kwargs],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)

# Tests name a width by COLUMNS; rich keeps the one of its import, which pytest-xdist's processes have.
for console in (out, err):
    console._width = console._height = None

# A build takes minutes, a hanging test is ended after four: `make ready-tests` builds before the tests begin.
os.environ[PREPARED_ONLY] = "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The chaos test's size: small in CI, full by `make chaos`."""
    parser.addoption("--chaos-campaigns", type=int, default=10)
    parser.addoption("--chaos-kills", type=int, default=4)
    parser.addoption("--chaos-sends", type=int, default=100)
    parser.addoption("--inbox-orders", type=int, default=30)
    parser.addoption("--inbox-kills", type=int, default=2)
    parser.addoption("--inbox-crashes", type=int, default=1)
    parser.addoption("--flood-signals", type=int, default=2_500)


@pytest.fixture(scope="session", autouse=True)
def campaigns_checked_once() -> Iterator[None]:
    """Check a campaign and its texts once: that takes a second, and hundreds of tests start a worker.

    What is not checked again is the same to the byte; one with mistakes is checked each time.
    """
    known: dict[tuple[str, TemplateTexts, bool], Definition] = {}

    def checked(path: Path, texts: TemplateTexts, *, production: bool) -> Definition:
        key = path.read_text("utf-8") if path.is_file() else "", texts, production
        if key not in known:
            known[key] = load_campaign(path, texts, production=production)
        return known[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "load_campaign", checked)
        yield


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


def with_tables(url: str) -> str:
    """Give a database this version's tables; return its URL."""
    made = Database(url)
    upgrade(made)
    made.close()
    return url


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with this version's tables, to be copied: migrating anew for each test took most of its time."""
    file = tmp_path_factory.mktemp("tables") / "tables.db"
    with_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_tables(postgres_url: str | None) -> str | None:
    """The name of a database with this version's tables, to be copied."""
    if postgres_url is None:
        return None
    return make_url(with_tables(new_postgres_database(postgres_url))).database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sqlite_tables: Path,
    postgres_url: str | None,
    postgres_tables: str | None,
) -> Iterator[Database]:
    """An empty database of either kind, with this version's tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(sqlite_tables, tmp_path / 'afterglow.db')}"
    elif postgres_url is None:
        pytest.skip("no PostgreSQL on this machine: install Debian's package postgresql")
    else:
        url = new_postgres_database(postgres_url, postgres_tables)
    opened = Database(url, opt_out_keys=OPT_OUT_KEYS)
    yield opened
    opened.close()
    if postgres_url and request.param == "postgresql":
        drop_postgres_database(postgres_url, url)


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
