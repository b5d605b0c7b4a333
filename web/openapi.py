"""What the app says of itself: routes, bodies, answers, and one form for all errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from campaign.errors import BadInput, BadPurchase, OrderConflict, Problem
from web.examples import BY_MEDIA_TYPE, EXAMPLES
from web.fields import FIELDS
from web.problems import CODES, MEDIA_TYPE, STATUS, ProblemDetails, problem_details

_REFERENCE = "#/components/schemas/{model}"
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")
DESCRIPTION = """\
Post-purchase campaigns on Temporal. An order service sends customers and orders here; every request may be
repeated without harm. Bodies are one JSON object, or a list of orders, of at most 1 MiB; unknown fields are
refused, and nothing is half-applied.

Every error has one form, `application/problem+json` (RFC 9457): `error` is a stable code, `detail` is for
people, and `problems` lists every mistake with its place and what to write instead.
"""
TAGS = [
    {"name": "orders", "description": "Purchases, what becomes of them, and where their campaigns stand."},
    {"name": "customers", "description": "Contact data and consents."},
    {"name": "coupons", "description": "Customers' own codes, used with orders."},
    {"name": "reviews", "description": "What customers wrote about products, and its moderation."},
    {"name": "provider callbacks", "description": "For Twilio and SendGrid, who sign what they send."},
    {"name": "shops", "description": "For Shopify and WooCommerce, who sign what they send."},
    {"name": "pages", "description": "For customers, by the signed links in their messages."},
    {"name": "health", "description": "For whoever watches this process."},
]
ERRORS = {
    401: "No bearer token, or one that is no key: `afterglow keys add NAME` makes keys",
    403: "Not signed by the provider, or here before",
    404: "No such order, customer, campaign or coupon",
    408: "The body has not arrived in time",
    409: "Another order has this `order_id`: `known` and `sent` are both versions of what differs",
    413: "The body is too long",
    415: "The body does not say that it is JSON",
    422: "Wrong input: `problems` names each field and what to write; nothing was done",
    500: "An error of ours: it is in the log",
    503: "The database is not there, or too much waits for it: send it again after `Retry-After` seconds",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return a route's error answers, for its ``responses``."""
    schema = {"$ref": _REFERENCE.format(model=ProblemDetails.__name__)}
    return {
        status: {
            "description": ERRORS[status],
            "content": {MEDIA_TYPE: {"schema": schema, "example": _example(status)}},
        }
        for status in statuses
    }


def _example(status: int) -> dict[str, Any]:
    """Return an answer as `web.problems` makes it."""
    if status == STATUS[BadInput]:
        problems = [Problem("lines", "is missing", "add it")]
        return problem_details(status, BadPurchase.code, str(problems[0]), problems)
    if status == STATUS[OrderConflict]:
        problems = [Problem("total", "differs from the order that has this order_id", "use a new order_id")]
        versions = {"known": {"total": "39.80"}, "sent": {"total": "41.00"}}
        return problem_details(status, OrderConflict.code, str(problems[0]), problems) | versions
    return problem_details(status, CODES[status], ERRORS[status].replace("`", ""))


class Afterglow(FastAPI):
    """The app; its description has the errors' schema, and not the framework's."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document["components"]["schemas"]
            described = ProblemDetails.model_json_schema(ref_template=_REFERENCE)
            schemas |= described.pop("$defs", {}) | {ProblemDetails.__name__: described}
            for name in _FRAMEWORKS_OWN:
                schemas.pop(name, None)
            for name, operation in _operations(document):
                _drop_frameworks_own(operation["responses"])
                _complete_errors(name, operation)
                _add_examples(EXAMPLES.get(name, {}), operation["responses"])
                _summarise(operation)
            for schema in schemas.values():
                _describe(schema)
        return self.openapi_schema or {}


def _operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return each operation with its name: "POST /orders"."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def _complete_errors(name: str, operation: dict[str, Any]) -> None:
    """Add what every body can meet, and the one form of errors where a route only says what they mean."""
    responses = operation["responses"]
    with_key = "security" in operation
    if name.startswith(("POST", "PUT")):
        wanted = (408, 413, 415) if with_key else (408, 413, 503)
        for status, answer in errors(*wanted).items():
            responses.setdefault(str(status), answer)
    for status, answer in responses.items():
        if int(status) in ERRORS and "content" not in answer:
            answer["content"] = errors(int(status))[int(status)]["content"]


def _add_examples(examples: dict[str, Any], responses: dict[str, Any]) -> None:
    for status, answer in responses.items():
        for kind, content in answer.get("content", {}).items():
            if "example" not in content and (example := examples.get(status, BY_MEDIA_TYPE.get(kind))):
                content["example"] = example


def _summarise(operation: dict[str, Any]) -> None:
    """Show a route by its description's first sentence, not by the name of a function."""
    summary, _, rest = operation.get("description", "").partition(".")
    operation["summary"], operation["description"] = summary, rest.strip()


def _describe(schema: dict[str, Any]) -> None:
    for name, field in schema.get("properties", {}).items():
        field.setdefault("description", FIELDS.get(name, ""))


def _drop_frameworks_own(responses: dict[str, Any]) -> None:
    """Take out the 422 that FastAPI writes for every route with a parameter: texts are never refused."""
    schema = responses.get("422", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if schema.get("$ref", "").endswith(_FRAMEWORKS_OWN):
        del responses["422"]
