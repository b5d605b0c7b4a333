"""What the providers' error codes mean for us: one table of data, for answers and for callbacks.

Sources: Twilio's error dictionary (www.twilio.com/docs/api/errors) and SendGrid's v3 mail send responses
(www.twilio.com/docs/sendgrid/api-reference/mail-send). Twilio splits codes now and then, so a code that is
not here is sorted by the answer's HTTP status.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

TWILIO, SENDGRID = "twilio", "sendgrid"
_REDIRECT, _SERVER_ERROR = 300, 500


class Outcome(StrEnum):
    """What a code means for the message, its address, or the whole channel."""

    OPTED_OUT = "opted_out"
    """The address is on the provider's opt-out list: suppress it, revoke the consent."""
    INVALID = "invalid"
    """The address can never receive: suppress it, the other channel may take over."""
    REFUSED = "refused"
    """This message is not accepted or was not delivered; the address may be good."""
    BUSY = "busy"
    """Not accepted now: wait as told, then try again."""
    CONFIGURATION = "configuration"
    """Our account, key or sender is refused: stop the channel, not the messages one by one."""
    UNCERTAIN = "uncertain"
    """It may have been accepted: find out, never just send again."""


class Code(NamedTuple):
    """One entry: what to do, and what the provider means by it."""

    outcome: Outcome
    meaning: str


_O, _I, _R = Outcome.OPTED_OUT, Outcome.INVALID, Outcome.REFUSED
_B, _C, _U = Outcome.BUSY, Outcome.CONFIGURATION, Outcome.UNCERTAIN

