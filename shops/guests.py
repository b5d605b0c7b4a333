"""Customers without an account: one person by address, not one id an order."""

from __future__ import annotations

import hashlib
import hmac

PREFIX = "guest-"
_DIGITS = 20


def guest_id(key: str, address: str) -> str:
    """Return the customer id of whoever orders with this address, and has no account.

    ``address`` is in normal form (`campaign.customers.addresses`), after its channel:
    ``email:ada@example.com``, ``sms:+12025550123``. The id ends up in Temporal, where an address may not be:
    without the key (`AFTERGLOW_SECRET_KEY`) it cannot be got from the address by trying.
    """
    digest = hmac.new(key.encode(), f"guest {address}".encode(), hashlib.sha256).hexdigest()
    return PREFIX + digest[:_DIGITS]


def is_guest(customer_id: str) -> bool:
    """Return whether an id is one of `guest_id`'s."""
    digits = customer_id.removeprefix(PREFIX)
    return digits != customer_id and len(digits) == _DIGITS and set(digits) <= set("0123456789abcdef")
