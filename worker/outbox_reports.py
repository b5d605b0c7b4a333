"""Applies what the outbox reports about messages to its test addresses, in place of a provider's webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from sqlmodel import Session

from campaign.errors import AfterglowError, NotFound, Unavailable
from channels.outbox.reports import Waiting, waiting
from intake.provider_reports import Applied, apply_reports, remember_request
from intake.received_replies import receive_reply
from settings import Settings
from starter.client import Campaigns
from storage.database import Database

LOOK_EVERY = 0.5
_log = structlog.get_logger()


@asynccontextmanager
async def outbox_reporting(
    settings: Settings, database: Database, campaigns: Campaigns
) -> AsyncIterator[None]:
    """Apply reports for as long as the block lasts, where a channel is the outbox: a look at a folder."""
    if "outbox" not in (settings.email, settings.sms):
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(_run(settings.outbox, database, campaigns, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def _run(outbox: Path, database: Database, campaigns: Campaigns, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            for order_id, step in await asyncio.to_thread(apply_waiting, outbox, database):
                with contextlib.suppress(NotFound, Unavailable):
                    await campaigns.delivery_failed(order_id, step)
        except (AfterglowError, OSError, ValueError, KeyError) as error:
            _log.warning("outbox reports wait", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_EVERY)


def apply_waiting(outbox: Path, database: Database) -> list[tuple[str, str]]:
    """Apply all that waits, each once; return the (order, step) of open campaigns whose message failed.

    A file goes once its transaction is committed: whatever is killed in between, it is applied again, and
    changes nothing then.
    """
    failed: list[tuple[str, str]] = []
    for one in waiting(outbox):
        failed += _apply(database, one).failed
        one.path.unlink(missing_ok=True)
    return failed


def _apply(database: Database, one: Waiting) -> Applied:
    applied = database.retrying(lambda session: apply_reports(session, one.reports, one.at))
    database.retrying(lambda session: _reply(session, one))
    return applied


def _reply(session: Session, one: Waiting) -> None:
    """Receive the customer's text, once, in a transaction of its own, as it would come."""
    digest = hashlib.sha256(f"outbox:{one.path.name}".encode()).hexdigest()
    if one.reply and remember_request(session, digest, one.at):
        receive_reply(session, one.sender, one.reply, one.at)
