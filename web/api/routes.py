"""The kind of route that the order service's interface is made of: JSON in, our own errors out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from campaign.errors import BadInput, Problem
from campaign.problems import problems_in
from starter.inputs import error_of
from web.bodies import MAX_JSON, JsonRequest, refuse_long
from web.deps import BEARER, authorised

JSON = "application/json"


class JsonRoute(APIRoute):
    """A route with a bounded JSON body, read once the key is accepted; its mistakes are `BadInput`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's handler."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            await authorised(request, await BEARER(request))
            if self.body_field:
                refuse_long(request, MAX_JSON)
                _refuse_other_types(request)
            try:
                return await handle(JsonRequest(request.scope, request.receive))
            except RequestValidationError as error:
                raise self._refusal(error) from None

        return handled

    def _refusal(self, error: RequestValidationError) -> BadInput:
        details = error.errors()
        if unreadable := [_unreadable(detail) for detail in details if _is_whole_body(detail)]:
            return BadInput(unreadable)
        model = self.body_field.field_info.annotation if self.body_field else None
        return error_of(model)(problems_in([{**detail, "loc": detail["loc"][1:]} for detail in details]))


def _refuse_other_types(request: Request) -> None:
    """Refuse what does not say that it is JSON: a page of another site can send everything else unasked.

    Raises:
        HTTPException: 415, with what is accepted (RFC 9110, 15.5.16).
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HTTPException(415, f"send JSON, with the header Content-Type: {JSON}", {"Accept": JSON})


def _is_whole_body(detail: Mapping[str, Any]) -> bool:
    """Say whether nothing in the body could be looked at; what a model says of itself names its field."""
    kind = str(detail["type"])
    return kind == "json_invalid" or (tuple(detail["loc"]) == ("body",) and kind != "value_error")


def _unreadable(detail: Mapping[str, Any]) -> Problem:
    if detail["type"] == "json_invalid":
        return Problem("body", f"is not JSON that can be read: {detail['ctx']['error']}", "correct it")
    return Problem("body", "is not a JSON object", "send one object")
