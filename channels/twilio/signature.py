"""Whether Twilio has signed a request: by the vendor's own code, over our public address.

Source: www.twilio.com/docs/usage/security#validating-requests.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

HEADER = "X-Twilio-Signature"
_PLAIN = re.compile(r"[!\"$-~]*")  # no white space and no "#": parsers of addresses drop those


def is_signed(address: str, body: bytes, headers: Mapping[str, str], token: str) -> bool:
    """Return whether a form was signed with our auth token for this address of ours."""
    params = form_of(body)
    if params is None or not _PLAIN.fullmatch(address):
        return False
    return bool(RequestValidator(token).validate(address, params, headers.get(HEADER, "")))


def form_of(body: bytes) -> dict[str, str] | None:
    """Read a form; None for what is not one, or names a parameter twice.

    Strictly: a pair without ``=`` would sign the same text as another pair does.
    """
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict") if text else []
    except ValueError:
        return None
    params = dict(pairs)
    return params if len(params) == len(pairs) else None


def digest_of(headers: Mapping[str, str]) -> str:
    """Return what identifies a signed request: the signature is an HMAC over address and parameters."""
    return hashlib.sha256(f"twilio\n{headers.get(HEADER, '')}".encode()).hexdigest()
