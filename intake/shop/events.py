"""Requests of a shop's system: each applied once, and none that was signed is lost.

The same event has one id, and one content: whoever sends either again changes nothing. What our code cannot
understand is kept whole, and applied by hand after a fix (`afterglow inbox retry`): a shop that gets errors
instead stops reporting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from intake.shop.news import apply_news, lock_news
from shops.news import ShopNews
from storage.inserts import insert_once
from storage.queries.inbox.receiving import add_rows
from storage.queries.inbox.states import Kind, State, Why
from storage.queries.shop.events import set_outcome
from storage.tables import InboxRow, ShopEventRow

REFUSED = "refused"
LONGEST_ID, LONGEST_TOPIC = 100, 60
"""As their columns are."""
Read = Callable[["ShopRequest"], ShopNews]


@dataclass(frozen=True)
class ShopRequest:
    """One request of a shop, as it was signed. ``event_id``: the shop's own, of this event and topic."""

    shop: str
    topic: str
    event_id: str
    body: bytes

    @classmethod
    def of(cls, shop: str, topic: str, event: str, body: bytes) -> ShopRequest:
        """Name an event by its topic too: a shop gives one id to all topics of what has happened."""
        named = f"{topic} {event}"
        request = cls(shop, topic, named, body)
        if not event or len(named) > LONGEST_ID:
            return replace(request, event_id=hashlib.sha256(f"{named} {request.digest}".encode()).hexdigest())
        return request

    @property
    def digest(self) -> str:
        """What it says: the same for the same topic and body only."""
        return hashlib.sha256(self.topic.encode() + b"\0" + self.body).hexdigest()


@dataclass(frozen=True)
class ShopOutcome:
    """What became of a request; ``duplicate``: it was here before, and nothing was changed.

    ``problems``: the fields for which it could not be read or applied. Nothing of the body is repeated.
    """

    outcome: str
    duplicate: bool = False
    problems: tuple[str, ...] = ()


DUPLICATE = ShopOutcome("duplicate", duplicate=True)


def receive_shop_event(session: Session, request: ShopRequest, news: ShopNews, now: datetime) -> ShopOutcome:
    """Apply what a request says, once. It begins the transaction. Raises as `apply_news`."""
    lock_news(session, news)
    if not _remember(session, request, now, REFUSED):
        return DUPLICATE
    outcome = apply_news(session, news, now, request.shop)
    set_outcome(session, request.shop, request.event_id, outcome)
    return ShopOutcome(outcome)


def keep_refused(session: Session, request: ShopRequest, now: datetime) -> ShopOutcome:
    """Keep a request that could not be understood or applied, for a person to look at."""
    if not _remember(session, request, now, REFUSED):
        return DUPLICATE
    add_rows(session, [_refused_row(request, now)])
    return ShopOutcome(REFUSED)


def _remember(session: Session, request: ShopRequest, now: datetime, outcome: str) -> bool:
    return insert_once(
        session,
        ShopEventRow,
        shop=request.shop,
        event_id=request.event_id,
        topic=request.topic,
        digest=request.digest,
        received_at=now,
        outcome=outcome,
    )


def _refused_row(request: ShopRequest, now: datetime) -> dict[str, Any]:
    return {
        "key": f"{Kind.SHOP_EVENT.value}:{request.shop}:{request.digest}",
        "kind": Kind.SHOP_EVENT.value,
        "order_id": None,
        "customer_id": None,
        "body": _written(request),
        "state": State.REFUSED.value,
        "why": Why.NOT_UNDERSTOOD.value,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
        "settled_at": now,
    }


def _written(request: ShopRequest) -> str:
    """Write it as ASCII: bytes that are no UTF-8 come back as they were."""
    text = request.body.decode("utf-8", "surrogateescape")
    return json.dumps([request.shop, request.topic, request.event_id, text])


def kept_request(row: InboxRow) -> ShopRequest:
    """Return the request that a row of the inbox (`Kind.SHOP_EVENT`) was made of."""
    shop, topic, event_id, text = json.loads(row.body or "[]")
    return ShopRequest(shop, topic, event_id, text.encode("utf-8", "surrogateescape"))


def retry_shop_event(session: Session, row: InboxRow, read: Read, now: datetime) -> ShopOutcome:
    """Apply a kept request after all; its row of the inbox is done then. It begins the transaction.

    ``read`` is what turns it into news (`starter.shop_events`), and may raise: nothing is changed then.

    Raises:
        BadInput: as `apply_news`.
    """
    request = kept_request(row)
    news = read(request)
    lock_news(session, news)
    outcome = apply_news(session, news, now, request.shop)
    set_outcome(session, request.shop, request.event_id, outcome)
    row.state, row.why, row.body, row.settled_at = State.DONE.value, None, None, now
    session.merge(row)
    return ShopOutcome(outcome)
