"""What an order service sends: one JSON object a request."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body

from campaign.errors import BadInput, BadPurchase, Problem

Json = Annotated[Any, Body()]


def one_object(data: Any) -> Any:
    """Return the object.

    Raises:
        BadInput: it is a list, or no object.
    """
    if isinstance(data, list):
        raise BadPurchase([Problem("body", "is a list", "send one object a request")])
    if not isinstance(data, dict):
        fix = "send one object with the header Content-Type: application/json"
        raise BadInput([Problem("body", "is not a JSON object", fix)])
    return data
