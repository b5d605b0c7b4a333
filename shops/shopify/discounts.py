"""Codes of a discount at Shopify: the requests to its Admin API, and what its answers say. Pure.

The marketer makes the discount in Shopify's admin (what it takes off, from when to when, one use a code) and
names it by its id; codes are added to it in bulk, which Shopify does in the background
(`discountRedeemCodeBulkAdd` and `discountRedeemCodeBulkCreation` of the GraphQL Admin API, access scopes
``write_discounts`` and ``read_discounts``). Its REST resources (price rules) are legacy since
2024-10-01.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaign.errors import Unavailable

API_VERSION = "2026-07"
MOST_CODES = 250
"""In one request, and on one page of its results."""
_ADD = """
mutation($discount: ID!, $codes: [DiscountRedeemCodeInput!]!) {
  discountRedeemCodeBulkAdd(discountId: $discount, codes: $codes) {
    bulkCreation { id }
    userErrors { code field message }
  }
}"""
_RESULTS = """
query($id: ID!) {
  discountRedeemCodeBulkCreation(id: $id) {
    done
    codes(first: 250) { nodes { code discountRedeemCode { id } errors { code } } }
  }
}"""
_THERE = "TAKEN"
"""Its code for a code that is there already: another attempt has added it."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Results:
    """What Shopify has done of a batch: ``there`` are the codes that it has now."""

    done: bool
    there: tuple[str, ...]


def path() -> str:
    """Return the Admin API's path."""
    return f"/admin/api/{API_VERSION}/graphql.json"


def add_request(discount: str, codes: Sequence[str]) -> dict[str, Any]:
    """Return the request that adds codes to a discount."""
    return {"query": _ADD, "variables": {"discount": discount, "codes": [{"code": code} for code in codes]}}


def read_added(answer: Json) -> str:
    """Return the id of the bulk creation.

    Raises:
        Unavailable: Shopify refuses it, with its code.
    """
    added = _data(answer, "discountRedeemCodeBulkAdd")
    if errors := added.get("userErrors"):
        raise _refused(errors)
    return str((added.get("bulkCreation") or {}).get("id"))


def results_request(bulk_creation: str) -> dict[str, Any]:
    """Return the request for what has become of a bulk creation."""
    return {"query": _RESULTS, "variables": {"id": bulk_creation}}


def read_results(answer: Json) -> Results:
    """Return what has become of it. Raises as `read_added`."""
    found = _data(answer, "discountRedeemCodeBulkCreation")
    nodes = (found.get("codes") or {}).get("nodes") or ()
    return Results(found.get("done") is True, tuple(str(node["code"]) for node in nodes if _is_there(node)))


def _is_there(node: Json) -> bool:
    taken = any(error.get("code") == _THERE for error in node.get("errors") or ())
    return bool(node.get("discountRedeemCode")) or taken


def _data(answer: Json, name: str) -> Json:
    if errors := answer.get("errors"):
        raise _refused(errors)
    found: Json | None = (answer.get("data") or {}).get(name)
    if found is None:
        msg = "Shopify does not know it: check the offer's shopify_discount"
        raise Unavailable(msg)
    return found


def _refused(errors: Any) -> Unavailable:
    """Return the error with Shopify's code alone: its text may repeat what was sent."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    code = first.get("code") or (first.get("extensions") or {}).get("code") or "no code"
    return Unavailable(f"Shopify refuses the codes: {code}")
