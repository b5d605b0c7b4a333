"""How Shopify and WooCommerce sign: HMAC-SHA256 of the raw body, in base64.

Sources: shopify.dev/docs/apps/build/webhooks ("verify deliveries"; with the app's client secret, which signs
for up to an hour more once it is rotated); WooCommerce's includes/class-wc-webhook.php, `generate_signature`:
``base64_encode(hash_hmac('sha256', $payload, $secret, true))``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def signature_of(body: bytes, secret: str) -> str:
    """Return the signature of a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def is_signed(body: bytes, given: str, secrets: Iterable[str]) -> bool:
    """Return whether a body was signed with one of the secrets: every one is tried, in constant time."""
    wanted = given.encode("utf-8", "surrogateescape")
    found = [hmac.compare_digest(signature_of(body, secret).encode(), wanted) for secret in secrets if secret]
    return any(found)
