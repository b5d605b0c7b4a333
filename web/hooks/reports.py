"""What both providers' callbacks share: apply once, then notify the campaigns whose message failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from sqlmodel import Session

from campaign.delivery import Report
from campaign.errors import NotFound, Unavailable
from counters import PROVIDER_EVENTS
from intake.provider_reports import Applied, apply_reports, remember_request
from starter import clock
from starter.client import Campaigns
from storage.database import Database
from web.hooks.signatures import refused

NOTIFY_SECONDS = 10.0
AT_ONCE = 20
_log = structlog.get_logger(__name__)


def apply_signed(database: Database, digest: str, reports: Sequence[Report]) -> Applied:
    """Apply a signed request's reports in one transaction, again where it lost a race to another one.

    Raises:
        HTTPException: 403, and nothing is changed, for a request that was here before.
    """

    def apply(session: Session) -> Applied:
        if not remember_request(session, digest, clock.now()):
            raise refused()
        return apply_reports(session, reports, clock.now())

    applied = database.retrying(apply)
    for report in reports:
        PROVIDER_EVENTS.labels(report.event.value).inc()
    for channel, code in applied.stopped:
        _log.error("channel stopped", channel=channel.value, code=code)
    for channel in applied.resumed:
        _log.info("channel resumed", channel=channel.value)
    return applied


async def notify_campaigns(campaigns: Campaigns, failed: Sequence[tuple[str, str]]) -> None:
    """Notify the campaigns of (order, step) that a message failed, so that they may take the other channel.

    The database has it already, and a campaign reads it there at its next decision: one that cannot be
    notified now loses only time.
    """
    limit = asyncio.Semaphore(AT_ONCE)

    async def notify(order_id: str, step: str) -> None:
        async with limit:
            try:
                async with asyncio.timeout(NOTIFY_SECONDS):
                    await campaigns.delivery_failed(order_id, step)
            except (NotFound, Unavailable, TimeoutError):
                _log.warning("campaign not notified of a failed message", order_id=order_id, step=step)

    await asyncio.gather(*(notify(order_id, step) for order_id, step in failed))
