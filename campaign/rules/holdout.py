"""The holdout: customers who get nothing, so that the campaign can be measured against them."""

from __future__ import annotations

import hashlib

from campaign.definition.model import Definition

_BUCKETS = 10_000


def in_holdout(definition: Definition, customer_id: str) -> bool:
    """Return whether a customer is held out: the same answer for every order of the customer.

    A hash of campaign and customer is even over customers and independent between campaigns.
    """
    digest = hashlib.sha256(f"holdout/{definition.name}/{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8]) % _BUCKETS < definition.holdout * _BUCKETS
