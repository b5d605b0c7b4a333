"""WooCommerce's webhooks: signed, sent once, and preceded by a ping when one is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic_core import from_json

from intake.shop.events import LONGEST_TOPIC, ShopOutcome, ShopRequest
from settings import Settings, listed
from shops.news import Ignored
from shops.shapes import fits_woocommerce
from shops.signatures import is_signed
from shops.woocommerce.bodies import is_ping
from starter import clock
from starter.shops.systems import WOOCOMMERCE, read_event
from web.bodies import read_body
from web.hooks.shops import ANSWERS, JSON_EVENT, MAX_BODY, Answer, receive, refused

OLDEST = timedelta(days=7)
"""How long ago an order may have changed when its event arrives: a shop whose cron rests is days behind."""

router = APIRouter(prefix="/webhooks", tags=["shops"])


async def _body(request: Request) -> bytes:
    return await read_body(request, MAX_BODY)


def signed_event(request: Request, body: Annotated[bytes, Depends(_body)]) -> ShopRequest | None:
    """Return an event that WooCommerce has signed lately; None for the ping, which it does not sign.

    Raises:
        HTTPException: 403 for what is not signed, stale or without a topic; 413 for what is too long.
    """
    settings: Settings = request.app.state.settings
    headers, secrets = request.headers, listed(settings.woocommerce_secret)
    if is_ping(body):
        return None
    topic = headers.get("X-WC-Webhook-Topic", "")
    if not is_signed(body, headers.get("X-WC-Webhook-Signature", ""), secrets):
        raise refused()
    does = topic in WOOCOMMERCE.topics
    if not 0 < len(topic) <= LONGEST_TOPIC or (does and not fits_woocommerce(topic, body)):
        raise refused()
    if topic.startswith("order.") and _is_stale(body, clock.now()):
        raise refused()
    return ShopRequest.of(WOOCOMMERCE.name, topic, _event_id(headers, body), body)


def _event_id(headers: Mapping[str, str], body: bytes) -> str:
    """Name a delivery: its own id is a hash of webhook and second, which two orders may share."""
    return f"{headers.get('X-WC-Webhook-Delivery-ID', '')}:{hashlib.sha256(body).hexdigest()}"


def _is_stale(body: bytes, now: datetime) -> bool:
    """Return whether an order says that it changed long ago; what does not say so is read by its mapping."""
    try:
        changed = from_json(body).get("date_modified_gmt")
        return bool(changed) and now - datetime.fromisoformat(changed).replace(tzinfo=UTC) > OLDEST
    except (ValueError, TypeError, AttributeError, OverflowError):
        return False


@router.post("/woocommerce", openapi_extra=JSON_EVENT, responses=ANSWERS)
def woocommerce(request: Request, event: Annotated[ShopRequest | None, Depends(signed_event)]) -> Answer:
    """Receive an event of a WooCommerce shop. It is in the database once this answers.

    The ping that WooCommerce sends for a new webhook is answered and changes nothing.
    """
    state = request.app.state
    if event is None:
        return Answer.of(ShopOutcome(Ignored.PING.value))
    return Answer.of(receive(state.database, event, read_event(state.settings, clock.now())))
