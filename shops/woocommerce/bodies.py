"""The body of a webhook, as servers send it: after a byte order mark, blanks or PHP's notices."""

from __future__ import annotations

from campaign.errors import BadInput, Problem
from shops.values import read_object
from shops.woocommerce.fields import Json

_START = b'{"'
_NO_RIGHT = (
    "the webhook's user may not read this",
    "in WooCommerce > Settings > Advanced > Webhooks, save it again as an administrator",
)
_GONE = ("the shop answered itself with an error", "see WooCommerce > Status > Logs, webhooks-delivery")
_DENIED = (401, 403)


def is_ping(body: bytes) -> bool:
    """Return whether this is the form-encoded ping that a shop sends when a webhook is created."""
    name, _, number = body.strip().partition(b"=")
    return name == b"webhook_id" and number.isdigit()


def read_body(body: bytes) -> Json:
    """Parse the body of a webhook.

    WooCommerce sends whatever its REST API answers, errors too: a webhook goes on without its user's rights.

    Raises:
        BadInput: it has no JSON object, or one that says what went wrong in the shop.
    """
    found = read_object(_from_start(body))
    if isinstance(found.get("code"), str) and "message" in found and "id" not in found:
        data = found.get("data")
        status = data.get("status") if isinstance(data, dict) else None
        what, fix = _NO_RIGHT if status in _DENIED else _GONE
        raise BadInput([Problem("body", what, fix)])
    return found


def _from_start(body: bytes) -> bytes:
    """Cut what stands before the object: `display_errors` makes PHP print notices into every answer."""
    at = body.find(_START)
    return body[at:].rstrip() if at > 0 else body