CODES: dict[str, dict[str, Code]] = {
    TWILIO: {
        "14107": Code(_B, "reply rate limit exceeded"),
        "20001": Code(_C, "unknown parameter"),
        "20003": Code(_C, "authentication failed"),
        "20004": Code(_C, "method not allowed"),
        "20005": Code(_C, "account not active"),
        "20006": Code(_C, "access denied"),
        "20008": Code(_C, "not available with test credentials"),
        "20404": Code(_C, "no such account or resource"),
        "20429": Code(_B, "too many requests"),
        "20500": Code(_U, "the provider's own error"),
        "20503": Code(_U, "the provider is unavailable"),
        "21201": Code(_R, "no recipient given"),
        "21211": Code(_I, "the recipient is not a phone number"),
        "21212": Code(_C, "the sender is not a phone number"),
        "21214": Code(_I, "the recipient cannot be reached"),
        "21217": Code(_I, "the phone number does not appear valid"),
        "21219": Code(_R, "trial account: the recipient is not verified"),
        "21265": Code(_I, "the recipient is a short code"),
        "21266": Code(_I, "recipient and sender are the same"),
        "21267": Code(_C, "alphanumeric senders need an upgraded account"),
        "21401": Code(_C, "the sender is not enabled for SMS"),
        "21408": Code(_R, "sending to this region is not enabled"),
        "21601": Code(_C, "the sender is not capable of SMS"),
        "21602": Code(_R, "the text is missing"),
        "21603": Code(_C, "the sender is missing"),
        "21604": Code(_R, "the recipient is missing"),
        "21605": Code(_R, "the text is too long"),
        "21606": Code(_C, "the sender is not ours, or not for this destination"),
        "21608": Code(_R, "trial account: the recipient is not verified"),
        "21609": Code(_C, "the status callback is not a valid URL"),
        "21610": Code(_O, "the recipient has replied STOP"),
        "21611": Code(_B, "the sender's queue is full"),
        "21612": Code(_R, "no way from this sender to this recipient now"),
        "21614": Code(_I, "the recipient is not a mobile number"),
        "21617": Code(_R, "the text is longer than 1,600 characters"),
        "21618": Code(_R, "the text cannot be sent"),
        "21619": Code(_R, "the text is missing"),
        "21635": Code(_I, "the recipient is a landline"),
        "21659": Code(_C, "the sender is not a number of the provider"),
        "21660": Code(_C, "the sender does not belong to this account"),
        "21661": Code(_C, "the sender is not capable of SMS"),
        "21701": Code(_C, "no such messaging service"),
        "21703": Code(_C, "the messaging service has no number for this message"),
        "21704": Code(_C, "the messaging service has no numbers"),
        "21705": Code(_C, "the messaging service is invalid"),
        "30001": Code(_B, "queue overflow: sent faster than the sender may"),
        "30002": Code(_C, "the account is suspended"),
        "30003": Code(_R, "the handset is off or out of reach"),
        "30004": Code(_R, "blocked by the carrier or the recipient"),
        "30005": Code(_I, "the number is unknown or out of service"),
        "30006": Code(_I, "a landline, or a carrier that cannot be reached"),
        "30007": Code(_R, "filtered as spam by the provider or the carrier"),
        "30008": Code(_R, "the carrier gave no reason"),
        "30010": Code(_R, "the price exceeds our maximum"),
        "30022": Code(_B, "US carrier rate limit (A2P 10DLC)"),
        "30023": Code(_B, "US carrier daily limit (A2P 10DLC)"),
        "30024": Code(_C, "the sender is not provisioned at the carrier"),
        "30027": Code(_B, "US carrier daily limit (T-Mobile)"),
        "30032": Code(_C, "the toll-free sender is not verified"),
        "30033": Code(_C, "the A2P campaign is suspended"),
        "30034": Code(_C, "the sender is not registered for A2P 10DLC"),
        "30036": Code(_R, "the validity period ended before delivery"),
        "30410": Code(_R, "the carrier did not answer in time"),
        "30450": Code(_R, "blocked as suspected fraud"),
        "30500": Code(_R, "the carrier's own error"),
        "63038": Code(_B, "the account's daily limit is reached"),
        # HTTP statuses, for answers without a code or with one that is not above.
        "401": Code(_C, "not authenticated"),
        "403": Code(_C, "not allowed"),
        "404": Code(_C, "no such account or resource"),
        "405": Code(_C, "method not allowed"),
        "408": Code(_U, "the provider gave up waiting for the request"),
        "429": Code(_B, "too many requests"),
    },
    SENDGRID: {
        "400": Code(_R, "the request is malformed for this message"),
        "401": Code(_C, "the API key is missing, revoked or wrong"),
        "403": Code(_C, "the key lacks the right, or the sender is not verified"),
        "404": Code(_C, "wrong API address"),
        "405": Code(_C, "method not allowed"),
        "406": Code(_C, "the Accept header is missing"),
        "408": Code(_U, "the provider gave up waiting for the request"),
        "413": Code(_R, "the message is too large"),
        "415": Code(_C, "wrong content type"),
        "429": Code(_B, "too many requests"),
    },
}


def classify(provider: str, code: str | int, status: int | None = None) -> Outcome:
    """Return what a provider's code or HTTP status means for us.

    ``status`` is the HTTP status of the answer that held the code, if there was one. A server error is
    uncertain whatever it says of itself: the request may have been carried out before it. A redirect
    is not followed and means a wrong API address. What nobody knows is a refusal of that message.
    """
    if status is not None and status >= _SERVER_ERROR:
        return Outcome.UNCERTAIN
    table = CODES[provider]
    known = table.get(str(code)) or table.get(str(status))
    return known.outcome if known else _by_status(status if status is not None else code)


def _by_status(status: str | int) -> Outcome:
    """Sort what is not in the table by the class of its HTTP status; longer codes are refusals."""
    number = int(status) if str(status).isdigit() else 0
    if _REDIRECT <= number < _REDIRECT + 100:
        return Outcome.CONFIGURATION
    if _SERVER_ERROR <= number < _SERVER_ERROR + 100:
        return Outcome.UNCERTAIN
    return Outcome.REFUSED
