"""``python -m dev.demo [--exit]``: a sample shop lives through more than 90 days in less than a minute.

Everything is real: the server, the worker process, the starter, the outbox. Only time is skipped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from campaign.contract import workflow_id
from campaign.errors import AfterglowError, CampaignClosed
from campaign.wire import Customer, OrderStatus, OrderUpdate, Purchase
from content.loading import read_definition
from dev.demo.enclosing import enclose_pictures
from dev.demo.table import results
from dev.sample_shop.people import Person, catalogue, people
from dev.sample_shop.stories import Story, stories
from dev.servers.ports import UI_PORT, WEB_PORT, next_free
from dev.servers.processes import start
from dev.stack import Stack, Wanted, cancel_on_signals, finish, stack, until_stopped
from intake.received_replies import receive_reply
from settings import load_settings
from starter.client import Campaigns
from storage.database import Database
from storage.queries.people.customers import save_customer
from storage.queries.shop.statistics import refresh_statistics

AT_ONCE = 12
PIPED_WIDTH = 120
FAST = {"AFTERGLOW_EMAIL_RATE": "2000", "AFTERGLOW_SMS_RATE": "2000", "AFTERGLOW_ENVIRONMENT": "development"}


class StartLater(Interceptor):
    """Starts a workflow some virtual days from now, for orders that are placed later."""

    def __init__(self, delay: timedelta) -> None:
        """Remember the delay."""
        self._delay = delay

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        """Wrap the client's calls."""
        return _Delayed(next, self._delay)


class _Delayed(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, delay: timedelta) -> None:
        super().__init__(following)
        self._delay = delay

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - the SDK's name
        input.start_delay = self._delay
        return await super().start_workflow(input)


class Theatre:
    """Plays stories: every campaign at its own time, on one server."""

    def __init__(self, client: Client, database: Database) -> None:
        """Use a client and the shop's database."""
        self._client, self._database = client, database
        self._still = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self._campaigns = Campaigns(client)
        self._seats = asyncio.Semaphore(AT_ONCE)

    async def perform(self, story: Story) -> None:
        """Play a story when there is a seat."""
        async with self._seats:
            await self.play(story)

    async def play(self, story: Story) -> None:
        """Start the purchase through the starter, play its scenes, then let time run to the end."""
        client = self._still.client
        if story.delay:
            config = client.config()
            config["interceptors"] = [*config["interceptors"], StartLater(story.delay)]
            client = Client(**config)
        await Campaigns(client).start(Purchase.model_validate(story.purchase))
        handle = self._client.get_workflow_handle(workflow_id(story.order_id))
        clock = -story.delay
        for after, scene in sorted(story.scenes, key=lambda item: item[0]):
            await self._forward(handle, after - clock)
            clock = after
            await scene(self)
        await self._forward(handle, None)

    async def _forward(self, handle: WorkflowHandle[Any, Any], duration: timedelta | None) -> None:
        """Skip time; a campaign that has ended has none left."""
        try:
            await self._still.fast_forward(handle, duration)
        except RPCError:
            await handle.describe()

    async def update(self, order_id: str, status: OrderStatus, at: datetime) -> None:
        """Send `order_updated`; a campaign may have ended before."""
        try:
            await self._campaigns.order_updated(order_id, OrderUpdate(status=status, at=at))
        except CampaignClosed:
            return

    async def stop(self, order_id: str, reason: str) -> None:
        """Send `stop`."""
        await self._campaigns.stop(order_id, reason)

    async def texts(self, phone: str, words: str, at: datetime) -> None:
        """Take in a customer's SMS, as the webhook does once its signature has been checked."""
        with self._database.transaction() as session:
            receive_reply(session, phone, words, at)

    async def save(self, contact: dict[str, Any]) -> None:
        """Change contact data, as the command `customer` does."""
        with self._database.transaction() as session:
            save_customer(session, Customer.model_validate(contact))


async def load_shop(running: Stack, persons: list[Person], now: datetime) -> None:
    """Give the shop's data to the starter's own commands.

    Raises:
        AfterglowError: a command does not take it; the text names its log.
    """
    earlier = [order for person in persons for order in person.earlier]
    await asyncio.gather(
        _command(running, "products", data=catalogue(now, running.pictures_url)),
        _command(running, "customer", data=[person.contact for person in persons]),
        _command(running, "import", "orders", data=earlier),
    )
    database = Database(f"sqlite:///{running.home / 'afterglow.db'}")
    refresh_statistics(database, now)
    database.close()


async def _command(running: Stack, *words: str, data: list[dict[str, Any]]) -> None:
    name = "-".join(words)
    file, log = running.home / f"{name}.json", running.home / "logs" / f"starter-{name}.log"
    lines = [json.dumps(one) for one in data]
    file.write_text("\n".join(lines) if words[0] == "import" else f"[{', '.join(lines)}]", "utf-8")
    place = {"AFTERGLOW_HOME": str(running.home)}
    process = await start([sys.executable, "-m", "starter", *words, file], log, place)
    if await process.wait() != 0:
        msg = f"`starter {' '.join(words)}` failed: see {log}"
        raise AfterglowError(msg)


async def demonstrate(*, leave: bool, console: Console) -> int:
    """Run the demo; stay up until Ctrl-C unless ``leave``."""
    cancel_on_signals()
    home = load_settings().home.absolute() / "demo"
    shutil.rmtree(home, ignore_errors=True)
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the demo begins when it begins
    persons = people(now)
    plays = stories(persons, now)
    console.print("[bold]Afterglow[/bold]: a sample shop, 64 customers, more than 90 days")
    wanted = Wanted(ui=next_free(UI_PORT), web=next_free(WEB_PORT), environment=FAST)
    async with stack(home, wanted, console.print) as running:
        console.print("Loading the shop: products, customers, earlier orders ...")
        await load_shop(running, persons, now)
        await _play_all(running, plays, console)
        enclose_pictures(running.outbox, running.pictures_url)
        _report(running, plays, console)
        if not leave:
            console.print(f"Web UI   {running.temporal.ui_url or 'your own Temporal'}")
            console.print("Ctrl-C ends the demo.")
            await until_stopped(running.processes)
    return 0


async def _play_all(running: Stack, plays: Sequence[Story], console: Console) -> None:
    client = await Client.connect(running.temporal.address, data_converter=pydantic_data_converter)
    database = Database(f"sqlite:///{running.home / 'afterglow.db'}")
    theatre = Theatre(client, database)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("Campaigns, 90 days each", total=len(plays))
        for done in asyncio.as_completed([theatre.perform(story) for story in plays]):
            await done
            progress.advance(bar)
    database.close()


def _report(running: Stack, plays: Sequence[Story], console: Console) -> None:
    database = Database(f"sqlite:///{running.home / 'afterglow.db'}")
    with database.transaction() as session:
        steps = [step.name for step in read_definition(load_settings().campaign).steps]
        for part in results(session, plays, steps, console.width):
            console.print(part)
    database.close()
    console.print(f"Outbox   {running.outbox}", soft_wrap=True)


def main() -> int:
    """Run; report why it cannot go on."""
    parser = argparse.ArgumentParser(prog="python -m dev.demo", description="Play a sample shop's 90 days.")
    parser.add_argument("--exit", action="store_true", help="end after the table, do not wait for Ctrl-C")
    leave = parser.parse_args().exit
    screen = Console()
    piped = not screen.is_terminal and "COLUMNS" not in os.environ
    console = Console(width=PIPED_WIDTH) if piped else screen
    return finish(demonstrate(leave=leave, console=console), lambda text: console.print(text, style="red"))


if __name__ == "__main__":
    sys.exit(main())
