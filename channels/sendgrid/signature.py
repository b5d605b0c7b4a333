"""Whether SendGrid has signed a batch of events, lately: by the vendor's own code.

Source: www.twilio.com/docs/sendgrid/for-developers/tracking-events, "Event Webhook security features".
"""

from __future__ import annotations

import base64
import hashlib
import re
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sendgrid.helpers.eventwebhook import EventWebhook

from channels.sendgrid.keys import normal_key

OLDEST, NEWEST = timedelta(minutes=10), timedelta(minutes=5)
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_SECONDS = re.compile(r"[0-9]{10}")


def is_signed(body: bytes, headers: Mapping[str, str], key: str, now: datetime) -> bool:
    """Return whether a batch was signed with SendGrid's key, from `OLDEST` ago to `NEWEST` ahead.

    Raises:
        ValueError: ``key`` is no public key.
    """
    stamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not _is_recent(stamp, now) or not _plain_base64(signature):
        return False
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(_verifier(key).verify_signature(text, signature, stamp))


def digest_of(body: bytes, headers: Mapping[str, str]) -> str:
    """Return what identifies a signed request: what was signed, for an ECDSA signature can be changed."""
    return hashlib.sha256(f"sendgrid\n{headers.get(TIMESTAMP, '')}".encode() + body).hexdigest()


@lru_cache(maxsize=4)
def _verifier(key: str) -> EventWebhook:
    return EventWebhook(normal_key(key))


def _is_recent(stamp: str, now: datetime) -> bool:
    if not _SECONDS.fullmatch(stamp):
        return False
    age = now - datetime.fromtimestamp(int(stamp), UTC)
    return -NEWEST <= age <= OLDEST


def _plain_base64(text: str) -> bool:
    """Return whether this is the one way to write what it says: decoders pass over stray characters."""
    try:
        return bool(text) and base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except (NotBase64, ValueError):
        return False
