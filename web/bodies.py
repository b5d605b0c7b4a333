"""Bodies, up to what they may be: refused as soon as they are longer, before anything reads them."""

from __future__ import annotations

import json
from typing import Any

from fastapi import HTTPException, Request
from pydantic_core import from_json

MAX_JSON = 1024 * 1024
"""Bytes of one customer, order or event: the longest order of the contract has a fifth of it."""


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body.

    Raises:
        HTTPException: 413 for one of more than ``limit`` bytes, by its header or else while it arrives.
    """
    body = bytearray()
    too_long = HTTPException(413, f"the body is longer than {limit:,} bytes")
    if _announced(request) > limit:
        raise too_long
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_long
    return bytes(body)


def _announced(request: Request) -> int:
    """Return the length that the header gives; 0 for none, since a body may come in chunks."""
    given = request.headers.get("Content-Length", "")
    return int(given) if given.isdecimal() else 0


class JsonRequest(Request):
    """A request with a JSON body of bounded length and depth (pydantic's parser goes 200 levels deep)."""

    async def body(self) -> bytes:
        """Return the body. Raises 413 as `read_body`."""
        if not hasattr(self, "_body"):
            self._body = await read_body(self, MAX_JSON)
        return self._body

    async def json(self) -> Any:
        """Return what the body says.

        Raises:
            JSONDecodeError: it is not JSON, not UTF-8, or nested too deeply.
        """
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            what = str(error).replace("recursion limit exceeded", "nested too deeply")
            raise json.JSONDecodeError(what, body.decode("utf-8", "replace"), 0) from None
