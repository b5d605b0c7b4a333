"""Errors as answers: the error tree by HTTP status."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError

from campaign.errors import AfterglowError, BadInput, NotFound, Problem, Unavailable

STATUS = {BadInput: 422, NotFound: 404, Unavailable: 503}


def add_error_answers(app: FastAPI) -> None:
    """Answer every error of ours."""
    app.add_exception_handler(AfterglowError, _our_error)
    app.add_exception_handler(RequestValidationError, _not_json)
    app.add_exception_handler(DataError, _not_storable)


def _our_error(_request: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    body: dict[str, Any] = {"error": getattr(error, "code", "error"), "detail": str(error)}
    if isinstance(error, BadInput):
        body["problems"] = [vars(problem) for problem in error.problems]
    return JSONResponse(body, status, headers={"Retry-After": "5"} if status == STATUS[Unavailable] else None)


def _not_json(_request: Request, _error: Exception) -> JSONResponse:
    problem = Problem("body", "is missing or not JSON", "send one JSON object")
    return JSONResponse({"error": "bad_input", "detail": str(problem), "problems": [vars(problem)]}, 422)


def _not_storable(request: Request, _error: Exception) -> JSONResponse:
    """PostgreSQL keeps no NUL characters, not even to look something up by."""
    problem = Problem("request", "has characters or lengths that cannot be kept", "take them out")
    return _our_error(request, BadInput([problem]))
