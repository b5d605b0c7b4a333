"""SendGrid's HTTP statuses as data: its errors have no numbers of their own.

Source: the v3 mail send responses (www.twilio.com/docs/sendgrid/api-reference/mail-send).
"""

from __future__ import annotations

import json
import re

from channels.answers import Answer
from channels.codes import Code, Outcome

_R, _B = Outcome.REFUSED, Outcome.BUSY
_C, _U = Outcome.CONFIGURATION, Outcome.UNCERTAIN

CODES: dict[str, Code] = {
    "400": Code(_R, "the request is malformed for this message"),
    "401": Code(_C, "the API key is missing, revoked or wrong"),
    "403": Code(_C, "the key lacks the right, or the sender is not verified"),
    "404": Code(_C, "wrong API address"),
    "405": Code(_C, "method not allowed"),
    "406": Code(_C, "the Accept header is missing"),
    "407": Code(_C, "a proxy of ours wants a password"),
    "408": Code(_U, "the provider gave up waiting for the request"),
    "413": Code(_R, "the message is too large"),
    "415": Code(_C, "wrong content type"),
    "429": Code(_B, "too many requests"),
}

_UNAVAILABLE, _SERVICE = 503, re.compile(r"\b(service|api)\b.*\b(not available|unavailable)\b", re.IGNORECASE)


def took_nothing(answer: Answer) -> bool:
    """Return whether an answer of the 5xx kind says itself that nothing was taken.

    That is SendGrid's 503, documented as "the v3 Web API is not available", in the form of its own errors. A
    page of some proxy's, or a 500, says nothing of the kind.
    """
    if answer.status != _UNAVAILABLE:
        return False
    try:
        return any(_SERVICE.search(error["message"]) for error in json.loads(answer.body)["errors"])
    except (ValueError, TypeError, KeyError):
        return False
