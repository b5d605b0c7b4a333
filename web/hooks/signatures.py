"""Whether a callback is the provider's own: signatures by the vendors' code, over our public address.

Everything that is not signed is refused with 403, whatever is wrong with it: a forger learns nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from fastapi import HTTPException, Request
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator

from settings import Settings
from starter import clock

MAX_FORM = 64 * 1024
MAX_BATCH = 4 * 1024 * 1024
OLDEST, NEWEST = timedelta(minutes=10), timedelta(minutes=5)
TWILIO_SIGNATURE = "X-Twilio-Signature"
SENDGRID_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
SENDGRID_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_log = structlog.get_logger(__name__)
_SECONDS = re.compile(r"[0-9]{10}")
_PLAIN = re.compile(r"[!\"$-~]*")  # no white space and no "#": parsers of addresses drop those


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


async def twilio_form(request: Request) -> SignedForm:
    """Return a form that Twilio has signed for our public address.

    The signature is an HMAC over address and parameters, so that it identifies the request. Forms are
    read strictly: a pair without ``=`` would sign the same text as another pair does.

    Raises:
        HTTPException: 403 for one that is not signed; 413 for one that is too long.
    """
    settings: Settings = request.app.state.settings
    signature = request.headers.get(TWILIO_SIGNATURE, "")
    body, target = await read_body(request, MAX_FORM), _target(request)
    if settings.twilio_auth_token is None or not settings.public_url or not _PLAIN.fullmatch(target):
        raise refused()
    address = settings.public_url.rstrip("/") + target
    params = _form(body)
    validator = RequestValidator(settings.twilio_auth_token.get_secret_value())
    if not validator.validate(address, params, signature):
        raise refused()
    return SignedForm(params, _digest("twilio", signature))


def _target(request: Request) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}{'?' if query else ''}{query}"


def _form(body: bytes) -> dict[str, str]:
    """Read a form. Raises 403 for what is not one, or names a parameter twice."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict") if text else []
    except ValueError:
        raise refused() from None
    params = dict(pairs)
    if len(params) != len(pairs):
        raise refused()
    return params


async def sendgrid_batch(request: Request) -> SignedBatch:
    """Return a body that SendGrid has signed lately.

    An ECDSA signature can be changed and still hold, so the digest is of what was signed.

    Raises:
        HTTPException: 403 for one that is not signed or is stale; 413 for one that is too long.
    """
    settings: Settings = request.app.state.settings
    stamp = request.headers.get(SENDGRID_TIMESTAMP, "")
    signature = request.headers.get(SENDGRID_SIGNATURE, "")
    body = await read_body(request, MAX_BATCH)
    if not settings.sendgrid_webhook_key or not _is_recent(stamp) or not _plain_base64(signature):
        raise refused()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise refused() from None
    if not _verifier(settings.sendgrid_webhook_key).verify_signature(text, signature, stamp):
        raise refused()
    return SignedBatch(text, _digest("sendgrid", stamp + text))


@lru_cache(maxsize=4)
def _verifier(key: str) -> EventWebhook:
    """Return the vendor's verifier. Raises 403 for a key that is none: that is ours to mend."""
    try:
        verifier = EventWebhook("".join(key.split()))
        if isinstance(verifier.public_key, EllipticCurvePublicKey):
            return verifier
    except (ValueError, UnsupportedAlgorithm):
        pass
    _log.error("AFTERGLOW_SENDGRID_WEBHOOK_KEY is no public key of SendGrid's")
    raise refused()


def _is_recent(stamp: str) -> bool:
    if not _SECONDS.fullmatch(stamp):
        return False
    age = clock.now() - datetime.fromtimestamp(int(stamp), UTC)
    return -NEWEST <= age <= OLDEST


def _plain_base64(text: str) -> bool:
    """Say whether this is the one way to write what it says: decoders pass over stray characters."""
    try:
        return bool(text) and base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except (NotBase64, ValueError):
        return False


def _digest(provider: str, signed: str) -> str:
    return hashlib.sha256(f"{provider}\n{signed}".encode()).hexdigest()


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body. Raises 413 as soon as it is longer than ``limit`` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, "too long")
    return bytes(body)
