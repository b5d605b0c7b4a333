"""Shopify's webhooks: signed, dated, and sent up to nine times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import TypeAdapter, ValidationError

from campaign.fields.times import UtcTime
from intake.shop.events import LONGEST_TOPIC, ShopRequest
from settings import Settings, listed
from shops.shapes import fits_shopify, subject_of
from shops.signatures import is_signed
from starter import clock
from starter.shops.systems import SHOPIFY, read_event
from web.bodies import read_body
from web.hooks.shops import ANSWERS, JSON_EVENT, MAX_BODY, Answer, receive, refused

OLDEST, NEWEST = timedelta(hours=48), timedelta(hours=1)
"""How old an event may be when it arrives. Shopify sends again for four hours, with the first one's time."""
_TIME: TypeAdapter[datetime] = TypeAdapter(UtcTime)

router = APIRouter(prefix="/webhooks", tags=["shops"])


async def _body(request: Request) -> bytes:
    return await read_body(request, MAX_BODY)


def signed_event(request: Request, body: Annotated[bytes, Depends(_body)]) -> ShopRequest:
    """Return an event that Shopify has signed lately.

    Its headers are not signed: the topic is held against what the body has, and the digest of both is
    remembered, so that a replay under another id changes nothing.

    Raises:
        HTTPException: 403 for what is not signed, stale or without a topic; 413 for what is too long.
    """
    settings: Settings = request.app.state.settings
    headers, secrets = request.headers, listed(settings.shopify_secret)
    topic, at = headers.get("X-Shopify-Topic", ""), headers.get("X-Shopify-Triggered-At")
    if not is_signed(body, headers.get("X-Shopify-Hmac-Sha256", ""), secrets):
        raise refused()
    if not 0 < len(topic) <= LONGEST_TOPIC or (topic in SHOPIFY.topics and not fits_shopify(topic, body)):
        raise refused()
    if at is not None and _is_stale(at, clock.now()):
        raise refused()
    event = headers.get("X-Shopify-Event-Id") or headers.get("X-Shopify-Webhook-Id") or ""
    return ShopRequest.of(SHOPIFY.name, topic, event and f"{event} {subject_of(body)}", body)


def _is_stale(written: str, now: datetime) -> bool:
    try:
        age = now - _TIME.validate_python(written)
    except ValidationError:
        return True
    return not -NEWEST <= age <= OLDEST


@router.post("/shopify", openapi_extra=JSON_EVENT, responses=ANSWERS)
def shopify(request: Request, event: Annotated[ShopRequest, Depends(signed_event)]) -> Answer:
    """Receive an event of a Shopify shop. It is in the database once this answers."""
    state = request.app.state
    return Answer.of(receive(state.database, event, read_event(state.settings, clock.now())))
