"""What a provider has signed, as FastAPI dependencies: the checks themselves stand in `channels`.

Everything that is not signed is refused with 403, whatever is wrong with it: a forger learns nothing.
The body is read in the event loop, and checked in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, HTTPException, Request

from channels.sendgrid import signature as sendgrid
from channels.twilio import signature as twilio
from settings import Settings
from starter import clock
from web.bodies import read_body

MAX_FORM = 64 * 1024
MAX_BATCH = 4 * 1024 * 1024
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SignedForm:
    """A form that Twilio has signed. ``digest`` is the same for the same request only."""

    params: dict[str, str]
    digest: str


@dataclass(frozen=True)
class SignedBatch:
    """A body that SendGrid has signed."""

    body: str
    digest: str


def refused() -> HTTPException:
    """Return the one answer to everything that is not signed, stale or replayed."""
    return HTTPException(403, "not a request that the provider has signed, or one that was here before")


async def _form_body(request: Request) -> bytes:
    return await read_body(request, MAX_FORM)


async def _batch_body(request: Request) -> bytes:
    return await read_body(request, MAX_BATCH)


def twilio_form(request: Request, body: Annotated[bytes, Depends(_form_body)]) -> SignedForm:
    """Return a form that Twilio has signed for our public address.

    Raises:
        HTTPException: 403 for one that is not signed; 413 for one that is too long.
    """
    settings: Settings = request.app.state.settings
    if settings.twilio_auth_token is None or not settings.public_url:
        raise refused()
    address = settings.public_url.rstrip("/") + _target(request)
    token = settings.twilio_auth_token.get_secret_value()
    if not twilio.is_signed(address, body, request.headers, token):
        raise refused()
    return SignedForm(twilio.form_of(body) or {}, twilio.digest_of(request.headers))


def _target(request: Request) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}{'?' if query else ''}{query}"


def sendgrid_batch(request: Request, body: Annotated[bytes, Depends(_batch_body)]) -> SignedBatch:
    """Return a body that SendGrid has signed lately.

    Raises:
        HTTPException: 403 for one that is not signed or is stale; 413 for one that is too long.
    """
    key = request.app.state.settings.sendgrid_webhook_key
    try:
        signed = bool(key) and sendgrid.is_signed(body, request.headers, key, clock.now())
    except ValueError:
        _log.error("AFTERGLOW_SENDGRID_WEBHOOK_KEY is no public key of SendGrid's")
        signed = False
    if not signed:
        raise refused()
    return SignedBatch(body.decode("utf-8"), sendgrid.digest_of(body, request.headers))
