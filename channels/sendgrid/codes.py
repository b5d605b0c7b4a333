"""SendGrid's HTTP statuses as data: its errors have no numbers of their own.

Source: the v3 mail send responses (www.twilio.com/docs/sendgrid/api-reference/mail-send).
"""

from __future__ import annotations

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
