"""``python -m dev.screenshots``: take the pictures of docs/img again, from a sample shop that runs for them.

Needs Chromium and its driver: Debian's package chromium, and Playwright from the development group.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import Browser, Page
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from campaign.contract import workflow_id
from campaign.errors import Unavailable
from campaign.wire import OrderStatus, OrderUpdate, Purchase
from dev.chromium import Scheme, browser, page
from dev.demo.__main__ import FAST, Theatre, load_shop
from dev.sample_shop.people import people
from dev.sample_shop.stories import PROCESSED, Story, stories
from dev.screenshots.sheets import photograph_messages
from dev.stack import Stack, Wanted, cancel_on_signals, finish, stack
from starter.client import Campaigns
from storage.database import Database

FOLDER = Path(__file__).parents[2] / "docs" / "img"
UI_SIZE = (1440, 1500)
NAVIGATION, TOP_BAR, MARGIN = 256, 48, 12  # pixels of the Web UI around what is of interest
WAIT = timedelta(days=22)
PLAYED, OPEN = 6, 6  # the first stories are played to their end, the one after them stays open
BUYER = 4  # buys again within the campaign


async def play(running: Stack) -> Sequence[Story]:
    """Play some of the sample shop's stories; leave one campaign open between two steps."""
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the sample shop begins when it begins
    persons = people(now)
    plays = stories(persons, now)
    await load_shop(running, persons, now)
    client = await Client.connect(running.temporal.address, data_converter=pydantic_data_converter)
    database = Database(f"sqlite:///{running.home / 'afterglow.db'}")
    theatre = Theatre(client, database)
    await asyncio.gather(
        *(theatre.perform(story) for story in plays[:PLAYED]), _leave_open(client, plays[OPEN])
    )
    database.close()
    return plays


async def _leave_open(client: Client, story: Story) -> None:
    still = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    campaigns = Campaigns(still.client)
    await campaigns.start(Purchase.model_validate(story.purchase))
    update = OrderUpdate(status=OrderStatus.PROCESSED, at=story.placed_at + PROCESSED)
    await campaigns.order_updated(story.order_id, update)
    await still.fast_forward(client.get_workflow_handle(workflow_id(story.order_id)), WAIT)


async def photograph_ui(chromium: Browser, address: str, plays: Sequence[Story]) -> None:
    """Take the Web UI: a timeline, a filtered list, an open campaign's current details."""
    workflows = f"{address}/namespaces/default/workflows"
    async with page(chromium, UI_SIZE) as shown:
        await shown.goto(f"{workflows}/{quote(workflow_id(plays[0].order_id), safe='')}")
        await shown.get_by_role("button", name="Descending").click()
        await shown.get_by_text("Win-back, best offer by email").first.wait_for()
        await _content(shown, "webui-timeline", 740, heading="Timeline")
        query = f'CustomerId="{plays[BUYER].person.id}" AND CampaignStep="win-back-best"'
        await shown.goto(f"{workflows}?query={quote(query)}")
        await shown.get_by_text(workflow_id(plays[BUYER].order_id)).first.wait_for()
        await _content(shown, "webui-list", 312)
        await shown.goto(f"{workflows}/{quote(workflow_id(plays[OPEN].order_id), safe='')}")
        await shown.get_by_text("User Metadata").first.click()
        details = shown.frame_locator("iframe").last  # the Web UI shows Markdown in a frame of its own
        await details.get_by_text("looks again").wait_for()
        await _content(shown, "webui-current-details", 640)


async def _content(shown: Page, name: str, height: float, *, heading: str | None = None) -> None:
    """Take what is right of the navigation and below the bar, or from a heading on."""
    await shown.evaluate("document.fonts.ready.then(() => null)")
    await shown.mouse.move(0, 0)
    box = await shown.get_by_role("heading", name=heading).last.bounding_box() if heading else None
    top = box["y"] - MARGIN if box else TOP_BAR
    await shown.screenshot(
        path=FOLDER / f"{name}.png",
        clip={"x": NAVIGATION, "y": top, "width": UI_SIZE[0] - NAVIGATION, "height": height},
    )


async def photograph_emails(chromium: Browser, outbox: Path, plays: Sequence[Story]) -> None:
    """Take two emails: as on a desk in light and dark, and as on a phone."""
    folder = outbox / plays[0].order_id
    thanks, best = (folder / f"{name}.email.eml" for name in ("1-thank-you", "4-win-back-best"))
    shots: list[tuple[Path, str, int, Scheme]] = [
        (thanks, "email-thank-you", 640, "light"),
        (best, "email-win-back-dark", 640, "dark"),
        (thanks, "email-thank-you-phone", 375, "light"),
    ]
    for file, name, width, scheme in shots:
        async with page(chromium, (width, 400), scheme) as shown:
            await shown.set_content(_html(file))
            await shown.screenshot(path=FOLDER / f"{name}.png", full_page=True)


def _html(file: Path) -> str:
    part = BytesParser(policy=default).parsebytes(file.read_bytes()).get_body(("html",))
    return str(part.get_content()) if part else ""


async def take_messages() -> int:
    """Take the contact sheets, and list what is wrong with any message."""
    async with browser() as chromium:
        wrong = await photograph_messages(chromium, FOLDER, print)
    for problem in wrong:
        print(problem)
    return 1 if wrong else 0


async def take_all() -> int:
    """Take all pictures."""
    cancel_on_signals()
    FOLDER.mkdir(exist_ok=True)
    wrong = await take_messages()
    with tempfile.TemporaryDirectory() as home:
        async with browser() as chromium, stack(Path(home), Wanted(environment=FAST), print) as running:
            if running.temporal.ui_url is None:
                msg = "pictures need a Web UI of our own: unset TEMPORAL_ADDRESS"
                raise Unavailable(msg)
            plays = await play(running)
            await photograph_ui(chromium, running.temporal.ui_url, plays)
            await photograph_emails(chromium, running.outbox, plays)
    for file in sorted(FOLDER.glob("*.*")):
        print(f"{file.name}: {file.stat().st_size // 1024} KB")
    return wrong


def main() -> int:
    """Run; report why it cannot go on."""
    parser = argparse.ArgumentParser(prog="python -m dev.screenshots", description="Take docs/img again.")
    parser.add_argument("--messages", action="store_true", help="only the messages' contact sheets")
    return finish(take_messages() if parser.parse_args().messages else take_all())


if __name__ == "__main__":
    sys.exit(main())
