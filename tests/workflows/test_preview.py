"""A preview and what then really happens on a Temporal server: the same messages, at the same times."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from campaign.definition.version import Version
from campaign.reasons import Reason
from campaign.wire import Product
from dev.sample_shop.people import catalogue
from starter import clock
from starter.timeline.play import Play, Stage, timeline
from storage.database import Database
from storage.queries.shop.catalogue import save_product
from storage.queries.shop.statistics import refresh_statistics
from storage.tables import MessageRow
from tests.facts import CAMPAIGN, ROOT
from tests.shop import Shop, running_shop
from tests.workflows.orders import start
from tests.workflows.preview_customers import Played, customers, save

pytestmark = pytest.mark.temporal
CONTENT = ROOT / "content" / "default"
EACH = 50
AT_ONCE = 25
SLACK = timedelta(minutes=15)
"""How far the clocks may be apart: campaigns begin one after another, and real seconds pass in each."""
_ID = re.compile(r"\b[0-9a-f]{20}\b")


@dataclass(frozen=True)
class Seen:
    """One message, as a customer sees it."""

    step: str
    channel: str
    state: str
    at: datetime
    subject: str | None
    text: str | None

    def same(self, other: Seen) -> bool:
        """Return whether it is the same message at about the same time."""
        mine, theirs = ((s.step, s.channel, s.state, s.subject, s.text) for s in (self, other))
        return mine == theirs and abs(self.at - other.at) <= SLACK


@pytest.mark.parametrize(("database", "seed"), [("sqlite", 1), ("postgresql", 2)], indirect=["database"])
async def test_a_preview_is_what_happens(
    client: Client, database: Database, tmp_path: Path, seed: int
) -> None:
    """A hundred contrasting customers, on two databases: step, channel, time, subject and text agree."""
    path = tmp_path / "campaign.toml"
    path.write_text(_with_holdout(CAMPAIGN.read_text("utf-8")), "utf-8")
    now = clock.now()
    async with running_shop(client, database, tmp_path / "home", campaign=path, templates=CONTENT) as shop:
        stage = Stage(shop.activities.definition, shop.activities.texts)
        played = list(customers(seed, EACH, now))
        await asyncio.to_thread(prepare, database, played, stage, now)
        previews = await asyncio.to_thread(preview_all, database, played, stage, now)
        limit = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(really(shop, one, limit) for one in played))
        for one in played:
            order_id = one.order["order_id"]
            expected, happened = messages_of(previews[order_id]), [*map(seen, settled(shop, order_id))]
            assert len(expected) == len(happened), (one, expected, happened)
            assert all(a.same(b) for a, b in zip(expected, happened, strict=True)), (one, expected, happened)
    reasons = {entry["reason"] for found in previews.values() for entry in entries(found)} - {None}
    assert {Reason.NO_CONSENT, Reason.NOT_DUE, Reason.QUIET_HOURS, Reason.AWAITING_EVENT} <= reasons
    assert any(found["holdout"] for found in previews.values())
    assert sum(len(messages_of(found)) for found in previews.values()) >= 2 * EACH
    assert len({message.step for found in previews.values() for message in messages_of(found)}) >= 4


def _with_holdout(text: str) -> str:
    """A tenth gets nothing."""
    return re.sub(
        r"(?m)^(name = .*)$", r"\1\nholdout = 0.1", re.sub(r"(?m)^holdout = .*\n", "", text), count=1
    )


def prepare(database: Database, played: list[Played], stage: Stage, now: datetime) -> None:
    """Fill the shop, and count what messages show of it."""
    with database.transaction() as session:
        for product in catalogue(now):
            save_product(session, Product.model_validate(product))
        save(session, played, Version(stage.definition, stage.source), now)
    refresh_statistics(database, now)


def preview_all(
    database: Database, played: list[Played], stage: Stage, now: datetime
) -> dict[str, dict[str, Any]]:
    """Preview every order, before any campaign has begun."""
    with database.reading() as session:
        ids = [one.order["order_id"] for one in played]
        return {order_id: timeline(session, stage, Play(order=order_id), now) for order_id in ids}


async def really(shop: Shop, one: Played, limit: asyncio.Semaphore) -> None:
    """Run the order's campaign to its end, its time skipped."""
    async with limit:
        handle = await start(shop.skipping, one.order)
        await handle.result()


def settled(shop: Shop, order_id: str) -> list[MessageRow]:
    """The order's messages, in the order in which they came to be."""
    return sorted(shop.messages(order_id), key=lambda row: (row.claimed_at, row.channel))


def seen(row: MessageRow) -> Seen:
    """A message as the database has it after its campaign."""
    at = (row.sent_at or row.claimed_at).astimezone(UTC)
    return Seen(row.step, row.channel, row.state, at, row.subject, row.text and _ID.sub("preview", row.text))


def messages_of(found: dict[str, Any]) -> list[Seen]:
    """A preview's messages; those of the holdout have no text."""
    return [
        Seen(
            entry["step"], entry["channel"], "held_out" if entry["held_out"] else "sent", entry["at"],
            None if entry["held_out"] else entry.get("subject"),
            None if entry["held_out"] else entry["text"],
        )
        for entry in sorted(entries(found), key=lambda e: (e["at"], e.get("channel", "")))
        if entry["kind"] == "message"
    ]  # fmt: skip


def entries(found: dict[str, Any]) -> list[dict[str, Any]]:
    """All entries of a preview; those that are no decisions have no reason."""
    return [{"reason": None, **entry} for step in found["steps"] for entry in step["entries"]]
