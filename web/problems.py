"""Errors as answers, all in one form: problem details (RFC 9457), with the error tree's code and problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from campaign.errors import (
    AfterglowError,
    BadInput,
    CouponRefused,
    NotFound,
    OrderConflict,
    Problem,
    Unavailable,
)
from counters import REFUSED

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
STATUS = {OrderConflict: 409, CouponRefused: 409, BadInput: 422, NotFound: 404, Unavailable: 503}
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}  # RFC 9110's, where Python's are older
CODES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "order_conflict",
    413: "too_large",
    415: "unsupported_media_type",
    500: "internal_error",
    503: "unavailable",
}
_UNROUTED = {
    (404, "Not Found"): "nothing has this address: /docs lists what there is",
    (405, "Method Not Allowed"): "this address does not take this method: /docs lists what it takes",
}
"""What the framework says of requests that no route takes, with the next step."""
log = structlog.get_logger(__name__)


class OneProblem(BaseModel):
    """One mistake: where (``lines[3].quantity``), what is wrong, and what to write instead."""

    where: str
    what: str
    fix: str


class ProblemDetails(BaseModel):
    """Every error's answer, ``application/problem+json`` (RFC 9457).

    ``error`` is a stable code to match on; ``detail`` is for people; ``problems`` lists all mistakes in what
    was sent, none of which was half-applied. No value that was sent is repeated, but of an order under
    another one's id (409): ``known`` and ``sent`` are the two versions of what differs.
    ``outcome`` is why a coupon is not redeemed (409).
    """

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=['total: write the amount as a decimal string, such as "19.90"'])
    error: str = Field(examples=["bad_purchase"])
    problems: list[OneProblem] | None = None
    known: dict[str, Any] | None = None
    sent: dict[str, Any] | None = None
    outcome: str | None = None


def add_error_answers(app: FastAPI) -> None:
    """Answer every error in the one form: ours, the framework's and bugs."""
    app.add_exception_handler(AfterglowError, _our_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DataError, _not_storable)
    app.add_exception_handler(Exception, _bug)


def problem_details(
    status: int, error: str, detail: str, problems: Sequence[Problem] | None = None
) -> dict[str, Any]:
    """Return an error's answer as `ProblemDetails` describes it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "error": error,
    }
    if problems is not None:
        body["problems"] = [vars(problem) for problem in problems]
    return body


def problem_of(error: AfterglowError) -> dict[str, Any]:
    """Return one of our errors as an answer; it is counted."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    REFUSED.labels(status, error.code).inc()
    problems = error.problems if isinstance(error, BadInput) else None
    more: dict[str, Any] = {}
    if isinstance(error, OrderConflict):
        more = {"known": error.known, "sent": error.sent}
    elif isinstance(error, CouponRefused):
        more = {"outcome": error.outcome}
    return problem_details(status, error.code, str(error), problems) | more


def _answer(status: int, error: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    REFUSED.labels(status, error).inc()
    return JSONResponse(problem_details(status, error, detail), status, headers, MEDIA_TYPE)


def _our_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AfterglowError)  # noqa: S101 - it is registered for these
    body = problem_of(error)
    headers = None
    if body["status"] == STATUS[Unavailable]:
        log.error("request refused", status=body["status"], route=_route(request), why=str(error))
        headers = {"Retry-After": str(RETRY_SECONDS)}
    return JSONResponse(body, body["status"], headers, MEDIA_TYPE)


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    status = error.status_code
    detail = _UNROUTED.get((status, error.detail), error.detail)
    return _answer(status, CODES.get(status, "error"), detail, headers=error.headers)


def _not_storable(request: Request, _error: Exception) -> JSONResponse:
    """PostgreSQL keeps no NUL characters, not even to look something up by."""
    problem = Problem("request", "has characters or lengths that cannot be kept", "take them out")
    return _our_error(request, BadInput([problem]))


def _bug(_request: Request, _error: Exception) -> JSONResponse:
    """Say nothing of a bug to strangers; the server logs it."""
    return _answer(500, CODES[500], "an error of ours: it is in the log")


def _route(request: Request) -> str:
    """Return the route's pattern: an address itself may hold a customer's token."""
    return getattr(request.scope.get("route"), "path", "")
