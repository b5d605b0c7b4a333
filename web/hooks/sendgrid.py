"""SendGrid's event webhook: batches of what became of emails."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool

from campaign.delivery import sendgrid_event
from campaign.reasons import Channel
from intake.provider_reports import Report
from starter import clock
from web.hooks.reports import apply_signed, tell_failures
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
Short = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]

router = APIRouter(prefix="/webhooks", tags=["provider callbacks"])
Signed = Annotated[SignedBatch, Depends(sendgrid_batch)]


class Told(BaseModel):
    """The fields of an event that say something to us; the rest is passed over."""

    event: Short
    afterglow_message: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,40}$")]
    timestamp: Annotated[int, Field(ge=0, le=99_999_999_999)]
    sg_event_id: Short | None = None
    sg_message_id: Short | None = None
    type: Short | None = None
    reason: str | None = None
    bounce_classification: Short | None = None
    status: Annotated[str, StringConstraints(pattern=r"^[0-9.]{1,20}$")] | None = None
    sg_machine_open: bool = False


@router.post("/sendgrid", openapi_extra=EVENTS, responses=ANSWERS)
async def events(request: Request, signed: Signed, tasks: BackgroundTasks) -> dict[str, int]:
    """Take a batch. Events that say nothing about our messages are counted and passed over."""
    told, reports = await run_in_threadpool(_reports, signed.body)
    state = request.app.state
    applied = await run_in_threadpool(apply_signed, state.database, signed.digest, reports)
    tasks.add_task(tell_failures, state.campaigns, applied.failed)
    return {"events": told, "new": applied.new, "ignored": told - applied.known}


def _reports(body: str) -> tuple[int, list[Report]]:
    """Return how many events there were, and those that can be used."""
    items = _items(body)
    return len(items), list(_usable(items))


def _items(body: str) -> list[Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return data if isinstance(data, list) else [data]


def _usable(items: Iterable[Any]) -> Iterable[Report]:
    for item in items:
        try:
            told = Told.model_validate(item)
        except ValidationError:
            continue
        report = _report(told)
        if report is not None:
            yield report


def _report(told: Told) -> Report | None:
    event = sendgrid_event(told.event, told.type, told.reason, told.bounce_classification)
    if event is None:
        return None
    return Report(
        message_id=told.afterglow_message,
        channel=Channel.EMAIL,
        event=event,
        at=min(datetime.fromtimestamp(told.timestamp, UTC), clock.now()),
        event_id=f"sendgrid:{_event_id(told)}",
        source="sendgrid",
        code=told.status,
        machine=told.sg_machine_open,
        provider_id=told.sg_message_id,
    )


def _event_id(told: Told) -> str:
    """Return the event's own id, or one made of what it says; always short enough to be kept."""
    made = f"{told.afterglow_message}\n{told.event}\n{told.timestamp}\n{told.type}"
    return hashlib.sha256((told.sg_event_id or made).encode(errors="replace")).hexdigest()
