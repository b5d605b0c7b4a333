"""What the shops' webhooks share: a signed request is applied once, and answered before a shop gives up.

Nothing here waits for Temporal: what is to start or to be signalled is in the inbox when this answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog
from fastapi import HTTPException
from pydantic import BaseModel
from sqlmodel import Session

from campaign.errors import AfterglowError, BadInput, Unavailable
from counters import SHOP_EVENTS
from intake.shop.events import REFUSED, Read, ShopOutcome, ShopRequest, keep_refused, receive_shop_event
from shops.news import ShopNews
from starter import clock
from storage.database import Database

MAX_BODY = 4 * 1024 * 1024
"""Bytes of one event. The longest are products with 2,048 variants and orders with 500 lines: 2 to 3 MB."""
ANSWERS: dict[int | str, dict[str, str]] = {
    403: {"description": "Not signed, stale, without a topic, or with another one than its body has"},
    413: {"description": "Too long"},
}
JSON_EVENT = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}
_log = structlog.get_logger(__name__)


class Answer(BaseModel):
    """What became of an event. ``duplicate``: it was here before, and nothing was changed.

    ``problems``: the fields for which it could not be read or applied (`outcome` is `refused`), if known.
    """

    outcome: str
    duplicate: bool = False
    problems: list[str] = []

    @classmethod
    def of(cls, outcome: ShopOutcome) -> Answer:
        """Answer what has been done."""
        return cls(outcome=outcome.outcome, duplicate=outcome.duplicate, problems=list(outcome.problems))


def refused() -> HTTPException:
    """Return the one answer to everything that is not signed or stale: a forger learns nothing."""
    return HTTPException(403, "not a request that the shop has signed lately, for the topic that it names")


def receive(database: Database, request: ShopRequest, read: Read) -> ShopOutcome:
    """Apply a signed request, or keep it where it cannot be understood. Committed when this returns.

    Raises:
        Unavailable: the database is not there. The shop sends it again.
    """
    outcome = _understood(request, lambda: _apply(database, request, read(request)))
    if outcome.outcome == REFUSED:
        kept = database.retrying(lambda session: keep_refused(session, request, clock.now()))
        outcome = replace(kept, problems=outcome.problems)
    SHOP_EVENTS.labels(request.shop, outcome.outcome).inc()
    return outcome


def _apply(database: Database, request: ShopRequest, news: ShopNews) -> ShopOutcome:
    def work(session: Session) -> ShopOutcome:
        return receive_shop_event(session, request, news, clock.now())

    return database.retrying(work)


def _understood(request: ShopRequest, work: Callable[[], ShopOutcome]) -> ShopOutcome:
    """Do it; refused where our code cannot: a shop that gets errors for that would stop reporting."""
    try:
        return work()
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - also a mistake of ours must not lose what was accepted
        kind = error.code if isinstance(error, AfterglowError) else type(error).__name__
        # No traceback: it would quote the body.
        _log.error("shop event kept in the inbox", shop=request.shop, topic=request.topic, error=kind)
        problems = error.problems if isinstance(error, BadInput) else ()
        return ShopOutcome(REFUSED, problems=tuple(map(str, problems)))
