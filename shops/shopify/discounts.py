"""Codes of a discount at Shopify: the requests to its Admin API, and what its answers say. Pure.

The marketer makes the discount in Shopify's admin (what it takes off, from when to when, one use a code) and
names it by its id; codes are added to it in bulk, which Shopify does in the background
(`discountRedeemCodeBulkAdd` and `discountRedeemCodeBulkCreation` of the GraphQL Admin API, access scopes
``write_discounts`` and ``read_discounts``; whose a taken code is, by `codeDiscountNodeByCode`). Its REST
resources (price rules) are legacy since 2024-10-01.
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
TAKEN = "TAKEN"
"""Its code for a code that is there already: another attempt has added it, or it is another discount's."""

_BUSY = "THROTTLED"
"""Its code where it has been asked too much; with the status 200."""

_NO_CODE = "no code"
_STRANGE = "Shopify's Admin API answers in a form that is not known: check the store, and the API's version"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Added:
    """What Shopify says to a batch: the bulk creation that makes it, or why it takes none of it."""

    bulk_creation: str | None = None
    refusal: str | None = None


@dataclass(frozen=True)
class Results:
    """What Shopify has done of a batch: ``there`` are the codes that it has made now.

    ``taken``: those that it had before, of which discount it does not say (`owners_request`).
    ``refused``: its error code of each code that it has not made, once it is done.
    """

    done: bool
    there: tuple[str, ...]
    taken: tuple[str, ...]
    refused: Mapping[str, str]


def path() -> str:
    """Return the Admin API's path."""
    return f"/admin/api/{API_VERSION}/graphql.json"


def add_request(discount: str, codes: Sequence[str]) -> dict[str, Any]:
    """Return the request that adds codes to a discount."""
    return {"query": _ADD, "variables": {"discount": discount, "codes": [{"code": code} for code in codes]}}


def results_request(bulk_creation: str) -> dict[str, Any]:
    """Return the request for what has become of a bulk creation."""
    return {"query": _RESULTS, "variables": {"id": bulk_creation}}


def is_throttled(answer: Json) -> bool:
    """Return whether the same request may be answered in a while."""
    return any(_code(error) == _BUSY for error in _entries(answer.get("errors")))


def read_added(answer: Json) -> Added:
    """Return what makes the codes; or why Shopify does not take these, where it would take others.

    Raises:
        Unavailable: Shopify refuses whatever the codes are (the discount, the token), with its code.
    """
    added = _data(answer, "discountRedeemCodeBulkAdd")
    if errors := _entries(added.get("userErrors")):
        if any(_is_about_discount(error) for error in errors):
            raise _refused(errors)
        return Added(refusal=_code(errors[0]))
    bulk_creation = _object(added.get("bulkCreation")).get("id")
    if not isinstance(bulk_creation, str):
        raise Unavailable(_STRANGE)
    return Added(bulk_creation)


def read_results(answer: Json) -> Results:
    """Return what has become of it. Raises as `read_added`."""
    found = _data(answer, "discountRedeemCodeBulkCreation")
    nodes = [node for node in _entries(_object(found.get("codes")).get("nodes")) if node.get("code")]
    there = tuple(str(node["code"]) for node in nodes if node.get("discountRedeemCode"))
    left = {str(node["code"]): _why(node) for node in nodes if not node.get("discountRedeemCode")}
    taken = tuple(code for code, why in left.items() if why == TAKEN)
    done = found.get("done") is True
    return Results(done, there, taken, {code: why for code, why in left.items() if done and why != TAKEN})


def owners_request(codes: Sequence[str]) -> dict[str, Any]:
    """Return the request for the discounts that codes are of: each under a name of its own."""
    names = {f"c{number}": code for number, code in enumerate(codes)}
    wanted = ", ".join(f"${name}: String!" for name in names)
    found = " ".join(f"{name}: codeDiscountNodeByCode(code: ${name}) {{ id }}" for name in names)
    return {"query": f"query({wanted}) {{ {found} }}", "variables": names}


def read_owned(answer: Json, codes: Sequence[str], discount: str) -> tuple[str, ...]:
    """Return those of ``codes`` that are the discount's own, of the answer to `owners_request`.

    Raises:
        Unavailable: as `read_added`.
    """
    if errors := answer.get("errors"):
        raise _refused(_entries(errors))
    data = _object(answer.get("data"))
    owners = {code: _object(data.get(f"c{number}")).get("id") for number, code in enumerate(codes)}
    return tuple(code for code, owner in owners.items() if _number(owner) == _number(discount))


def _number(identifier: Any) -> str:
    """Return the number in an id: a discount has the same one as a DiscountNode and a DiscountCodeNode."""
    return str(identifier).rpartition("/")[2]


def _why(node: Json) -> str:
    return next(map(_code, _entries(node.get("errors"))), _NO_CODE)


def _is_about_discount(error: Json) -> bool:
    """Return whether it names the argument ``discountId``: then other codes are refused as well."""
    field = error.get("field")
    return isinstance(field, list) and field[:1] == ["discountId"]


def _data(answer: Json, name: str) -> Json:
    if errors := answer.get("errors"):
        raise _refused(_entries(errors))
    data = _object(answer.get("data"))
    if data.get(name) is None and name in data:
        msg = "Shopify does not know it: check the offer's shopify_discount"
        raise Unavailable(msg)
    if not isinstance(data.get(name), Mapping):
        raise Unavailable(_STRANGE)
    return _object(data[name])


def _object(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _entries(values: Any) -> list[Json]:
    return [each for each in values if isinstance(each, Mapping)] if isinstance(values, list) else []


def _code(error: Json) -> str:
    """Return Shopify's code alone: its text may repeat what was sent."""
    return str(error.get("code") or _object(error.get("extensions")).get("code") or _NO_CODE)


def _refused(errors: Sequence[Json]) -> Unavailable:
    return Unavailable(f"Shopify refuses the codes: {_code(errors[0]) if errors else _NO_CODE}")
