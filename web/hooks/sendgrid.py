"""SendGrid's event webhook: batches of what became of emails."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, BackgroundTasks, Depends, Request

from channels.sendgrid.events import read_batch
from counters import EVENT_FIELDS_NOT_UNDERSTOOD
from starter import clock
from web.hooks.reports import apply_signed, notify_campaigns
from web.hooks.signatures import SignedBatch, sendgrid_batch

EVENTS = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}},
    }
}
ANSWERS: dict[int | str, dict[str, str]] = {
    403: {"description": "Not signed, stale, or here before"},
    413: {"description": "Too long"},
}
_log = structlog.get_logger(__name__)

router = APIRouter(prefix="/webhooks", tags=["provider callbacks"])
Signed = Annotated[SignedBatch, Depends(sendgrid_batch)]


@router.post("/sendgrid", openapi_extra=EVENTS, responses=ANSWERS)
def events(request: Request, signed: Signed, tasks: BackgroundTasks) -> dict[str, int]:
    """Receive a batch of events. Events that say nothing about our messages are counted and passed over.

    ``not_understood`` counts fields that could not be read: what the rest of their event says is kept.
    """
    batch, state = read_batch(signed.body, clock.now()), request.app.state
    applied = apply_signed(state.database, signed.digest, batch.reports)
    for name, count in batch.odd.items():
        EVENT_FIELDS_NOT_UNDERSTOOD.labels("sendgrid", name).inc(count)
    if batch.odd:
        _log.warning("event not understood", provider="sendgrid", fields=dict(batch.odd))
    tasks.add_task(notify_campaigns, state.campaigns, applied.failed)
    ignored = batch.events - applied.known
    return {
        "events": batch.events,
        "new": applied.new,
        "ignored": ignored,
        "not_understood": sum(batch.odd.values()),
    }
